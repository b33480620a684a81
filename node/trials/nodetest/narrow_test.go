package nodetest

import (
	"testing"
	"time"
)

// TestTreeOverANarrowPath: where the path to the parent passes only short packets any more, neither
// side's tree says that the link is up, and the child's says why. When the path is whole again, the
// link comes back.
func TestTreeOverANarrowPath(t *testing.T) {
	Run(t, "guizhou\n  guiyang", func(t *testing.T, tree *Tree) {
		n := tree.Node("guiyang")
		time.Sleep(time.Minute)
		tree.Narrow("guiyang", 1100)
		time.Sleep(40 * time.Second)
		below, err := n.Client("").Tree(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if below.Parent.Linked || below.Parent.Why != "no-answer" {
			t.Errorf("the child's tree: linked %t, %q", below.Parent.Linked, below.Parent.Why)
		}
		above, err := n.parent.Client("").Tree(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if above.Children[0].Linked {
			t.Error("the parent's tree says that the link is up")
		}
		tree.Narrow("guiyang", 0)
		tree.WaitLinked("guiyang")
	})
}
