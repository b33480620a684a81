package demo

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFolderIsPrivate: the binary that the demo runs lies in a folder that nobody else made or can
// open, and a second demo leaves the folder of the first alone.
func TestFolderIsPrivate(t *testing.T) {
	shared := t.TempDir()
	t.Setenv("TMPDIR", shared)
	theirs := filepath.Join(shared, "xietong-demo") // of another user, who waits for the binary
	if err := os.Mkdir(theirs, 0o777); err != nil {
		t.Fatal(err)
	}
	var first, second demo
	for _, d := range []*demo{&first, &second} {
		if err := d.prepare(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(d.Folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder: got %v, %v, want one of mode 0700", info, err)
		}
	}
	if _, err := os.Stat(first.file(binary)); err != nil || first.Folder == second.Folder {
		t.Errorf("a second demo in %s leaves of the first in %s: %v", second.Folder, first.Folder, err)
	}
	if all, err := os.ReadDir(theirs); err != nil || len(all) > 0 {
		t.Errorf("in the folder of another: %v, %v", all, err)
	}
}
