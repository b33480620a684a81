package nodetest

import (
	"testing"
	"time"
)

// TestChildOfThree: a child that joined at one machine of its parent is linked to another one when
// that machine is gone for good, also after it was started anew: it was told where all are reached.
func TestChildOfThree(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of work")
	}
	Run(t, "guizhou\n  guiyang", func(t *testing.T, tree *Tree) {
		first, child := tree.Node("guizhou"), tree.Node("guiyang.guizhou")
		for range 2 {
			first.Further()
		}
		linked := func() bool { up, _ := child.Links(); return up.Linked }
		tree.Within(time.Minute, "the child is linked", linked)
		time.Sleep(2 * time.Minute) // a hello, and a round of upkeep
		first.Kill()
		tree.Within(2*time.Minute, "the child is linked to another machine", func() bool {
			up, _ := child.Links()
			return up.Linked && up.Address != first.Address().String()
		})
		child.Restart()
		tree.Within(time.Minute, "it is after a restart", linked)
	})
}
