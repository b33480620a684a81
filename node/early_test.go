package node

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestEarlyAnswerReachesTheClient brings a long file to a node that refuses it while it comes,
// since its temporary folder is gone: whoever sends it hears why, every time, and not that the node
// ended the connection.
func TestEarlyAnswerReachesTheClient(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	var file bytes.Buffer
	file.WriteString("code,name\n")
	for n := range 2000 {
		fmt.Fprintf(&file, "5201020%05d,%s\n", n, strings.Repeat("长", 1500))
	}
	dir := filepath.Join(t.TempDir(), "gone")
	im := client.Import{Dataset: "villages", File: bytes.NewReader(file.Bytes())}
	load := im
	load.Checked = func(client.ImportCheck) error { t.Setenv("TMPDIR", dir); return nil }
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	for range rounds {
		t.Setenv("TMPDIR", dir)
		_, err := d.provider.ImportRecords(t.Context(), im)
		refusedEarly(t, "check", err, dir)
		refusedEarly(t, "bad rows", d.provider.BadRows(t.Context(), im, io.Discard), dir)
		t.Setenv("TMPDIR", t.TempDir())
		_, err = d.provider.ImportRecords(t.Context(), load)
		refusedEarly(t, "load", err, dir)
	}
}

func refusedEarly(t *testing.T, what string, err error, dir string) {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Code != string(text.TemporaryUnusable) || p.Where != dir || errors.Is(err, client.ErrBroken) {
		t.Errorf("%s: got %v, want %s of %s", what, err, text.TemporaryUnusable, dir)
	}
}
