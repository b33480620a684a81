package nodetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// alarmed reports whether status and tree of a node both have an alarm.
func alarmed(t *testing.T, n *Node, code string) bool {
	t.Helper()
	status, err := n.Client("").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	view, err := n.Client("").Tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	has := func(c client.Check) (is bool) {
		for _, a := range c.Alarms {
			is = is || a.Code == code
		}
		return is
	}
	return has(status.Jurisdictions[0].Check) && has(view.Check)
}

func addAgencies(t *testing.T, n *Node, codes ...string) {
	t.Helper()
	for _, code := range codes {
		if _, err := n.Client("").AddAgency(t.Context(), client.NewAgency{Code: code, Title: code}); err != nil {
			t.Fatal(err)
		}
	}
}

// setBack puts the files of a backup into the place of those that are there, as a machine that is
// set back does: nothing tells the node.
func setBack(t *testing.T, backup, dir string) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "j", "*", "wal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, wal := range logs {
		if err := os.RemoveAll(wal); err != nil {
			t.Fatal(err)
		}
	}
	err = filepath.WalkDir(backup, func(path string, d fs.DirEntry, err error) error {
		to := filepath.Join(dir, strings.TrimPrefix(path, backup))
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(to, 0o700))
		}
		data, err := os.ReadFile(path)
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return os.WriteFile(to, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// staysForked checks that a county of which two histories were proven is in question after a
// restart, while nobody says it once more.
func staysForked(t *testing.T, county *Node) {
	t.Helper()
	county.tree.Partition("nanming", "guiyang")
	county.Kill()
	county.Start()
	if got := alarms(t, county); !slices.Contains(got, string(text.CopyForked)) {
		t.Errorf("the county that forked has the alarms %s", got)
	}
	county.tree.Heal("nanming", "guiyang")
	county.tree.WaitLinked("nanming")
}

// TestWitnessed: within minutes of its link, a county's ledger is witnessed by its city and the
// city's by the county, on both sides as the other tells it. A county's machine that is set
// back to an older state afterwards is an alarm at both, which names the neighbour, until a person
// records what came of it.
func TestWitnessed(t *testing.T) {
	if testing.Short() {
		t.Skip("many minutes of two nodes; node/flows/witnessing has the same in memory")
	}
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		tree.Within(5*time.Minute, "both have witnessed each other", func() bool {
			up, down := county.Links()
			return up.Cosigned > 0 && up.Kept > 0 && down.Cosigned == up.Kept && down.Kept == up.Cosigned && up.CosignedAt != ""
		})
		if got := city.Entries("checkpoint witnessed"); len(got) == 0 || len(got) > 5 {
			t.Errorf("the city logs %d checkpoints in five minutes", len(got))
		}
		for name, n := range map[string]*Node{"the city": city, "the county": county} {
			if alarmed(t, n, "ledger-forked") || alarmed(t, n, "own-ledger-forked") {
				t.Errorf("%s is alarmed", name)
			}
		}
		restore := func(codes ...string) {
			t.Helper()
			county.Stop()
			backup := filepath.Join(t.TempDir(), "backup")
			if err := os.CopyFS(backup, os.DirFS(county.machine.dir)); err != nil {
				t.Fatal(err)
			}
			county.Start()
			tree.WaitLinked("nanming")
			addAgencies(t, county, codes...)
			tree.Within(5*time.Minute, "that is witnessed", func() bool { return county.seenWhole() })
			county.Stop()
			setBack(t, backup, county.machine.dir)
		}
		goesOn := func(epoch uint64) {
			t.Helper()
			word := client.Continuation{Reason: "the machine was set back"}
			if _, err := county.Client("").ContinueLedger(t.Context(), word); err != nil {
				word.Checked = true // where two signed, the city has the heads of one of them
				if _, err := county.Client("").ContinueLedger(t.Context(), word); err != nil {
					t.Fatal(err)
				}
			}
			tree.Within(10*time.Minute, "it is witnessed in its new epoch", func() bool {
				up, down := county.Links()
				return county.seenWhole() && down.Epoch == epoch && up.Cosigned > 0
			})
		}
		restore("water", "forestry", "sports")
		county.Start()
		tree.WaitLinked("nanming")
		tree.Within(3*time.Minute, "both see that it is shorter", func() bool {
			return alarmed(t, city, "ledger-behind") && alarmed(t, county, "own-ledger-behind")
		})
		addAgencies(t, county, "parks", "roads", "schools", "taxes")
		goesOn(2)
		restore("customs", "labour")
		tree.Partition("nanming", "guiyang")
		county.Start()
		addAgencies(t, county, "parks-2", "roads-2", "schools-2", "taxes-2")
		if _, err := county.Client("").Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		tree.Heal("nanming", "guiyang")
		tree.Within(5*time.Minute, "both see that it forked", func() bool {
			return alarmed(t, city, "ledger-forked") && alarmed(t, county, "own-ledger-forked")
		})
		staysForked(t, county)
		for n, about := range map[*Node]string{city: "nanming", county: "guiyang.guizhou"} {
			if _, err := n.Client("").AcknowledgeFork(t.Context(), about, client.NewForkAcknowledgment{Reason: "restored by mistake"}); err != nil {
				t.Fatal(err)
			}
			if alarmed(t, n, "ledger-forked") || alarmed(t, n, "own-ledger-forked") {
				t.Errorf("%s is alarmed after that", n.Name())
			}
		}
		goesOn(3)
	})
}
