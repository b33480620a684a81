package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestLostTwice (C24, C31): a county was moved while its city was away, and whoever was not sure
// had it go on in an epoch of which nobody can tell what it lost. Then it is put back to a day
// before a revocation, and goes on by a person's word, as its city is away again. Once that is
// back, with the heads, the revocation holds before anybody is answered.
func TestLostTwice(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		witnessed(tree, city, county)
		goesOn := func(alarm text.Code) {
			t.Helper()
			tree.Within(12*time.Minute, "the county is in question", func() bool {
				return slices.Contains(alarms(t, county), string(alarm))
			})
			tree.Partition("nanming", "guiyang")
			time.Sleep(12 * time.Minute)
			if _, err := county.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "I am not sure", Checked: true}); err != nil {
				t.Fatal(err)
			}
			tree.Heal("nanming", "guiyang")
			tree.WaitLinked()
		}
		tree.Partition("nanming", "guiyang")
		county.Stop()
		county.moved()
		county.Start()
		goesOn(text.LedgerUnanswered)
		tree.Within(15*time.Minute, "it answers", func() bool { _, err := ask(t, city, county); return err == nil })
		tree.Within(15*time.Minute, "it is witnessed", func() bool { return county.seenWhole() })
		old := county.backup()
		_, index := grantOf(t, county)
		if _, err := county.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		addAgencies(t, county, "forestry")
		tree.Within(10*time.Minute, "what is lost was seen", func() bool { return county.seenWhole() })
		tree.risen(city, county)
		county.putBack(old)
		goesOn(text.CopyBehind)
		_, err := ask(t, city, county)
		refusedAs(t, "what was revoked", err, text.GrantRevoked, "")
	})
}
