package ledger

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
)

// Frontier is what is needed of the first Size leaves of a log to go on with its tree: the roots of
// the full subtrees at the tree's right edge, the largest first.
type Frontier struct {
	_      struct{} `cbor:",toarray"`
	Size   uint64
	Hashes []tlog.Hash // as many as Size has bits that are 1
}

// Check checks that there are as many hashes as the size asks for.
func (f Frontier) Check() error {
	if f.Size > identity.MaxIndex || len(f.Hashes) != bits.OnesCount64(f.Size) {
		return malformed("frontier", fmt.Errorf("%d hashes of %d entries", len(f.Hashes), f.Size))
	}
	return nil
}

// FrontierAt returns the frontier of the first size leaves.
func FrontierAt(size uint64, tiles TileReader) (Frontier, error) {
	f := Frontier{Size: size, Hashes: []tlog.Hash{}}
	at := uint64(0)
	var indexes []int64
	for level := 63; level >= 0; level-- {
		if width := uint64(1) << level; size&width != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, int64(at>>level)))
			at += width
		}
	}
	read, err := hashes{tiles}.ReadHashes(indexes)
	if err != nil {
		return f, fmt.Errorf("frontier of %d entries: %w", size, err)
	}
	f.Hashes = append(f.Hashes, read...)
	return f, nil
}

// add adds the root of the next full subtree, of 2^level leaves. The size must be a multiple of
// that.
func (f *Frontier) add(level int, hash tlog.Hash) {
	for n := f.Size >> level; n&1 == 1; n >>= 1 {
		last := len(f.Hashes) - 1
		hash = tlog.NodeHash(f.Hashes[last], hash)
		f.Hashes = f.Hashes[:last]
	}
	f.Hashes = append(f.Hashes, hash)
	f.Size += 1 << level
}

// Root returns the root of the tree.
func (f Frontier) Root() (root tlog.Hash) {
	if len(f.Hashes) == 0 {
		return emptyRoot
	}
	root = f.Hashes[len(f.Hashes)-1]
	for i := len(f.Hashes) - 2; i >= 0; i-- {
		root = tlog.NodeHash(f.Hashes[i], root)
	}
	return root
}

// Fold goes on with the tree over the range of an excerpt, which must begin where f ends. The error
// wraps ErrNotProven. The result is worth what its Root is compared with.
func (f Frontier) Fold(x Excerpt) (Frontier, error) {
	if x.From != f.Size {
		return f, fmt.Errorf("%w: an excerpt from entry %d after %d entries", ErrNotProven, x.From, f.Size)
	}
	f.Hashes = append([]tlog.Hash{}, f.Hashes...)
	rest := x.Hashes
	skip := func(to uint64) {
		for f.Size < to {
			f.add(aligned(f.Size, to), rest[0])
			rest = rest[1:]
		}
	}
	for _, a := range x.Acts {
		skip(a.Index)
		f.add(0, LeafHash(a.Leaf))
	}
	skip(x.To)
	return f, nil
}

// aligned returns the level of the largest full subtree that begins at the leaf from and does not
// go beyond to, which is later.
func aligned(from, to uint64) int {
	return min(bits.TrailingZeros64(from), bits.Len64(to-from)-1)
}

// subtreesIn returns how many full subtrees the leaves from from to before to are divided into.
func subtreesIn(from, to uint64) (n int) {
	for ; from < to; n++ {
		from += 1 << aligned(from, to)
	}
	return n
}
