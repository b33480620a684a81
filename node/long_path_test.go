package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLongPath (U-C27): the path of a Unix socket has 107 bytes at most, and that of a data
// directory as many as it likes: the node serves there, and a client finds it.
func TestLongPath(t *testing.T) {
	above := filepath.Join(t.TempDir(), strings.Repeat("长", 40), strings.Repeat("x", 90))
	if err := os.MkdirAll(above, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(above, "data")
	if _, err := Init(dir, nanming); err != nil || len(dir) < 200 {
		t.Fatalf("%d bytes: %v", len(dir), err)
	}
	stop := serve(t, dir)
	if status, err := dial(t, dir, "en").Status(t.Context()); err != nil || len(status.Jurisdictions) != 1 {
		t.Errorf("got %+v, %v", status, err)
	}
	stop()
}
