package host

import (
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/consensus/ledger"
)

// TestFollow: the proof of what Follow returns leads from every checkpoint before to the newest,
// its key verifies the note, and the leaves give its root.
func TestFollow(t *testing.T) {
	h := open(t, t.TempDir())
	defer h.Close()
	first, err := h.Follow(t.Context(), 0)
	if err != nil || len(first.Path) != 0 {
		t.Fatalf("got %+v, %v", first, err)
	}
	old := []ledger.Checkpoint{first.Checkpoint}
	for range 4 {
		add(t, h)
		f, err := h.Follow(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		old = append(old, f.Checkpoint)
	}
	for _, before := range old {
		f, err := h.Follow(t.Context(), before.Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Checkpoint.Follows(before, f.Path); err != nil {
			t.Errorf("from %d: %v", before.Size, err)
		}
		p, err := ledger.ParsePolicy([]byte("log " + f.Keys[0].Key + "\nquorum none\n"))
		if err != nil {
			t.Fatal(err)
		}
		if j, err := p.Judge(f.Signed); err != nil || j.Checkpoint != f.Checkpoint {
			t.Errorf("got %+v, %v", j, err)
		}
	}
	size := old[len(old)-1].Size
	if f, err := h.Follow(t.Context(), size+1); !errors.Is(err, ErrBeyond) || f.Checkpoint.Size != size {
		t.Errorf("got %+v, %v", f, err)
	}
	leaves, err := h.Leaves(t.Context(), 0)
	if err != nil || uint64(len(leaves)) != size {
		t.Fatalf("got %d leaves, %v", len(leaves), err)
	}
	var hashes []tlog.Hash
	for _, leaf := range leaves {
		hashes = append(hashes, ledger.LeafHash(leaf))
	}
	grown, err := ledger.Append(0, hashes, noTiles{})
	if err != nil {
		t.Fatal(err)
	}
	if root, err := ledger.Root(size, written(grown.Tiles)); err != nil || root != old[len(old)-1].Root {
		t.Errorf("got %x, %v", root, err)
	}
	if rest, err := h.Leaves(t.Context(), size-1); err != nil || len(rest) != 1 {
		t.Errorf("got %d leaves, %v", len(rest), err)
	}
	if none, err := h.Leaves(t.Context(), size); err != nil || len(none) != 0 {
		t.Errorf("got %d leaves, %v", len(none), err)
	}
}

type noTiles struct{}

func (noTiles) Tile(ledger.TileID) ([]byte, error) { return nil, nil }

type written map[ledger.TileID][]byte

func (w written) Tile(id ledger.TileID) ([]byte, error) { return w[id], nil }
