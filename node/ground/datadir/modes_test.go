package datadir

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestTighten (S29): whatever others may do with a data directory is taken away and told; what a
// link leads to is left alone.
func TestTighten(t *testing.T) {
	dir, _ := initDir(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", filepath.Join(dir, "node.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if changed, err := Tighten(dir); err != nil || !slices.ContainsFunc(changed, func(path string) bool { return filepath.Base(path) == "node.sock" }) {
		t.Errorf("as it was made: got %v, %v", changed, err)
	}
	open := []string{dir, filepath.Join(dir, "config.yaml"), filepath.Join(dir, "j", nanming.Name, "keystore"), filepath.Join(dir, "j", nanming.Name, "certs")}
	for i, path := range open {
		if err := os.Chmod(path, []fs.FileMode{0o777, 0o666, 0o640, 0o755}[i]); err != nil {
			t.Fatal(err)
		}
	}
	changed, err := Tighten(dir)
	slices.Sort(changed)
	slices.Sort(open)
	if err != nil || !slices.Equal(changed, open) {
		t.Errorf("got %v, %v, want %v", changed, err, open)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if info, e := os.Lstat(path); e == nil && d.Type()&fs.ModeSymlink == 0 && info.Mode()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		return err
	})
	if info, _ := os.Stat(outside); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("outside: %v, %v", info.Mode(), err)
	}
}
