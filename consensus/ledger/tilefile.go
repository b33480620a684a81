package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The functions of this file say how a log lies in files (C2SP tlog-tiles): what the files of a
// size are called, and how leaves stand in an entry bundle.

// TileWidth is how many hashes a full tile has, and how many leaves a full bundle.
const TileWidth = tileWidth

// Extent is how many hashes of a tile level a tree has: Full tiles, and a tile with the Rest where
// that is not 0. Of level 0 it is also the extent of the entry bundles.
type Extent struct {
	Full uint64
	Rest int
}

// ExtentOf returns how many hashes of a tile level a tree of the given size has.
func ExtentOf(level int, size uint64) Extent {
	if level*TileHeight > 63 {
		return Extent{}
	}
	hashes := size >> (level * TileHeight)
	return Extent{hashes / tileWidth, int(hashes % tileWidth)}
}

// Width returns the width of the n-th tile; 0: there is none.
func (e Extent) Width(n uint64) int {
	switch {
	case n < e.Full:
		return tileWidth
	case n == e.Full:
		return e.Rest
	}
	return 0
}

// Tiles returns how many tiles there are, the partial one included.
func (e Extent) Tiles() uint64 {
	if e.Rest > 0 {
		return e.Full + 1
	}
	return e.Full
}

// Path returns the path of the tile's file, with slashes; width is how many hashes it has.
func (id TileID) Path(width int) string {
	return fmt.Sprintf("tile/%d/%s", id.Level, filePath(id.N, width))
}

// BundlePath returns the path of an entry bundle's file.
func BundlePath(n uint64, width int) string { return "tile/entries/" + filePath(n, width) }

// filePath writes a number in groups of three digits, all but the last with an x before them, and
// the width of what is not full.
func filePath(n uint64, width int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < tileWidth {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

// EncodeBundle returns an entry bundle: each leaf after its length in two bytes.
func EncodeBundle(leaves [][]byte) ([]byte, error) {
	var out []byte
	for _, leaf := range leaves {
		if len(leaf) > MaxLeafLen {
			return nil, malformed("leaf", fmt.Errorf("%d bytes, more than %d", len(leaf), MaxLeafLen))
		}
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(leaf))), leaf...)
	}
	return out, nil
}

// MaxBundleLen is the longest entry bundle, in bytes.
const MaxBundleLen = tileWidth * (2 + MaxLeafLen)

// DecodeBundle returns the leaves of an entry bundle, which must be so many. The error wraps
// ErrMalformed.
func DecodeBundle(data []byte, leaves int) ([][]byte, error) {
	var out [][]byte
	for len(data) > 0 {
		if len(out) == leaves {
			return nil, malformed("entry bundle", fmt.Errorf("it has more than %d entries", leaves))
		}
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, malformed("entry bundle", errors.New("it ends within an entry"))
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		out, data = append(out, data[2:end]), data[end:]
	}
	if len(out) != leaves {
		return nil, malformed("entry bundle", fmt.Errorf("it has %d entries, not %d", len(out), leaves))
	}
	return out, nil
}

// TileRoot returns the root of a full tile: the hash that stands for it one level up.
func TileRoot(tile []byte) [32]byte { return subtree(tile, 0, tileWidth) }
