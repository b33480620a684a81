package nodetest

import (
	"testing"
	"time"

	"xietong/node/ground/text"
)

// TestChildOfASetBackReplica (C47): one host carries a county and that of the root's three replicas
// to which it is linked, and is set back whole. That replica saw no more of the county than there
// is, and does not reach the two others for a while: until it has caught up, the county answers
// nobody what it revoked, neither at once nor later.
func TestChildOfASetBackReplica(t *testing.T) {
	Run(t, "guiyang listen\n  nanming\n  yunyan\n", func(t *testing.T, tree *Tree) {
		root, county, sibling := tree.Node("guiyang"), tree.Node("nanming"), tree.Node("yunyan")
		two, three := root.Further(), root.Further()
		apart := func(of *Node, is bool) {
			tree.net.set(of.machine, two.machine, is)
			tree.net.set(of.machine, three.machine, is)
		}
		apart(county, true)
		apart(sibling, true)
		for _, n := range []*Node{county, sibling} {
			offer(t, n)
		}
		tree.Within(time.Minute, "the county answers", func() bool {
			_, err := ask(t, sibling, county)
			return err == nil
		})
		time.Sleep(2 * time.Minute)
		oldCounty, oldRoot := county.backup(), root.backup()
		time.Sleep(time.Minute)
		revoked(t, tree, county, sibling)
		time.Sleep(2 * time.Minute)
		before := len(recorded(county, "access"))
		county.Kill()
		root.Kill()
		setBack(t, oldCounty, county.machine.dir)
		setBack(t, oldRoot, root.machine.dir)
		tree.leaderOf(two, three)
		apart(root, true)
		root.Start()
		county.Start()
		for range 60 {
			if _, err := ask(t, sibling, county); err == nil {
				t.Fatal("a revoked grant is answered while the replica may lack what the others have")
			}
			time.Sleep(time.Second)
		}
		apart(root, false)
		unansweredUntil(t, sibling, county, text.CopyBehind)
		if got := len(recorded(county, "access")); got > before {
			t.Errorf("%d uses were recorded under names of lost entries", got-before)
		}
	})
}
