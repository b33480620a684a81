package node

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"xietong/node/ground/text"
)

// TestTheSameReplicaHoldsThePort (NW20): a copy of a directory is started beside its original. It
// is told that the same replica runs, and no other port is offered. Another node that wants the
// port is told as before.
func TestTheSameReplicaHoldsThePort(t *testing.T) {
	dir := cityFolder(t)
	n := openCity(t, dir)
	listen := n.settings.Listen
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	if _, err := Init(other, InitOptions{Name: "zunyi.guizhou", DisplayName: "遵义市", Level: "prefecture", Listen: listen}); err != nil {
		t.Fatal(err)
	}
	n = openCity(t, dir)
	defer n.Close()
	for folder, want := range map[string]text.Code{copied: text.ReplicaRunsHere, other: text.AddressTakenBy} {
		if err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				return os.Chmod(path, 0o600)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), folder, Options{Logger: slog.New(slog.DiscardHandler)})
		if f := text.AsFailure(err); f.Code != want {
			t.Errorf("%s: got %v, want %s", filepath.Base(folder), err, want)
		}
	}
}
