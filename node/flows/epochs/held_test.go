package epochs

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// TestHeldUntilItIsPublished (C20): where the parent keeps some of the heads alone, it is asked
// for them again and again. What is held by them is held until its agency has published it since,
// and not once more by the same entry; that another thing of the code was published is no word.
func TestHeldUntilItIsPublished(t *testing.T) {
	of := func(kind ledger.Kind, to ledger.Kind) func(*ledger.Head) {
		return func(h *ledger.Head) { h.Kind, h.To = kind, uint64(to) }
	}
	for what, row := range map[string]struct {
		lost  func(*ledger.Head)
		first string // published since, before the heads come
		holds text.Code
		again string // that ends it
	}{
		"a revocation":                {of(ledger.KindGrantRevoked, 0), "standard", text.RulesHeld, "dataset"},
		"a retraction":                {of(ledger.KindRetraction, 0), "standard", text.DatasetHeld, "dataset"},
		"a standard":                  {of(ledger.KindStandard, 0), "dataset", text.StandardHeld, "standard"},
		"a hold of a standard":        {of(ledger.KindHeld, ledger.KindStandard), "dataset", text.StandardHeld, "standard"},
		"a hold of the rules":         {of(ledger.KindHeld, ledger.KindGrantRevoked), "standard", text.RulesHeld, "dataset"},
		"a hold of the dataset":       {of(ledger.KindHeld, ledger.KindCatalogueEntry), "standard", text.DatasetHeld, "dataset"},
		"published before they come":  {of(ledger.KindRetraction, 0), "dataset", "", ""},
		"revoked, and published":      {of(ledger.KindGrantRevoked, 0), "dataset", "", ""},
		"a standard, and set":         {of(ledger.KindStandard, 0), "standard", "", ""},
		"a hold of one, that was set": {of(ledger.KindHeld, ledger.KindStandard), "standard", "", ""},
	} {
		t.Run(what, func(t *testing.T) {
			d, o, _ := newDesk(t)
			publishes(t, o)
			times := 0
			publish := func(what string) {
				t.Helper()
				times++
				s := catalog.Standard{Level: "county", Entry: catalog.Entry{
					Code: treetest.Label(t, "villages"), Title: fmt.Sprint("村名录", times), Agency: treetest.Label(t, "civil-affairs"), Category: "unconditional", Key: "code",
					UpdateCycle: "monthly", NotSecret: true, Purposes: []catalog.Purpose{{Code: treetest.Label(t, "statistics"), Title: "统计"}},
					Schema: json.RawMessage(`{"type":"object","properties":{"code":{"type":"string"}},"required":["code"],"additionalProperties":false}`),
				}}
				var err error
				if what == "standard" {
					_, err = catalog.PublishStandard(t.Context(), o, treetest.Message(t), catalog.Local("civil-affairs"), s)
				} else {
					_, err = catalog.Publish(t.Context(), o, treetest.Message(t), catalog.Local("civil-affairs"), s.Entry)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			publish("standard")
			began, err := invite(t.Context(), o.Ledger, treetest.Message(t), "yunyan")
			if err != nil {
				t.Fatal(err)
			}
			publish(row.first)
			a := act(60, 0)
			a.Leaf.Head.Code = treetest.Label(t, "villages")
			row.lost(&a.Leaf.Head)
			want := []string{}
			if row.holds != "" {
				want = []string{fmt.Sprintf("%s guiyang.guizhou/log/1/60", row.holds)}
			}
			end := func() {
				t.Helper()
				if err := d.endAll(t.Context(), []known{{log: o.Log(), acts: []ledger.Indexed{a}}}, began.Index()); err != nil {
					t.Fatal(err)
				}
				if got := held(t, o); !slices.Equal(got, want) {
					t.Errorf("held are %q, want %q", got, want)
				}
			}
			end()
			end()
			if row.again != "" {
				publish(row.again)
				want = nil
				end()
			}
		})
	}
}

// held returns what is held, and for which lost entry.
func held(t *testing.T, o *own) (all []string) {
	t.Helper()
	err := o.View(t.Context(), func(r *state.Reader) error {
		for _, err := range catalog.AllHeld(r) {
			f := text.AsFailure(err)
			all = append(all, fmt.Sprint(f.Code, " ", f.Args["entry"]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
