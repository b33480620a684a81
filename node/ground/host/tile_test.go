package host

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

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
// Nothing is signed over it: while the jurisdiction is open, and when it is opened again, it is
// told that the file is damaged. What was signed before stays the newest checkpoint.
func TestFlippedTileIsNotSigned(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	name := h.Name()
	o := Options{Registry: flipping(), Logger: slog.New(slog.DiscardHandler), Now: time.Now}
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
	var damage *state.DamageError
	if _, err := h.Receipt(t.Context(), 2); !errors.As(err, &damage) {
		t.Errorf("receipt: got %v, want a damaged file", err)
	}
	if told := errors.Join(h.Trouble()...); !errors.As(told, &damage) {
		t.Errorf("trouble: got %v, want the damaged file", told)
	}
	if err := h.Look(func(r *state.Reader) error {
		if size, _ := r.Checkpoint(); size != before.Size {
			t.Errorf("%d entries are signed", size)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	_, err = Open(t.Context(), dir, name, o)
	if part, ok := errors.AsType[*PartError](err); !ok || part.Part != PartLedger || filepath.Base(part.File) != stateFile {
		t.Errorf("open: got %v, want a damaged state.db", err)
	}
}

// TestFlippedTileOnDisk flips the bit in the file, while nothing is open.
func TestFlippedTileOnDisk(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	name := h.Name()
	if _, _, err := h.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(filepath.Join(dir, stateFile), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte("tile"))
		tile := append([]byte{}, b.Get(make([]byte, 9))...)
		tile[31] ^= 0x80
		return b.Put(make([]byte, 9), tile)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if part, ok := errors.AsType[*PartError](err); !ok || part.Part != PartLedger {
		t.Errorf("open: got %v, want a damaged ledger", err)
	}
}
