package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// TileHeight is the height of a tile: 256 hashes wide, as in C2SP tlog-tiles.
const TileHeight = 8

const tileWidth = 1 << TileHeight

// TileID names a tile: the hashes n·256 … n·256+255 of tree level 8·Level. A tile at the edge of
// the tree holds fewer.
type TileID struct {
	Level int
	N     uint64
}

// TileReader returns the stored hashes of a tile, 32 bytes each, or nil when there are none.
type TileReader interface {
	Tile(id TileID) ([]byte, error)
}

// Appended is the result of Append: the new size and the tiles that changed, to be stored whole.
type Appended struct {
	Size  uint64
	Tiles map[TileID][]byte
}

// Append adds leaf hashes to the tree of the given size. It reads each tile at the tree's edge
// once.
func Append(size uint64, leaves []tlog.Hash, tiles TileReader) (Appended, error) {
	a := appender{tiles: tiles, changed: map[TileID][]byte{}}
	for i, leaf := range leaves {
		if err := a.add(0, size+uint64(i), leaf); err != nil {
			return Appended{}, fmt.Errorf("append to tree: %w", err)
		}
	}
	return Appended{Size: size + uint64(len(leaves)), Tiles: a.changed}, nil
}

type appender struct {
	tiles   TileReader
	changed map[TileID][]byte
}

// add puts the n-th hash of a tile level in its place; a tile that becomes full gives its root to
// the level above.
func (a *appender) add(level int, n uint64, hash tlog.Hash) error {
	id := TileID{level, n / tileWidth}
	tile, ok := a.changed[id]
	if !ok {
		stored, err := a.tiles.Tile(id)
		if err != nil {
			return err
		}
		tile = append(make([]byte, 0, tileWidth*tlog.HashSize), stored...)
	}
	at := int(n % tileWidth)
	if len(tile) < at*tlog.HashSize {
		return malformed("tile", fmt.Errorf("level %d number %d holds %d bytes, not %d hashes", level, id.N, len(tile), at))
	}
	// The hashes after at, if any, are of a later append that was not kept: they are cut off.
	tile = append(tile[:at*tlog.HashSize], hash[:]...)
	a.changed[id] = tile
	if at < tileWidth-1 {
		return nil
	}
	return a.add(level+1, id.N, subtree(tile, 0, tileWidth))
}

// subtree returns the root of the complete subtree over hashes [from, to) of a tile; to-from is a
// power of two.
func subtree(tile []byte, from, to int) tlog.Hash {
	if to-from == 1 {
		return tlog.Hash(tile[from*tlog.HashSize:])
	}
	mid := (from + to) / 2
	return tlog.NodeHash(subtree(tile, from, mid), subtree(tile, mid, to))
}

// Root returns the root hash of the first size leaves.
func Root(size uint64, tiles TileReader) (tlog.Hash, error) {
	root, err := tlog.TreeHash(int64(size), hashes{tiles})
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("compute root of %d entries: %w", size, err)
	}
	return root, nil
}

// ProveInclusion proves that the leaf at index is in the tree of the first size leaves (RFC 9162
// §2.1.3).
func ProveInclusion(index, size uint64, tiles TileReader) (tlog.RecordProof, error) {
	proof, err := tlog.ProveRecord(int64(size), int64(index), hashes{tiles})
	if err != nil {
		return nil, fmt.Errorf("prove entry %d in %d: %w", index, size, err)
	}
	return proof, nil
}

// ProveConsistency proves that the tree of the first old leaves is the beginning of the tree of the
// first size leaves (RFC 9162 §2.1.4): what a witness asks for, beside the checkpoint that it saw
// before.
func ProveConsistency(old, size uint64, tiles TileReader) (tlog.TreeProof, error) {
	proof, err := tlog.ProveTree(int64(size), int64(old), hashes{tiles})
	if err != nil {
		return nil, fmt.Errorf("prove %d entries a prefix of %d: %w", old, size, err)
	}
	return proof, nil
}

// hashes computes single hashes of the tree from the tiles, which hold every eighth level.
type hashes struct{ tiles TileReader }

// ReadHashes implements tlog.HashReader. Each tile is read once per call.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	read := map[TileID][]byte{}
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		width := 1 << (level % TileHeight) // hashes of the tile that this hash covers
		from := uint64(n) * uint64(width)
		id := TileID{level / TileHeight, from / tileWidth}
		tile, ok := read[id]
		if !ok {
			var err error
			if tile, err = h.tiles.Tile(id); err != nil {
				return nil, err
			}
			read[id] = tile
		}
		at := int(from % tileWidth)
		if len(tile) < (at+width)*tlog.HashSize {
			return nil, malformed("tile", fmt.Errorf("level %d number %d lacks hash %d", id.Level, id.N, at+width-1))
		}
		out[i] = subtree(tile, at, at+width)
	}
	return out, nil
}

// Subroot returns the root of the complete subtree over some hashes of one tile level, 32 bytes
// each. Their number is a power of two, as that of a full tile is.
func Subroot(hashes []byte) tlog.Hash { return subtree(hashes, 0, len(hashes)/tlog.HashSize) }

// NodeAt returns the n-th hash of a level of the tree: the root of the entries from n<<level up to
// (n+1)<<level, all of which must be there.
func NodeAt(level int, n uint64, tiles TileReader) (tlog.Hash, error) {
	found, err := hashes{tiles}.ReadHashes([]int64{tlog.StoredHashIndex(level, int64(n))})
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("read hash %d of level %d: %w", n, level, err)
	}
	return found[0], nil
}
