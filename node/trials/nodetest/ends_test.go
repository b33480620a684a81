package nodetest

import (
	"slices"
	"testing"
	"time"

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
