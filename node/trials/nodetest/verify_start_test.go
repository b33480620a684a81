package nodetest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node"
	"xietong/node/ground/text"
)

// TestVerifyHoldsTheStartOfReplicas (D31): of a replica of three that is stopped each file is taken
// away, emptied and cut to half. What ledger verify says of its directory is what the start says.
func TestVerifyHoldsTheStartOfReplicas(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n", func(t *testing.T, tree *Tree) {
		city := tree.Node("guiyang")
		offer(t, city)
		replica := city.Further()
		city.Further()
		city.grow(40)
		tree.WaitLinked("guiyang")
		replica.Stop()
		kept := filepath.Join(t.TempDir(), "kept")
		if err := os.CopyFS(kept, os.DirFS(replica.machine.dir)); err != nil {
			t.Fatal(err)
		}
		refused := 0
		for _, name := range regular(t, kept) {
			if filepath.Base(name) == "lock" {
				continue
			}
			for _, size := range []int64{-1, 0, 2} { // missing, empty, a half
				path := filepath.Join(replica.machine.dir, name)
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if size < 0 {
					err = os.Remove(path)
				} else if size > 0 {
					err = os.Truncate(path, info.Size()/size)
				} else {
					err = os.Truncate(path, 0)
				}
				if err != nil {
					t.Fatal(err)
				}
				if replica.startsAsVerified(t, name) != "" {
					refused++
				}
				if err := errors.Join(os.RemoveAll(replica.machine.dir), os.CopyFS(replica.machine.dir, os.DirFS(kept))); err != nil {
					t.Fatal(err)
				}
			}
		}
		if refused < 20 {
			t.Errorf("%d of the damages are refused", refused)
		}
		if code := replica.startsAsVerified(t, "whole"); code != "" {
			t.Errorf("the whole directory is refused as %s", code)
		}
	})
}

// regular returns the files under a folder.
func regular(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// startsAsVerified holds what ledger verify says of the node's directory against a start, and
// returns with what code that is refused; "": it is not.
func (n *Node) startsAsVerified(t *testing.T, what string) (code text.Code) {
	t.Helper()
	report, err := node.VerifyData(t.Context(), n.machine.dir, "", nil)
	var told text.Code
	if err != nil {
		told = text.AsFailure(err).Code
	} else if report.Refused != nil {
		told = report.Refused.Code
	}
	err = n.machine.start(t.Context())
	if err != nil {
		code = text.AsFailure(err).Code
	}
	if told != code && (code != "" || report.Refused != nil) {
		t.Errorf("%s: the start says %q, %v, ledger verify %q", what, code, err, told)
	}
	if err == nil {
		n.Stop()
	}
	return code
}
