package ledger

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

func leafNumber(n uint64) tlog.Hash { return LeafHash(binary.BigEndian.AppendUint64(nil, n)) }

func raw[T ~[]tlog.Hash](p T) [][]byte {
	out := make([][]byte, len(p))
	for i := range p {
		out[i] = p[i][:]
	}
	return out
}

// TestProofsAgainstMerkle grows a tree over the borders of tiles and has an independent library
// check its proofs.
func TestProofsAgainstMerkle(t *testing.T) {
	tiles, size := memTiles{}, uint64(0)
	roots := map[uint64]tlog.Hash{}
	for _, upTo := range []uint64{1, 2, 3, 7, 8, 100, 255, 256, 257, 511, 512, 513, 1000, 65535, 65536, 65537, 66000} {
		var leaves []tlog.Hash
		for n := size; n < upTo; n++ {
			leaves = append(leaves, leafNumber(n))
		}
		got, err := Append(size, leaves, tiles)
		if err != nil {
			t.Fatal(err)
		}
		for id, tile := range got.Tiles {
			tiles[id] = tile
		}
		size = got.Size
		if roots[size], err = Root(size, tiles); err != nil {
			t.Fatal(err)
		}
		for _, index := range []uint64{0, 1, size / 2, size - 2, size - 1} {
			if index < size {
				checkInclusion(t, index, size, roots[size], tiles)
			}
		}
		for old := range roots {
			checkConsistency(t, old, size, roots[old], roots[size], tiles)
		}
	}
}

func checkInclusion(t *testing.T, index, size uint64, root tlog.Hash, tiles TileReader) {
	t.Helper()
	path, err := ProveInclusion(index, size, tiles)
	if err != nil {
		t.Fatal(err)
	}
	leaf := leafNumber(index)
	check := func() error {
		return proof.VerifyInclusion(rfc6962.DefaultHasher, index, size, leaf[:], raw(path), root[:])
	}
	if err := check(); err != nil {
		t.Errorf("inclusion of %d in %d: %v", index, size, err)
	}
	for i := range path {
		path[i][0] ^= 1
		if check() == nil {
			t.Errorf("inclusion of %d in %d: hash %d flipped and still taken", index, size, i)
		}
		path[i][0] ^= 1
	}
}

func checkConsistency(t *testing.T, old, size uint64, oldRoot, root tlog.Hash, tiles TileReader) {
	t.Helper()
	path, err := ProveConsistency(old, size, tiles)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.VerifyConsistency(rfc6962.DefaultHasher, old, size, raw(path), oldRoot[:], root[:]); err != nil {
		t.Errorf("consistency of %d with %d: %v", old, size, err)
	}
}

// TestAppendOverwritesAnUnkeptTail checks that hashes of an append that was not kept do no harm.
func TestAppendOverwritesAnUnkeptTail(t *testing.T) {
	tiles := memTiles{}
	keep := func(size uint64, leaves ...tlog.Hash) {
		got, err := Append(size, leaves, tiles)
		if err != nil {
			t.Fatal(err)
		}
		for id, tile := range got.Tiles {
			tiles[id] = tile
		}
	}
	keep(0, leafNumber(0), leafNumber(7), leafNumber(8))
	keep(1, leafNumber(1))
	got, err := Root(2, tiles)
	if want := tlog.NodeHash(leafNumber(0), leafNumber(1)); err != nil || got != want {
		t.Errorf("root: got %v, %v, want %v", got, err, want)
	}
}

func TestDamagedTilesAreErrors(t *testing.T) {
	f := newFixture(t, "nanming", 1)
	for n := range uint64(300) {
		f.appendLeaves(t, leafNumber(n))
	}
	for _, id := range []TileID{{0, 0}, {0, 1}, {1, 0}} {
		whole := f.tiles[id]
		f.tiles[id] = whole[:len(whole)-1]
		_, errRoot := Root(f.size, f.tiles)
		_, errFirst := ProveInclusion(0, f.size, f.tiles)
		_, errLast := ProveInclusion(298, f.size, f.tiles)
		if errRoot == nil && errFirst == nil && errLast == nil {
			t.Errorf("tile %v cut short: root and proofs were given", id)
		}
		f.tiles[id] = whole
	}
	delete(f.tiles, TileID{0, 1})
	if _, err := Append(f.size, []tlog.Hash{leafNumber(300)}, f.tiles); err == nil {
		t.Error("append to a lost tile was taken")
	}
}

func BenchmarkProveInclusion(b *testing.B) {
	tiles, size := memTiles{}, uint64(1_000_000)
	leaves := make([]tlog.Hash, size)
	for n := range leaves {
		leaves[n] = leafNumber(uint64(n))
	}
	got, err := Append(0, leaves, tiles)
	if err != nil {
		b.Fatal(err)
	}
	for id, tile := range got.Tiles {
		tiles[id] = tile
	}
	root, err := Root(size, tiles)
	if err != nil {
		b.Fatal(err)
	}
	for _, what := range []string{"prove", "verify"} {
		b.Run(fmt.Sprintf("%s/1M", what), func(b *testing.B) {
			path, err := ProveInclusion(123_456, size, tiles)
			if err != nil {
				b.Fatal(err)
			}
			for i := 0; b.Loop(); i++ {
				if what == "prove" {
					_, err = ProveInclusion(uint64(i)*7919%size, size, tiles)
				} else {
					err = tlog.CheckRecord(path, int64(size), root, 123_456, leaves[123_456])
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
