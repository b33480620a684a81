package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestNotYetTheNewest (C36): nobody lies. The root is put back to before it revoked a grant, and of
// its two cities the one that is linked first was cut off since before that. Its word settles
// nothing: the other one says what it saw before anybody is answered. Likewise a city, while its
// province is away: its county's word settles nothing, however long that lasts.
func TestNotYetTheNewest(t *testing.T) {
	for what, row := range map[string]struct{ tree, back, asker, late string }{
		"a root":               {"guizhou listen\n  guiyang listen\n  zunyi listen\n", "guizhou", "guiyang", "guiyang"},
		"a city, province off": {"guizhou listen\n  guiyang listen\n    nanming\n", "guiyang", "nanming", "guizhou"},
	} {
		t.Run(what, func(t *testing.T) {
			Run(t, row.tree, func(t *testing.T, tree *Tree) {
				back, asker, late := tree.Node(row.back), tree.Node(row.asker), tree.Node(row.late)
				offer(t, back)
				offer(t, asker)
				if _, err := ask(t, asker, back); err != nil {
					t.Fatal(err)
				}
				tree.Within(15*time.Minute, "the ledger is witnessed", func() bool { return back.seenWhole() })
				old := back.backup()
				tree.WaitLinked()
				early := asker // was cut off before the revocation, and is linked first afterwards
				if asker == late {
					early = tree.Node("zunyi")
				}
				tree.net.set(early.machine, back.machine, true)
				_, index := grantOf(t, back)
				if _, err := back.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "misuse"}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Minute)
				back.Kill()
				back.machine.dir = old
				tree.net.set(late.machine, back.machine, true)
				tree.net.set(early.machine, back.machine, false)
				back.Start()
				time.Sleep(5 * time.Minute)
				if got := alarms(t, back); !slices.Contains(got, string(text.LedgerInQuestion)) {
					t.Errorf("with one neighbour there: alarms %s", got)
				}
				tree.net.set(late.machine, back.machine, false)
				tree.Within(5*time.Minute, "what is lost is found", func() bool {
					if _, err := ask(t, asker, back); err == nil {
						t.Fatal("the revoked grant is answered")
					}
					return slices.Contains(alarms(t, back), string(text.CopyBehind))
				})
			})
		})
	}
}
