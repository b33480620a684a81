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

// alarms returns the codes of what the status of a node tells, of the node and of ledgers.
func alarms(t *testing.T, n *Node) (codes []string) {
	t.Helper()
	status, err := n.Client("").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range status.Jurisdictions {
		if j.Name != n.Name() {
			continue
		}
		for _, a := range j.Alarms {
			codes = append(codes, a.Code)
		}
		for _, a := range j.Check.Alarms {
			codes = append(codes, a.Code)
		}
	}
	return codes
}

// TestAMovedNode moves a county, a city and the root to another place, one after the other: each
// asks its neighbours, and answers as before within a minute, without a word of a person. One that
// is moved while it is cut off waits ten minutes for an answer, and then for a person's word. A
// node that is started again where it was, cut off, asks nobody.
func TestAMovedNode(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		witnessed(tree, city, county)
		for _, row := range []struct{ moved, asker *Node }{{county, root}, {city, county}, {root, county}} {
			row.moved.Stop()
			row.moved.moved()
			row.moved.Start()
			tree.WaitLinked()
			tree.Within(time.Minute, row.moved.Name()+" goes on", func() bool { return len(alarms(t, row.moved)) == 0 })
			if _, err := ask(t, row.asker, row.moved); err != nil {
				t.Errorf("%s, moved: %v", row.moved.Name(), err)
			}
		}
		tree.Partition("nanming", "guiyang")
		county.Kill()
		county.Start()
		if got := alarms(t, county); slices.Contains(got, string(text.LedgerUnanswered)) || slices.Contains(got, string(text.LedgerInQuestion)) {
			t.Errorf("cut off, where it was: %v", got)
		}
		county.Stop()
		county.moved()
		county.Start()
		word := client.Continuation{Reason: "moved to a new machine"}
		_, err := county.Client("").ContinueLedger(t.Context(), word)
		refusedAs(t, "a word before the neighbours had time", err, text.LedgerInQuestion, "")
		tree.Within(12*time.Minute, "nobody answers", func() bool {
			return slices.Contains(alarms(t, county), string(text.LedgerUnanswered))
		})
		_, err = county.Client("").ContinueLedger(t.Context(), word)
		refusedAs(t, "a word that says neither", err, text.LostUnseen, "")
		word.Newest = true
		if _, err := county.Client("").ContinueLedger(t.Context(), word); err != nil {
			t.Fatal(err)
		}
		if got := county.Entries("ledger continued"); len(got) != 1 {
			t.Errorf("the word is recorded %d times", len(got))
		}
		tree.Heal("nanming", "guiyang")
		tree.WaitLinked()
		if _, err := ask(t, root, county); err != nil {
			t.Errorf("continued: %v", err)
		}
	})
}

// witnessed waits until two neighbours have witnessed each other, and everything that they have.
func witnessed(tree *Tree, _, below *Node) {
	tree.T.Helper()
	tree.Within(5*time.Minute, "both have witnessed each other", func() bool {
		up, down := below.Links()
		return up.Cosigned > 0 && up.Kept > 0 && down.Cosigned > 0
	})
}

// TestAnOldBackupIsFound: a county is put back from a backup that is older than what its city saw.
// It records, and answers nobody; the newest directory does.
func TestAnOldBackupIsFound(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		county.Stop()
		newest := county.machine.dir
		county.moved()
		old := county.machine.dir
		county.machine.dir = newest
		county.Start()
		tree.WaitLinked()
		if _, err := county.Client("").AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"}); err != nil {
			t.Fatal(err)
		}
		tree.Within(5*time.Minute, "what is lost was seen", func() bool { return county.seenWhole() })
		county.Stop()
		county.machine.dir = old
		county.Start()
		tree.WaitLinked()
		tree.Within(time.Minute, "the backup is found to be old", func() bool {
			return slices.Contains(alarms(t, county), string(text.CopyBehind))
		})
		_, err := ask(t, city, county)
		refusedAs(t, "a question to the old backup", err, text.BeingVerified, "")
		if _, err := county.Client("").AddAgency(t.Context(), client.NewAgency{Code: "parks", Title: "园林局"}); err != nil {
			t.Errorf("it records nothing: %v", err)
		}
		county.Stop()
		county.machine.dir = newest
		county.Start()
		tree.WaitLinked()
		if _, err := ask(t, city, county); err != nil {
			t.Errorf("the newest directory: %v", err)
		}
	})
}

// TestAWordIsNotTheLast (C16): a county is put back to an old backup while its city is away, and a
// person says, after ten minutes, that it is the newest. Once the city is there, nothing is
// answered before it was asked what it saw: the county is in question, and goes on in a new epoch
// by a word.
func TestAWordIsNotTheLast(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		witnessed(tree, city, county)
		old := county.backup()
		addAgencies(t, county, "forestry")
		tree.Within(5*time.Minute, "what is lost was seen", func() bool { return county.seenWhole() })
		tree.Partition("nanming", "guiyang")
		county.Stop()
		county.machine.dir = old
		county.Start()
		tree.Within(12*time.Minute, "nobody answers", func() bool {
			return slices.Contains(alarms(t, county), string(text.LedgerUnanswered))
		})
		word := client.Continuation{Reason: "it is the newest that is left", Newest: true}
		if _, err := county.Client("").ContinueLedger(t.Context(), word); err != nil {
			t.Fatal(err)
		}
		if got := alarms(t, county); slices.Contains(got, string(text.LedgerUnanswered)) {
			t.Errorf("after the word: %s", got)
		}
		tree.Heal("nanming", "guiyang")
		tree.WaitLinked()
		_, err := ask(t, city, county)
		refusedAs(t, "the first question", err, text.BeingVerified, "")
		if got := alarms(t, county); !slices.Contains(got, string(text.CopyForked)) { // its word is signed
			t.Errorf("after the first question: %s", got)
		}
		word = client.Continuation{Reason: "nothing newer is left", Checked: true}
		if _, err := county.Client("").ContinueLedger(t.Context(), word); err != nil {
			t.Fatal(err)
		}
		tree.Within(15*time.Minute, "it answers in its new epoch", func() bool {
			_, err := ask(t, city, county)
			_, down := county.Links()
			return err == nil && down.Epoch == 2
		})
	})
}
