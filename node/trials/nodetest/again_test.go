package nodetest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// continued has a county go on that was put back, and is linked.
func (n *Node) continued() {
	t := n.tree.T
	t.Helper()
	n.tree.Within(12*time.Minute, "it is in question", func() bool {
		return slices.Contains(alarms(t, n), string(text.CopyBehind))
	})
	if _, err := n.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the newest is lost"}); err != nil {
		t.Fatal(err)
	}
}

// copyOf copies a backup.
func (n *Node) copyOf(backup string) string {
	n.tree.T.Helper()
	to := filepath.Join(n.tree.T.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(backup)); err != nil {
		n.tree.T.Fatal(err)
	}
	return to
}

// revoked has a county revoke the grant of a use, and add an agency.
func (n *Node) revoked(index uint64, code string) {
	t := n.tree.T
	t.Helper()
	if _, err := n.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "misuse"}); err != nil {
		t.Fatal(err)
	}
	addAgencies(t, n, code)
}

// TestLossAfterLoss (C34): what a county revoked is lost, and ended again in a second epoch, which
// is lost within seconds, before its heads had come; the same backup is put back, and the county
// goes on alone. A person must look, as nobody knows what was done in the second epoch; but what
// the heads of the first one say has ended, whatever the person says.
func TestLossAfterLoss(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		witnessed(tree, city, county)
		if _, err := ask(t, city, county); err != nil {
			t.Fatal(err)
		}
		old := county.backup()
		again := county.copyOf(old)
		_, index := grantOf(t, county)
		county.revoked(index, "forestry")
		tree.Within(10*time.Minute, "what is lost was seen", func() bool { return county.seenWhole() })
		tree.risen(city, county)
		county.putBack(old)
		county.continued()
		tree.Within(time.Minute, "it was seen in its second epoch", func() bool { return county.seenWhole() })
		county.Stop()
		county.machine.dir = again
		if _, err := county.goOn(county.rekey(), nil); err != nil {
			t.Fatal(err)
		}
		county.Start()
		tree.WaitLinked()
		word := client.Continuation{Reason: "we looked through it", Checked: true}
		tree.Within(15*time.Minute, "it is settled", func() bool {
			_, _ = county.Client("").ContinueLedger(t.Context(), word)
			return !slices.Contains(alarms(t, county), string(text.EpochUnsettled))
		})
		tree.Within(15*time.Minute, "it answers", func() bool {
			_, err := ask(t, city, county)
			p, refused := errors.AsType[*client.Problem](err)
			return err == nil || refused && p.Code == string(text.GrantRevoked)
		})
		_, err := ask(t, city, county)
		refusedAs(t, "what was revoked in the first epoch", err, text.GrantRevoked, "")
	})
}

// TestBackAndForth (C34): a county goes on in a second epoch; a backup of the first is put back,
// and it goes on alone in a third; then a backup of the second is put back, and it goes on alone
// once more. The keys that signed the third epoch are lost, and the city hands them. What was
// revoked in each ends by itself; all that is lost is named, from where the third epoch parted from
// what is here; the city calls what is left by its names; no neighbour takes anything for hidden,
// and nobody has more to say about it.
func TestBackAndForth(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		witnessed(tree, city, county)
		if _, err := ask(t, city, county); err != nil {
			t.Fatal(err)
		}
		known := func(what, last string) {
			t.Helper()
			var told client.Entries
			tree.Within(15*time.Minute, what, func() (is bool) {
				var err error
				told, err = city.Client("").Entries(t.Context(), client.List{At: county.Name(), Kind: "agency added"})
				return err == nil && county.seenWhole() && slices.ContainsFunc(told.Entries, func(e client.Entry) bool { return e.Agency == last })
			})
			for _, name := range recorded(county, "agency added") {
				if !slices.ContainsFunc(told.Entries, func(e client.Entry) bool { return e.Entry == name }) {
					t.Errorf("%s: the city calls %s otherwise: %+v", what, name, told.Entries)
				}
			}
		}
		first := county.backup()
		again := county.copyOf(first)
		addAgencies(t, county, "forestry")
		known("the first epoch is known", "forestry")
		county.putBack(first)
		county.continued()
		addAgencies(t, county, "fishery", "transport")
		known("the second epoch is known", "transport")
		second := county.backup()
		addAgencies(t, county, "justice")
		known("the second epoch is known, to its end", "justice")
		county.Stop()
		county.machine.dir = again
		county.goneOn("nanming")
		_, index := grantOf(t, county)
		county.revoked(index, "culture")
		known("the third epoch is known", "culture")
		county.Stop()
		county.machine.dir = second
		county.goneOn("nanming")
		tree.Within(15*time.Minute, "it is witnessed in the fourth epoch", func() bool { return county.seenWhole() })
		tree.risen(city, county)
		time.Sleep(15 * time.Minute) // it is asked after, and the heads go on up
		for _, n := range []*Node{county, city, root} {
			if got := alarms(t, n); len(got) > 0 {
				t.Errorf("alarms of %s: %v", n.Name(), got)
			}
		}
		told, err := city.Client("").Entries(t.Context(), client.List{At: county.Name(), Kind: "agency added"})
		for _, agency := range []string{"forestry", "fishery", "transport", "justice"} { // the second epoch is not lost, what it had is no lost act
			is := func(e client.Entry) bool { return e.Agency == agency }
			if i := slices.IndexFunc(told.Entries, is); err != nil || i < 0 || slices.ContainsFunc(told.Entries[i+1:], is) {
				t.Errorf("the city has %s none or several times: %v, %+v", agency, err, told.Entries)
			}
		}
		_, err = ask(t, city, county)
		refusedAs(t, "what was revoked in the third epoch", err, text.GrantRevoked, "")
		county.Stop()
		if report, err := node.VerifyData(t.Context(), county.machine.dir, "", nil); err != nil || report.Refused != nil {
			t.Errorf("got %+v, %v", report, err)
		}
	})
}
