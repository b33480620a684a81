// Package bundle is the format of the files in which the old entries of a ledger lie, and the
// folder that holds them.
//
// A file holds a fixed number of entries: 256 blocks of 256 entries, fewer blocks in tests. It has
// what the tree says of them below the file's own root: the full tiles of level 0. It is written
// once, whole, and never changed. Entries that are so old never change either, so a backup copies a
// file once, and what a database does at each commit does not grow with them.
//
// The file is told by its name from every other: the number of the file, and the root of its
// entries. The root commits to each of them and to their order, so it stands for the ledger, the
// epoch and the history that they are of: whoever knows by the tree which root file 12 has cannot
// take for it one that was written before the ledger was set back and went on otherwise. The files
// of two histories lie in one folder side by side.
//
//	0000000012-01a182c62ad54e93e6a18f1a3fd3f7f46f0d53f45c05cf3a788c059d75cc0136
//
// holds the entries from 786,432 up to 851,968, and begins with
//
//	78 69 65 74 6f 6e 67 20 65 6e 74 72 69 65 73 0a   "xietong entries\n"
//	00 00 00 01                                       version of the format
//	00 00 01 00                                       256 blocks
//	00 00 00 00 00 00 00 0c                           number of the file
//	01 a1 82 c6 … 75 cc 01 36                         root of its entries, 32 bytes
//
// All numbers are big endian. Then come
//
//	for each block: bytes of its leaves with their ends (uint32), sum of its tile (uint32), sum of its leaves with their ends (uint32)
//	the sum of all that stands before (uint32)
//	for each block: its tile, which is 256 hashes of 32 bytes; where each of its 256 leaves ends (uint32, from the first leaf on); the leaves
//
// A sum is a CRC-32C. That of a part of a block is over the number and root of the file, the block,
// which part it is, and the bytes: so a block that stands in the place of another is told, too.
// Every byte of a file is under a sum, and the lengths say where the file ends. Like the sums of
// the state file these withstand decay, not a writer who means harm; Check withstands him, by the
// hashes.
//
// A file is read by its offsets, which are checked, and never mapped: what another program cut off
// or changed is an error, never a signal, and never an answer.
package bundle

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/consensus/ledger"
)

const (
	// BlockLen is how many entries a block has.
	BlockLen = ledger.TileWidth
	// MaxBlocks is how many blocks a file has at most, and outside of tests always: what a tile of
	// level 1 covers.
	MaxBlocks = ledger.TileWidth

	magic     = "xietong entries\n"
	version   = 1
	headLen   = len(magic) + 4 + 4 + 8 + tlog.HashSize
	rowLen    = 4 + 4 + 4
	sumLen    = 4
	tileLen   = BlockLen * tlog.HashSize
	endsLen   = BlockLen * 4
	maxLeaves = endsLen + BlockLen*ledger.MaxLeafLen
)

// The parts of a block, as their sums tell them apart.
const (
	partTile   = 1
	partLeaves = 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrNotAsWritten is wrapped by the errors of a file whose bytes are not those that were written,
// or that is another file than its name says.
var ErrNotAsWritten = errors.New("it is not as it was written")

func notAsWritten(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotAsWritten, fmt.Sprintf(format, args...))
}

// ID tells which entries a file holds, and of which history.
type ID struct {
	Number uint64
	Blocks int       // a power of two, up to MaxBlocks
	Root   tlog.Hash // of its entries
}

// Name returns the name of the file.
func (id ID) Name() string { return fmt.Sprintf("%s%x", numbered(id.Number), id.Root[:]) }

// numbered returns how the names of all files of a number begin.
func numbered(number uint64) string { return fmt.Sprintf("%010d-", number) }

// parseName returns which file of a number, with so many blocks, has a name; ok is false where it
// is the name of none.
func parseName(name string, number uint64, blocks int) (id ID, ok bool) {
	root, ok := strings.CutPrefix(name, numbered(number))
	hash, err := hex.DecodeString(root)
	if !ok || err != nil || len(hash) != tlog.HashSize {
		return ID{}, false
	}
	id = ID{Number: number, Blocks: blocks, Root: tlog.Hash(hash)}
	return id, id.Name() == name
}

// First returns the index of the first entry.
func (id ID) First() uint64 { return id.Number * id.Entries() }

// Entries returns how many entries the file holds.
func (id ID) Entries() uint64 { return uint64(id.Blocks) * BlockLen }

// Fits reports whether a file can have so many blocks.
func Fits(blocks int) bool {
	return blocks > 0 && blocks <= MaxBlocks && bits.OnesCount(uint(blocks)) == 1
}

// head returns how the file begins.
func (id ID) head() []byte {
	b := append(make([]byte, 0, headLen+id.Blocks*rowLen+sumLen), magic...)
	b = binary.BigEndian.AppendUint32(b, version)
	b = binary.BigEndian.AppendUint32(b, uint32(id.Blocks))
	b = binary.BigEndian.AppendUint64(b, id.Number)
	return append(b, id.Root[:]...)
}

// sum returns the sum of a part of a block.
func (id ID) sum(block, part int, data []byte) uint32 {
	place := append(binary.BigEndian.AppendUint64(nil, id.Number), id.Root[:]...)
	place = append(place, byte(block), byte(part))
	return crc32.Update(crc32.Checksum(place, castagnoli), castagnoli, data)
}

// row is what the head of a file says of a block.
type row struct {
	at     int64 // of its tile, in the file
	leaves int   // bytes of the leaves with their ends
	tile   uint32
	sum    uint32 // of the leaves with their ends
}

// File is a file that is read. It keeps nothing of what is read, and is safe for use by several
// goroutines where its reader is.
type File struct {
	id   ID
	from io.ReaderAt
	rows []row
}

// Open reads what a file of so many bytes says of itself. The error wraps ErrNotAsWritten where
// that is not what the name says.
func Open(from io.ReaderAt, size int64, id ID) (*File, error) {
	if !Fits(id.Blocks) {
		return nil, fmt.Errorf("open bundle: %d blocks", id.Blocks)
	}
	want := id.head()
	b := make([]byte, headLen+id.Blocks*rowLen+sumLen)
	if size < int64(len(b)) {
		return nil, notAsWritten("it has %d bytes", size)
	}
	if _, err := from.ReadAt(b, 0); err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	if string(b[:headLen]) != string(want) {
		return nil, notAsWritten("it is not the file %s", id.Name())
	}
	end := len(b) - sumLen
	if crc32.Checksum(b[:end], castagnoli) != binary.BigEndian.Uint32(b[end:]) {
		return nil, notAsWritten("its head")
	}
	f := &File{id: id, from: from, rows: make([]row, id.Blocks)}
	at := int64(len(b))
	for i := range f.rows {
		r := b[headLen+i*rowLen:]
		f.rows[i] = row{at, int(binary.BigEndian.Uint32(r)), binary.BigEndian.Uint32(r[4:]), binary.BigEndian.Uint32(r[8:])}
		if n := f.rows[i].leaves; n < endsLen || n > maxLeaves {
			return nil, notAsWritten("block %d has %d bytes of leaves", i, n)
		}
		at += int64(tileLen + f.rows[i].leaves)
	}
	if at != size {
		return nil, notAsWritten("it has %d bytes, not %d", size, at)
	}
	return f, nil
}

// ID returns which file it is.
func (f *File) ID() ID { return f.id }

// Size returns how many bytes it has.
func (f *File) Size() int64 {
	last := f.rows[len(f.rows)-1]
	return last.at + tileLen + int64(last.leaves)
}

// Tile returns the tile of a block, of which there must be so many.
func (f *File) Tile(block int) ([]byte, error) {
	return f.read(block, partTile, f.rows[block].at, tileLen, f.rows[block].tile)
}

// Leaves returns the leaves of a block.
func (f *File) Leaves(block int) (*Leaves, error) {
	r := f.rows[block]
	data, err := f.read(block, partLeaves, r.at+tileLen, r.leaves, r.sum)
	if err != nil {
		return nil, err
	}
	l := &Leaves{ends: data[:endsLen], data: data[endsLen:]}
	before := 0
	for i := range BlockLen {
		end := l.end(i)
		if end <= before || end > len(l.data) {
			return nil, notAsWritten("leaf %d of block %d ends at %d", i, block, end)
		}
		before = end
	}
	if before != len(l.data) {
		return nil, notAsWritten("the leaves of block %d end at %d", block, before)
	}
	return l, nil
}

// read reads a part of a block, and compares it with its sum.
func (f *File) read(block, part int, at int64, n int, sum uint32) ([]byte, error) {
	data := make([]byte, n)
	if _, err := f.from.ReadAt(data, at); err != nil {
		return nil, fmt.Errorf("read bundle: %w", err)
	}
	if f.id.sum(block, part, data) != sum {
		return nil, notAsWritten("block %d", block)
	}
	return data, nil
}

// Leaves are the leaves of a block, in memory.
type Leaves struct{ ends, data []byte }

func (l *Leaves) end(i int) int { return int(binary.BigEndian.Uint32(l.ends[4*i:])) }

// Leaf returns a leaf, from 0 up to BlockLen, which is not a copy.
func (l *Leaves) Leaf(i int) []byte {
	from := 0
	if i > 0 {
		from = l.end(i - 1)
	}
	return l.data[from:l.end(i):l.end(i)]
}

// CheckBlock reads a block, and derives its root anew from its leaves. The error is a *LeafError
// where a leaf is not the one in the tile.
func (f *File) CheckBlock(block int) (root tlog.Hash, err error) {
	tile, err := f.Tile(block)
	if err != nil {
		return root, err
	}
	leaves, err := f.Leaves(block)
	if err != nil {
		return root, err
	}
	for i := range BlockLen {
		if hash := ledger.LeafHash(leaves.Leaf(i)); string(hash[:]) != string(tile[i*tlog.HashSize:][:tlog.HashSize]) {
			return root, &LeafError{f.id.First() + uint64(block*BlockLen+i)}
		}
	}
	return ledger.Subroot(tile), nil
}

// LeafError is returned for a leaf that is not the one in its tile.
type LeafError struct{ Index uint64 }

func (e *LeafError) Error() string {
	return fmt.Sprintf("entry %d is not the one in the tree", e.Index)
}

// Check reads the whole file, and derives its root anew.
func (f *File) Check() error {
	var roots []byte
	for block := range f.rows {
		root, err := f.CheckBlock(block)
		if err != nil {
			return err
		}
		roots = append(roots, root[:]...)
	}
	if ledger.Subroot(roots) != f.id.Root {
		return notAsWritten("its entries do not give its root")
	}
	return nil
}
