package records

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// longFile is a file that is held on the disk: 2 MB.
func longFile() ([]byte, File) {
	const count = 4000
	var b bytes.Buffer
	b.WriteString("code,name,township\n")
	for row := range count {
		fmt.Fprintf(&b, "3%011d,村%d%s,520102%03d\n", row, row, strings.Repeat("长", 160), row%100)
	}
	return b.Bytes(), File{Reading: asCSV, Hash: sha256.Sum256(b.Bytes()), Rows: count, Good: count}
}

// changeHeld changes the last byte but a thousand of the one temporary file without a name that
// this process has in the folder, as a bad disk does.
func changeHeld(t *testing.T, dir string) {
	t.Helper()
	links, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || !strings.HasPrefix(to, dir) {
			continue
		}
		f, err := os.OpenFile(link, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		end, errSeek := f.Seek(-1000, io.SeekEnd)
		var b [1]byte
		_, errRead := f.ReadAt(b[:], end)
		b[0] ^= 1
		_, errWrite := f.WriteAt(b[:], end)
		if err := errors.Join(errSeek, errRead, errWrite); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Skip("no /proc/self/fd")
}

// TestHeldFileChanges changes a byte of the held file on the disk while its rows are loaded: no
// row is published, the cause is told, and the same file goes on where it was.
func TestHeldFileChanges(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	l, desk := open(t)
	data, f := longFile()
	before := visibleRows(t, l)
	var once sync.Once
	id := newID()
	_, err := desk.Load(t.Context(), id, civil, code, f, bytes.NewReader(data), func(uint64, uint64) { once.Do(func() { changeHeld(t, dir) }) })
	if told := failure.Of(fmt.Errorf("load: %w", err)); err == nil || told.Code != text.TemporaryDamaged || told.Args["dir"] != dir {
		t.Fatalf("got %v, want %s of %s", err, text.TemporaryDamaged, dir)
	}
	if n := visibleRows(t, l); n != before {
		t.Errorf("%d records are published", n-before)
	}
	again(t, desk, id, data, f)
	for _, head := range l.Heads(t, 0) {
		if head.Kind == ledger.KindImportAbandoned {
			t.Error("the import was given up")
		}
	}
	if n := visibleRows(t, l) - before; uint64(n) != f.Rows {
		t.Errorf("got %d records, want %d", n, f.Rows)
	}
}

func again(t *testing.T, desk *Desk, id identity.Message, data []byte, f File) {
	t.Helper()
	if done, err := desk.Load(t.Context(), id, civil, code, f, bytes.NewReader(data), nil); err != nil || done.Rows != f.Rows {
		t.Fatalf("the undamaged file: got %+v, %v", done, err)
	}
}

// changing is a file that changes on the disk when its end came.
type changing struct {
	io.Reader
	change func()
}

func (c changing) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		c.change()
	}
	return n, err
}

// TestHeldFileChangesInACheck does the same to a check and to the bad rows: nothing is told of a
// file that nobody sent.
func TestHeldFileChangesInACheck(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	_, desk := open(t)
	data, _ := longFile()
	file := func() io.Reader { return changing{bytes.NewReader(data), func() { changeHeld(t, dir) }} }
	// The last block is not on the disk yet when the end comes, but the one before it is.
	if c, err := desk.Check(t.Context(), civil, code, asCSV, file()); err == nil || failure.Of(err).Code != text.TemporaryDamaged {
		t.Errorf("check: got %d rows, %v, want %s", c.Rows, err, text.TemporaryDamaged)
	}
	var out bytes.Buffer
	if err := desk.BadRows(t.Context(), civil, code, asCSV, text.Zh, file(), &out); err == nil || failure.Of(err).Code != text.TemporaryDamaged || out.Len() > 0 {
		t.Errorf("bad rows: got %d bytes, %v, want %s", out.Len(), err, text.TemporaryDamaged)
	}
}

// TestNoTemporaryFolder brings a long file to a node whose temporary folder is gone: to check it,
// to load it, and for its bad rows. The folder and the cause are told.
func TestNoTemporaryFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	t.Setenv("TMPDIR", dir)
	l, desk := open(t)
	before := len(l.Heads(t, 0))
	data, f := longFile()
	_, checked := desk.Check(t.Context(), civil, code, asCSV, bytes.NewReader(data))
	_, loaded := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil)
	bad := desk.BadRows(t.Context(), civil, code, asCSV, text.Zh, bytes.NewReader(data), io.Discard)
	for what, err := range map[string]error{"check": checked, "load": loaded, "bad rows": bad} {
		told := failure.Of(fmt.Errorf("%s: %w", what, err))
		if told.Code != text.TemporaryUnusable || told.Args["dir"] != dir || told.Args["reason"] != "no such file or directory" {
			t.Errorf("%s: got %v, want %s of %s", what, err, text.TemporaryUnusable, dir)
		}
	}
	if after := len(l.Heads(t, 0)); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}
