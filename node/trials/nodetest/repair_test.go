package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// repair has the node mend what is damaged, and returns what came of it, and the code of what is
// left.
func (n *Node) repair() (got client.Repair, left []string) {
	t := n.tree.T
	t.Helper()
	got, err := n.Client("").RepairLedger(t.Context())
	if err != nil {
		t.Fatalf("repair %s: %v", n.machine.name, err)
	}
	for _, l := range got.Left {
		left = append(left, l.Code)
	}
	return got, left
}

// TestRepair (D32): a person has a replica of three mended: at once, and is told what was damaged,
// what is whole again, who is waited for, and where nobody can mend.
func TestRepair(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n", func(t *testing.T, tree *Tree) {
		root, city := tree.Node("guizhou"), tree.Node("guiyang")
		offer(t, root)
		offer(t, city)
		city.grow(1100)
		root.grow(1100)
		files := len(city.oldFiles(3))
		two, three := city.Further(), city.Further()
		for _, n := range []*Node{two, three} {
			n.oldFiles(files)
		}
		if got, left := two.repair(); len(got.Found) > 0 || len(left) > 0 {
			t.Errorf("of a whole replica: got %+v", got)
		}
		h := two.harm(two.oldFiles(files)[0], false)
		if !h.named() {
			t.Error("what is missing is not named")
		}
		tree.Within(time.Second, "it reaches the others", func() bool {
			got, left := two.repair()
			return len(got.Found) > 0 && got.Files == 1 && len(left) == 0
		})
		h.isMended()

		three.Stop() // the same file is gone on the two that run
		both := []harmed{two.harm(two.oldFiles(files)[1], false), city.harm(city.oldFiles(files)[1], false)}
		tree.Within(time.Minute, "the one that is away is named", func() bool {
			got, left := two.repair()
			return len(got.Found) > 0 && got.Files == 0 && slices.Equal(left, []string{string(text.OldEntriesAway)})
		})
		three.Start()
		tree.Within(time.Minute, "it is whole without the wait for the next try", func() bool {
			_, left := two.repair()
			return len(left) == 0
		})
		for _, h := range both {
			h.isMended()
		}

		root.harm(root.oldFiles(3)[1], false) // nobody is there to mend it
		got, left := root.repair()
		if len(got.Found) != 1 || got.Files != 0 || !slices.Equal(left, []string{string(text.OldEntriesDamaged)}) {
			t.Errorf("of a machine that is alone: got %+v", got)
		}
	})
}
