package nodetest

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// risen waits until a superior knows all acts of a ledger that there are now.
func (t *Tree) risen(at, of *Node) {
	t.T.Helper()
	status, err := of.Client("").Status(t.T.Context())
	if err != nil {
		t.T.Fatal(err)
	}
	size := status.Jurisdictions[0].TreeSize
	t.Within(20*time.Minute, "the heads have gone up", func() bool {
		got, err := at.Client("").Entries(t.T.Context(), client.List{At: of.Name(), Limit: 1})
		return err == nil && got.Known != nil && got.Known.Size >= size
	})
}

// goesOn puts a node back to an old copy, and has it go on by a person's word.
func (n *Node) goesOn(old string, up bool) {
	t := n.tree.T
	t.Helper()
	n.Stop()
	n.machine.dir = old
	n.Start()
	if up {
		n.tree.WaitLinked()
	}
	n.tree.Within(5*time.Minute, "the backup is found to be old", func() bool {
		return slices.Contains(alarms(t, n), string(text.CopyBehind))
	})
	if _, err := n.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost"}); err != nil {
		t.Fatal(err)
	}
}

// TestRevokedKeysStayRevoked (C11): the directory of a county is copied, and the county revokes
// its keys. Its city, which endorsed the new ones, is put back to a day before that. The copy gets
// no link and no answer, also while the county itself is off; the county shows its keys once it is
// back, and all is as before.
func TestRevokedKeysStayRevoked(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		stolen, old := county.backup(), city.backup()
		if _, err := county.Client("").NewKeys(t.Context(), client.NewKeys{Revoke: true}); err != nil {
			t.Fatal(err)
		}
		child := func() client.Neighbour {
			got, err := city.Client("").Tree(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return got.Children[0]
		}
		tree.Within(20*time.Minute, "the city endorses the new keys", func() bool { return child().KeySet == 2 })
		tree.risen(province, city)
		county.Stop()
		honest := county.machine.dir
		city.goesOn(old, false)
		if got := child(); got.State != client.ChildHeld || got.Alarm != string(text.ChildHeld) {
			t.Errorf("the child is %+v", got)
		}
		if got := alarms(t, city); !slices.Contains(got, string(text.ChildHeld)) {
			t.Errorf("the alarms of the city are %v", got)
		}
		county.machine.dir = stolen
		county.Start()
		for range 2 {
			time.Sleep(10 * time.Minute)
			if got := child(); got.State != client.ChildHeld || got.Linked || got.KeySet != 1 {
				t.Fatalf("the stolen copy is %+v", got)
			}
		}
		county.Stop()
		county.machine.dir = honest
		county.Start()
		tree.Within(20*time.Minute, "the county is a child again", func() bool {
			got := child()
			return got.State == client.ChildJoined && got.KeySet == 2 && got.Linked
		})
		if _, err := ask(t, county, city); err != nil {
			t.Errorf("the county asks the city: %v", err)
		}
	})
}

// changing is a city whose datasets change, and a county that uses them.
type changing struct {
	*testing.T
	city, county *Node
}

// publish publishes a dataset of the city's with the fields code and income, or what edit makes of
// it.
func (w changing) publish(code string, edit func(*client.NewDataset)) {
	w.Helper()
	d := client.NewDataset{
		Code: code, Title: code, Agency: "civil-affairs", Category: client.Unconditional, Purposes: []client.Purpose{{Code: "statistics", Title: "统计"}},
		Key: "code", NotSecret: true, Schema: json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"income":{"type":"string"}}}`),
	}
	if edit != nil {
		edit(&d)
	}
	w.propose(d)
}

// again publishes a dataset as it is.
func (w changing) again(code string) {
	w.Helper()
	d, err := w.city.Client("civil-affairs").Dataset(w.Context(), code)
	if err != nil {
		w.Fatal(err)
	}
	w.propose(d.NewDataset)
}

func (w changing) propose(d client.NewDataset) {
	w.Helper()
	here := w.city.Client("civil-affairs")
	plan, err := here.PlanDataset(w.Context(), d)
	if err == nil {
		_, err = here.PublishAgreed(w.Context(), d, client.Agreed{Plan: plan.Hash})
	}
	if err != nil {
		w.Fatal(d.Code, err)
	}
}

// query asks for a record of the city's, and returns how that is refused; "": it is not.
func (w changing) query(by *Node, code string) text.Code {
	w.Helper()
	a, err := by.Client("water").Query(w.Context(), client.Query{At: w.city.Name(), Dataset: code, Key: "1", Use: client.Use{
		Purpose: "statistics", Basis: "《统计法》", Scenario: "村情统计", Scope: "全部村", Method: "query", Until: "2028-12-31T00:00:00+08:00",
	}})
	if p, ok := errors.AsType[*client.Problem](err); ok {
		return text.Code(p.Code)
	}
	if err == nil && len(a.Rows) == 0 {
		return "no such record"
	}
	return ""
}

// change ends, shuts and takes out what this test is about. given is a grant of loans.
func (w changing) change(given string) {
	w.Helper()
	here := w.city.Client("civil-affairs")
	revoke := func(grant string) {
		w.Helper()
		entry, err := identity.ParseEntry(grant)
		if err == nil {
			_, err = here.RevokeGrant(w.Context(), entry.Index(), client.Revocation{Reason: "misuse"})
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	if got := w.query(w.county, "villages"); got != "" {
		w.Fatal(got)
	}
	all, err := here.Grants(w.Context(), client.WantedGrants{})
	if err != nil {
		w.Fatal(err)
	}
	for _, g := range all.Grants {
		if g.Dataset == "villages" {
			revoke(g.Grant)
		}
	}
	before, err := identity.ParseEntry(given)
	if err != nil {
		w.Fatal(err)
	}
	renewed, err := here.RenewGrant(w.Context(), before.Index(), client.Renewal{Until: "2026-05-30T00:00:00+08:00", Basis: "b", Paper: "2"})
	if err != nil {
		w.Fatal(err)
	}
	revoke(renewed.Grant)
	w.publish("roads", func(d *client.NewDataset) { d.Category, d.Citation = client.NotShared, "《保密法》" })
	w.publish("cash", func(d *client.NewDataset) {
		d.Schema = json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"}}}`)
	})
	if _, err := here.RetractRecord(w.Context(), "homes", client.Retraction{Key: "1", Reason: "a wrong person"}); err != nil {
		w.Fatal(err)
	}
}

// TestWhatWasChangedIsHeld (C12): a city shuts a dataset, takes a field out of another, retracts a
// record, and revokes grants that were given, or renewed, the same day; then it is put back to the
// day before. Nobody gets again what ended, until its provider has published the dataset again.
func TestWhatWasChangedIsHeld(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		w := changing{t, city, county}
		w.publish("loans", func(d *client.NewDataset) { d.Category = client.Conditional })
		for _, code := range []string{"loans", "roads", "cash", "homes", "parks"} {
			if code != "loans" {
				w.publish(code, nil)
			}
			if _, err := city.Client("civil-affairs").PutRecord(t.Context(), code, client.PutRecord{Record: json.RawMessage(`{"code":"1","income":"9000"}`)}); err != nil {
				t.Fatal(err)
			}
		}
		given, err := city.Client("civil-affairs").GiveGrant(t.Context(), client.NewGrant{
			Dataset: "loans", Consumer: "water@" + county.Name(), Purpose: "statistics", Until: "2026-04-30T00:00:00+08:00", Basis: "b", Paper: "1",
		})
		if err != nil {
			t.Fatal(err)
		}
		old := city.backup()
		w.change(given.Grant)
		tree.risen(province, city)
		city.goesOn(old, true)
		tree.Within(15*time.Minute, "it answers again", func() bool { return w.query(county, "parks") == "" })
		for code, want := range map[string]text.Code{
			"villages": text.RulesHeld, "loans": text.GrantRevoked, "roads": text.DatasetHeld, "cash": text.DatasetHeld, "homes": text.DatasetHeld,
		} {
			if got := w.query(county, code); got != want {
				t.Errorf("%s: the county is told %q, want %q", code, got, want)
			}
		}
		if got := w.query(city, "roads"); got != text.DatasetHeld {
			t.Errorf("an agency of the city is told %q", got)
		}
		if got, want := alarms(t, city), []string{"dataset-held", "dataset-held", "dataset-held", "rules-held"}; !slices.Equal(got, want) {
			t.Errorf("the alarms are %v, want %v", got, want)
		}
		for _, code := range []string{"villages", "roads", "cash", "homes"} {
			w.again(code)
			if got := w.query(county, code); got != "" {
				t.Errorf("%s, published again: the county is told %q", code, got)
			}
		}
		if got := alarms(t, city); len(got) > 0 {
			t.Errorf("the alarms are %v then", got)
		}
	})
}
