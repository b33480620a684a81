package nodetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/consensus/bundle"
	"xietong/consensus/state"
	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// grow has the ledger of a place that has an offer grow to so many entries: records that it keeps.
func (n *Node) grow(size uint64) {
	t := n.tree.T
	t.Helper()
	for size > n.treeSize() {
		have, all := n.treeSize(), sync.WaitGroup{}
		for next := have; next < min(have+64, size); next++ {
			record := fmt.Sprintf(`{"code":"%d"}`, 10_000+next)
			all.Go(func() {
				if _, err := n.Client("civil-affairs").PutRecord(t.Context(), "villages", client.PutRecord{Record: []byte(record)}); err != nil {
					t.Errorf("record of %s: %v", n.Name(), err)
				}
			})
		}
		all.Wait()
		if t.Failed() || n.treeSize() == have {
			t.Fatalf("%s has %d entries", n.Name(), n.treeSize())
		}
	}
}

// treeSize returns how many entries the ledger of a place has.
func (n *Node) treeSize() uint64 {
	n.tree.T.Helper()
	status, err := n.Client("").Status(n.tree.T.Context())
	if err != nil {
		n.tree.T.Fatal(err)
	}
	return status.Jurisdictions[0].TreeSize
}

// oldFiles returns the files of old entries of a place, by their paths, once there are so many.
func (n *Node) oldFiles(least int) (all []string) {
	n.tree.T.Helper()
	n.tree.Within(10*time.Minute, n.machine.name+" has files of old entries", func() bool {
		all, _ = filepath.Glob(filepath.Join(n.machine.dir, "j", "*", state.FilesFolder, "0*"))
		return len(all) >= least
	})
	return all
}

// exporting gives the ledger of a place to an export.
type exporting struct{ c *client.Client }

func (e exporting) Growth(ctx context.Context, since uint64) ([]byte, error) {
	got, err := e.c.CheckpointSince(ctx, since)
	return []byte(got.Growth()), err
}

func (e exporting) Leaves(ctx context.Context, from uint64) ([][]byte, error) {
	got, err := e.c.Leaves(ctx, from)
	return got.Leaves, err
}

// provesOld checks that a place proves old entries by itself, from a pin of the root, and exports
// all of them.
func (n *Node) provesOld(pin string) {
	t := n.tree.T
	t.Helper()
	for _, index := range []uint64{0, 5, 255, 256, 700} {
		got, err := n.Client("civil-affairs").Receipt(t.Context(), index)
		if err != nil {
			t.Errorf("%s, the receipt of entry %d: %v", n.machine.name, index, err)
			continue
		}
		report, err := node.VerifyReceipt(got.Receipt, got.Payload, pin)
		if err != nil || report.Index != index {
			t.Errorf("%s, entry %d: %+v, %v", n.machine.name, index, report, err)
		}
	}
	if got, err := node.Export(t.Context(), exporting{n.Client("")}, filepath.Join(t.TempDir(), "led"), nil); err != nil || got.Size < 1000 {
		t.Errorf("%s exports %+v, %v", n.machine.name, got, err)
	}
}

// harmed is a file of old entries of a place that is missing, or not as it was written.
type harmed struct {
	of    *Node
	path  string
	whole []byte
}

// harm removes a file, or flips a byte of it, while the place is stopped.
func (n *Node) harm(path string, flip bool) harmed {
	t := n.tree.T
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n.Stop()
	if err = os.Remove(path); flip && err == nil {
		data := slices.Clone(whole)
		data[len(data)/2] ^= 1
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	n.Start()
	return harmed{n, path, whole}
}

// named reports whether the place says that this file is damaged.
func (h harmed) named() bool {
	status, err := h.of.Client("").Status(h.of.tree.T.Context())
	return err == nil && slices.ContainsFunc(status.Jurisdictions[0].Alarms, func(a client.Trouble) bool {
		return strings.Contains(fmt.Sprint(a.Args), filepath.Base(h.path))
	})
}

// isMended waits until the file is as it was, and the place has nothing to say of it.
func (h harmed) isMended() {
	h.of.tree.T.Helper()
	h.of.tree.Within(2*time.Hour, h.of.machine.name+" has "+filepath.Base(h.path)+" as it was", func() bool {
		data, err := os.ReadFile(h.path)
		return err == nil && bytes.Equal(data, h.whole) && !h.named()
	})
}

// TestOldEntriesInFiles (D24) has the ledgers of a city and of the province have files of old
// entries. The province, which was cut off, witnesses what came since an old size; two further
// replicas are filled with the files; each replica in turn lacks one, or has one with a flipped
// byte, says which, and is mended from the others, and so are two at once. Each proves old entries
// by itself after that, and so do the directories once all is stopped.
func TestOldEntriesInFiles(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n", func(t *testing.T, tree *Tree) {
		root, city := tree.Node("guizhou"), tree.Node("guiyang")
		offer(t, root)
		offer(t, city)
		city.grow(400)
		tree.Within(5*time.Minute, "400 are witnessed", func() bool { _, down := city.Links(); return down.Kept >= 400 })
		tree.Partition("guizhou", "guiyang")
		city.grow(1100)
		root.grow(1100)
		files := len(city.oldFiles(3))
		root.oldFiles(3)
		tree.Heal("guizhou", "guiyang")
		tree.WaitLinked("guiyang")
		tree.Within(5*time.Minute, "both are witnessed", func() bool {
			up, down := city.Links()
			return down.Kept >= 1100 && down.Cosigned >= 1100 && up.Cosigned >= 1100
		})
		status, err := root.Client("").Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pin := status.Jurisdictions[0].Pin
		all := []*Node{city, city.Further(), city.Further()}
		for _, n := range all {
			n.oldFiles(files)
			n.provesOld(pin)
		}
		for i, n := range all {
			for _, flip := range []bool{false, true} {
				h := n.harm(n.oldFiles(files)[i], flip)
				if _, err := n.Client("").Leaves(t.Context(), uint64(i)*bundle.BlockLen); err == nil {
					t.Error("it reads what is damaged")
				}
				if !h.named() { // it looks whether it can be mended in ten seconds
					t.Errorf("%s does not name %s", n.machine.name, h.path)
				}
				h.isMended()
			}
			n.provesOld(pin)
		}
		second, third := all[1].harm(all[1].oldFiles(files)[0], false), all[2].harm(all[2].oldFiles(files)[1], true)
		second.isMended()
		third.isMended()
		aloneWithout(t, root, city)
		for _, n := range append(all, root) {
			n.provesOld(pin)
		}
		for _, n := range append(all, root) {
			n.Stop()
			report, err := node.VerifyData(t.Context(), n.machine.dir, "", nil)
			if err != nil || report.FirstBad != "" || report.Entries < 1100 || report.Contradictions+report.Unreadable > 0 || report.Refused != nil {
				t.Errorf("%s verifies as %+v, %v", n.machine.name, report, err)
			}
		}
	})
}

// aloneWithout takes a file of old entries from a root that is alone: it says which, gives no proof
// of what is in it, and goes on with all else, until a person puts the file back.
func aloneWithout(t *testing.T, root, city *Node) {
	t.Helper()
	h := root.harm(root.oldFiles(3)[1], false)
	if !h.named() {
		t.Errorf("the root does not name %s", h.path)
	}
	if got, err := root.Client("civil-affairs").Receipt(t.Context(), 300); err == nil {
		t.Errorf("a receipt of what is missing: %+v", got)
	} else {
		refusedAs(t, "a receipt of what is missing", err, text.StateDamaged, "")
	}
	if _, err := root.Client("civil-affairs").Receipt(t.Context(), 700); err != nil {
		t.Errorf("a receipt of what is there: %v", err)
	}
	root.grow(1200)
	if _, err := ask(t, city, root); err != nil {
		t.Errorf("it answers no more: %v", err)
	}
	city.tree.Within(5*time.Minute, "it is witnessed and goes on as a witness", func() bool {
		up, down := city.Links()
		return up.Kept >= 1200 && down.Kept > 1100 && !down.Silent
	})
	root.Stop()
	if err := os.WriteFile(h.path, h.whole, 0o600); err != nil {
		t.Fatal(err)
	}
	root.Start()
	if h.named() {
		t.Error("it is there again, and told as missing")
	}
}
