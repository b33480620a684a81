package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// putBack stops a node and has it start again from a copy that was made before.
func (n *Node) putBack(old string) {
	n.tree.T.Helper()
	n.Stop()
	n.machine.dir = old
	n.Start()
	n.tree.WaitLinked()
}

// backup stops a node, copies its data directory, and starts it again where it was. It returns the
// copy.
func (n *Node) backup() string {
	n.tree.T.Helper()
	n.Stop()
	newest := n.machine.dir
	n.moved()
	old := n.machine.dir
	n.machine.dir = newest
	n.Start()
	n.tree.WaitLinked()
	return old
}

// TestAnOldBackupGoesOn: a county, a city and the root are put back from backups that are older
// than what their neighbours saw. By a person's word each goes on in a new epoch, answers as before
// and is witnessed again; its parent and its children follow it by themselves.
func TestAnOldBackupGoesOn(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		all := []*Node{root, city, county}
		for _, n := range all {
			offer(t, n)
		}
		for _, row := range []struct{ lost, asker *Node }{{county, root}, {city, county}, {root, county}} {
			n := row.lost
			old := n.backup()
			if _, err := n.Client("").AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"}); err != nil {
				t.Fatal(err)
			}
			tree.Within(5*time.Minute, "what is lost was seen", func() bool { return n.seenWhole() })
			n.putBack(old)
			tree.Within(time.Minute, "the backup is found to be old", func() bool {
				return slices.Contains(alarms(t, n), string(text.CopyBehind))
			})
			word := client.Continuation{Reason: "the disk is lost"}
			if _, err := n.Client("").ContinueLedger(t.Context(), word); err != nil {
				refusedAs(t, "before somebody checked", err, text.LostUnknown, "")
				word.Checked = true
				if _, err := n.Client("").ContinueLedger(t.Context(), word); err != nil {
					t.Fatal(err)
				}
			}
			tree.Within(15*time.Minute, n.Name()+" answers again", func() bool {
				_, err := ask(t, row.asker, n)
				return err == nil
			})
			tree.Within(15*time.Minute, n.Name()+" is witnessed in its epoch", func() bool { return n.seenWhole() })
			for _, other := range all {
				tree.Within(15*time.Minute, other.Name()+" has no alarm", func() bool { return len(alarms(t, other)) == 0 })
			}
			for _, to := range all {
				if to != row.asker {
					if _, err := ask(t, row.asker, to); err != nil {
						t.Errorf("%s asks %s after %s went on: %v", row.asker.Name(), to.Name(), n.Name(), err)
					}
				}
			}
		}
	})
}

// seenWhole reports whether every neighbour of the node has witnessed the newest agency and the
// newest epoch.
func (n *Node) seenWhole() bool {
	var last uint64
	for _, kind := range []string{"agency added", "epoch begun"} {
		for _, e := range n.Entries(kind) {
			last = max(last, e.Index)
		}
	}
	tree, err := n.Client("").Tree(n.tree.T.Context())
	if err != nil {
		return false
	}
	all := tree.Children
	if tree.Parent != nil {
		all = append(all, *tree.Parent)
	}
	return !slices.ContainsFunc(all, func(of client.Neighbour) bool { return of.Cosigned <= last })
}
