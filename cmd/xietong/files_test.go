package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPendingLeavesNothing: until a file is whole nothing of it has a name, so that nothing is left
// of it when the program is killed.
func TestPendingLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.csv")
	f, err := newPending(path)
	if err != nil {
		t.Fatal(err)
	}
	if !f.nameless {
		t.Skip("the file system of the temporary folder has no files without a name")
	}
	if _, err := f.WriteString("secret"); err != nil {
		t.Fatal(err)
	}
	if here, err := os.ReadDir(dir); err != nil || len(here) > 0 {
		t.Errorf("while it is written: %v, %v", here, err)
	}
	if err := f.keep(); err != nil {
		t.Fatal(err)
	}
	f.discard()
	here, err := os.ReadDir(dir)
	data, readErr := os.ReadFile(path)
	if err != nil || readErr != nil || len(here) != 1 || string(data) != "secret" {
		t.Errorf("when it is whole: %v, %v, %q, %v", here, err, data, readErr)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}
