package host

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

const kindFlip state.Kind = 1001

// flipping is a registry with a command that flips one bit of the stored tree, as a disk may.
func flipping() *state.Registry {
	r := testRegistry()
	r.Register(kindFlip, state.Idempotent, func(tx *state.Tx, _ []byte) ([]byte, error) {
		tile, err := tx.Tile(ledger.TileID{})
		if err != nil {
			return nil, err
		}
		tile[0] ^= 1
		return nil, tx.Put("tile", make([]byte, 9), tile)
	})
	return r
}

// TestFlippedTileIsNotSigned (H1, D05): a bit of the stored tree flips after the tree was signed.
// Nothing is signed over it: the replica ends, and says that its file is damaged. The next opening
// derives the tree anew from the entries, which are what was signed, and all goes on.
func TestFlippedTileIsNotSigned(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	name := h.Name()
	told := make(chan error, 8)
	o := Options{Registry: flipping(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Fatal: func(err error) { told <- err }}
	again := func() *Host {
		t.Helper()
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h, err := Open(t.Context(), dir, name, o)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h = again()
	add(t, h)
	before, _, err := h.Checkpoint(t.Context())
	if err != nil || before.Size != 2 {
		t.Fatalf("got %+v, %v", before, err)
	}
	h = again() // the tiles are in the file
	if _, err := h.Propose(t.Context(), kindFlip, book.Request{}, nil); err != nil {
		t.Fatal(err)
	}
	add(t, h)
	for range 3 {
		var damage *state.DamageError
		if _, err := h.Receipt(t.Context(), 2); !errors.As(err, &damage) || damage.File == "" {
			t.Errorf("receipt: got %v, want a damaged file", err)
		}
	}
	if len(told) != 1 {
		t.Fatalf("the replica was ended %d times", len(told))
	}
	if err := <-told; !strings.Contains(err.Error(), "does not go on") {
		t.Errorf("told %v", err)
	}
	h.signed(t, before.Size, 0)
	h = again()
	defer h.Close()
	if trouble := h.Trouble(); len(trouble) > 0 {
		t.Errorf("trouble after the tree was mended: %v", trouble)
	}
	pin, err := h.Pin()
	if err != nil {
		t.Fatal(err)
	}
	for index := range uint64(3) {
		receipt, err := h.Receipt(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ledger.VerifyReceipt(receipt, nil, pin); err != nil {
			t.Errorf("receipt %d: %v", index, err)
		}
	}
	h.signed(t, 3, 1)
}

// signed checks how many entries are signed, and how many marks are kept.
func (h *Host) signed(t *testing.T, entries uint64, marks int) {
	t.Helper()
	err := h.Look(func(r *state.Reader) error {
		kept := 0
		r.Scan("marks", nil, nil, func(_, _ []byte) bool { kept++; return true })
		if size, _ := r.Checkpoint(); size != entries || kept > marks && marks > 0 {
			t.Errorf("%d entries are signed, %d marks are kept; want %d, %d", size, kept, entries, marks)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestDamagedOnDisk flips a bit in the file, while nothing is open. A tile is derived anew; where a
// leaf is another than was signed, or a key set, the damaged file is told.
func TestDamagedOnDisk(t *testing.T) {
	for what, row := range map[string]struct {
		bucket string
		key    []byte
		at     int
		opens  bool
	}{
		"a tile":    {"tile", make([]byte, 9), 31, true},
		"a leaf":    {"leaf", []byte{0, 0, 0, 0, 0, 0, 0, 1}, 20, true}, // it is told where it is asked for
		"a key set": {"keysets", []byte{0, 0, 0, 0, 0, 0, 0, 1}, -9, false},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			h := open(t, dir)
			name := h.Name()
			add(t, h)
			if _, _, err := h.Checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
			var value []byte
			err := errors.Join(h.Look(func(r *state.Reader) error { value = r.Get(row.bucket, row.key); return nil }), h.Close())
			if err != nil {
				t.Fatal(err)
			}
			flip(t, dir, value, row.at)
			h, err = Open(t.Context(), dir, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
			if part, ok := errors.AsType[*PartError](err); !row.opens {
				if !ok || part.Part != PartLedger || filepath.Base(part.File) != stateFile {
					t.Errorf("open: got %v, want a damaged ledger", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			_, err = h.Receipt(t.Context(), 1)
			if _, damaged := errors.AsType[*state.DamageError](err); damaged != (row.bucket == "leaf") {
				t.Errorf("receipt: got %v", err)
			}
			_, err = h.Entry(t.Context(), 1)
			if _, damaged := errors.AsType[*state.DamageError](err); damaged != (row.bucket == "leaf") {
				t.Errorf("entry: got %v", err)
			}
		})
	}
}

// flip flips a bit of a value in a state file that nobody has open, wherever the file has it; at is
// a byte of it, from its end where negative.
func flip(t *testing.T, dir string, value []byte, at int) {
	t.Helper()
	path := filepath.Join(dir, stateFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += len(value)
	}
	changed := bytes.Clone(value)
	changed[at] ^= 1
	if !bytes.Contains(data, value) {
		t.Fatal("the file has no such value")
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(data, value, changed), 0o600); err != nil {
		t.Fatal(err)
	}
}
