package nodetest

import (
	"testing"
	"time"
)

// TestKilledIsGone: a neighbour that was killed is told as silent since it was heard last, and soon
// after that as not linked; one that is idle is never told as silent.
func TestKilledIsGone(t *testing.T) {
	Run(t, "guizhou\n  bijie", func(t *testing.T, tree *Tree) {
		n := tree.Node("bijie")
		for range 60 {
			time.Sleep(time.Second)
			if up, down := n.Links(); !up.Linked || up.Silent || !down.Linked || down.Silent {
				t.Fatalf("idle: got %+v and %+v", up, down)
			}
		}
		_, before := n.Links()
		n.Kill()
		silent, gone := time.Duration(0), time.Duration(0)
		for began := time.Now(); gone == 0; time.Sleep(time.Second) {
			_, child := n.Links()
			switch since := time.Since(began); {
			case child.LastHeard < before.LastHeard:
				t.Fatalf("last heard %s, and was before %s", child.LastHeard, before.LastHeard)
			case !child.Linked:
				gone = since
			case child.Silent && silent == 0:
				silent = since
			case since > time.Minute:
				t.Fatal("linked for a minute after its end")
			}
		}
		if silent == 0 || silent > 18*time.Second {
			t.Errorf("silent after %s, gone after %s", silent, gone)
		}
	})
}
