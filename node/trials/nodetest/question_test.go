package nodetest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// Moved puts a copy of the machine's data directory in its place, as cp -a makes it. The node must
// not run.
func (n *Node) moved() {
	n.tree.T.Helper()
	to := filepath.Join(n.tree.T.TempDir(), "moved")
	if err := os.CopyFS(to, os.DirFS(n.machine.dir)); err != nil {
		n.tree.T.Fatal(err)
	}
	n.machine.dir = to
}

// alarms returns the codes of what the status of a node tells.
func alarms(t *testing.T, n *Node) (codes []string) {
	t.Helper()
	status, err := n.Client("").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range status.Jurisdictions {
		for _, a := range j.Alarms {
			if j.Name == n.Name() {
				codes = append(codes, a.Code)
			}
		}
	}
	return codes
}

// TestAMovedNode moves a county, a city and the root to another place, one after the other. Each
// records for its own agencies, passes on what is for others, and answers nobody, until a person
// has said that it is the newest; then it answers as before, also after a restart. A node that is
// started again where it was, cut off, asks nobody.
func TestAMovedNode(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		for _, row := range []struct{ moved, asker, other *Node }{{county, root, city}, {city, county, root}, {root, county, city}} {
			if _, err := ask(t, row.asker, row.moved); err != nil {
				t.Fatalf("before %s moved: %v", row.moved.Name(), err)
			}
			row.moved.Stop()
			row.moved.moved()
			row.moved.Start()
			tree.WaitLinked()
			tree.Within(time.Minute, "the status tells it", func() bool {
				return slices.Contains(alarms(t, row.moved), string(text.LedgerUnanswered))
			})
			_, err := ask(t, row.asker, row.moved)
			refusedAs(t, "a question to "+row.moved.Name(), err, text.BeingVerified, "")
			if row.moved != root {
				if _, err := ask(t, row.asker, row.other); err != nil {
					t.Errorf("past %s: %v", row.moved.Name(), err)
				}
			}
			if _, err := row.moved.Client("").AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"}); err != nil {
				t.Errorf("%s records nothing: %v", row.moved.Name(), err)
			}
			if _, err := row.moved.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "moved to a new machine"}); err != nil {
				t.Fatal(err)
			}
			row.moved.Restart()
			tree.WaitLinked()
			if _, err := ask(t, row.asker, row.moved); err != nil {
				t.Errorf("%s, continued: %v", row.moved.Name(), err)
			}
			if got := alarms(t, row.moved); len(got) > 0 {
				t.Errorf("%s, continued, tells %v", row.moved.Name(), got)
			}
			if got := row.moved.Entries("ledger continued"); len(got) != 1 {
				t.Errorf("the word is recorded %d times", len(got))
			}
		}
		tree.Partition("nanming", "guiyang")
		county.Kill()
		county.Start()
		if got := alarms(t, county); slices.Contains(got, string(text.LedgerUnanswered)) || slices.Contains(got, string(text.LedgerInQuestion)) {
			t.Errorf("cut off, where it was: %v", got)
		}
		if _, err := county.Client("").Checkpoint(t.Context()); err != nil {
			t.Errorf("cut off, where it was: %v", err)
		}
	})
}
