package ledger

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Excerpt is what a superior is told of a range of a log: the leaves that are acts, and of all
// others the roots of the largest full subtrees between them. Whoever has the Frontier at From
// folds it to that at To, and holds its root against a checkpoint: so an excerpt is proven, and
// every entry of the range stands in it, as a leaf or under a hash.
//
// What is under a hash is not known: whoever made the excerpt says that no act is there. A leaf of
// another kind may stand in it too, because a later version may count more kinds as acts.
type Excerpt struct {
	Log      identity.Log
	From, To uint64 // the entries from From to before To
	Acts     []Act  // in their order
	// Hashes are the roots of the subtrees between the acts, from left to right. Which they are
	// follows from the range and from where the acts stand.
	Hashes []tlog.Hash
}

// Act is an entry that an excerpt shows.
type Act struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Leaf  []byte
}

// Indexed is a leaf with its place in the log.
type Indexed struct {
	Index uint64
	Leaf  Leaf
}

// Bounds of an excerpt.
const (
	MaxExcerptLen     = 20 << 10 // bytes, encoded
	MaxExcerptEntries = 1 << 14  // of its range
	MaxActLen         = 1 << 10  // bytes of a leaf in it: no leaf that can be made is longer

	fullExcerpt = 16 << 10 // bytes of acts, and hashes before them, after which a piece ends
)

const excerptVersion = 1

type excerptWire struct {
	_        struct{} `cbor:",toarray"`
	Version  uint64
	Log      identity.Log
	From, To uint64
	Acts     []Act
	Hashes   []byte
}

var emptyRoot tlog.Hash = sha256.Sum256(nil)

// LeafReader returns the leaves of a log beside its tree.
type LeafReader interface {
	TileReader
	Leaf(index uint64) []byte
}

// Excerpts makes the excerpt of a log that begins at from, and ends at to or where it is full,
// which follows from the leaves alone: so an excerpt that is full is the same whenever it is made,
// and one that is not full grows with the log.
func Excerpts(log identity.Log, from, to uint64, r LeafReader) (x Excerpt, err error) {
	x = Excerpt{Log: log, From: from, To: min(to, from+MaxExcerptEntries)}
	if from >= x.To {
		return x, fmt.Errorf("excerpt from %d to %d: it is empty", from, to)
	}
	used, gap := 0, from
	for i := from; i < x.To; i++ {
		leaf := r.Leaf(i)
		kind, ok := kindOf(leaf)
		if !ok || len(leaf) > MaxActLen {
			return x, malformed("excerpt", fmt.Errorf("entry %d, of %d bytes, is no leaf", i, len(leaf)))
		}
		if !kind.IsAct() {
			continue
		}
		used += len(leaf) + 16 + subtreesIn(gap, i)*tlog.HashSize
		if used > fullExcerpt {
			x.To = i
			break
		}
		x.Acts, gap = append(x.Acts, Act{Index: i, Leaf: slices.Clone(leaf)}), i+1
	}
	x.Hashes, err = hashes{r}.ReadHashes(x.subtrees())
	return x, err
}

// subtrees returns the indexes, as tlog counts them, of the hashes that stand in the excerpt.
func (x Excerpt) subtrees() (indexes []int64) {
	at := x.From
	until := func(to uint64) {
		for at < to {
			level := aligned(at, to)
			indexes = append(indexes, tlog.StoredHashIndex(level, int64(at>>level)))
			at += 1 << level
		}
	}
	for _, a := range x.Acts {
		until(a.Index)
		at = a.Index + 1
	}
	until(x.To)
	return indexes
}

// Encode returns the excerpt as it goes up and is kept.
func (x Excerpt) Encode() []byte {
	w := excerptWire{Version: excerptVersion, Log: x.Log, From: x.From, To: x.To, Acts: x.Acts, Hashes: []byte{}}
	if w.Acts == nil {
		w.Acts = []Act{}
	}
	for _, h := range x.Hashes {
		w.Hashes = append(w.Hashes, h[:]...)
	}
	return mustEncode(w)
}

// ParseExcerpt reads what Encode wrote, in its one spelling. It verifies nothing: see
// Frontier.Fold. The error wraps ErrMalformed.
func ParseExcerpt(data []byte) (x Excerpt, err error) {
	var w excerptWire
	if err := canon.Unmarshal(data, MaxExcerptLen, &w); err != nil {
		return x, malformed("excerpt", err)
	}
	x = Excerpt{Log: w.Log, From: w.From, To: w.To, Acts: w.Acts}
	if w.Version != excerptVersion || x.Log == (identity.Log{}) || x.From >= x.To || x.To > identity.MaxIndex || x.To-x.From > MaxExcerptEntries {
		return Excerpt{}, malformed("excerpt", fmt.Errorf("version %d, of entries %d to %d of %q", w.Version, w.From, w.To, w.Log))
	}
	at, want := x.From, 0
	for _, a := range x.Acts {
		if a.Index < at || a.Index >= x.To || len(a.Leaf) > MaxActLen {
			return Excerpt{}, malformed("excerpt", fmt.Errorf("entry %d, of %d bytes, is not where it can stand", a.Index, len(a.Leaf)))
		}
		if _, err := DecodeLeaf(a.Leaf); err != nil {
			return Excerpt{}, malformed("excerpt", err)
		}
		want += subtreesIn(at, a.Index)
		at = a.Index + 1
	}
	if want += subtreesIn(at, x.To); len(w.Hashes) != want*tlog.HashSize {
		return Excerpt{}, malformed("excerpt", fmt.Errorf("%d bytes of hashes, and there must be %d hashes", len(w.Hashes), want))
	}
	for h := range slices.Chunk(w.Hashes, tlog.HashSize) {
		x.Hashes = append(x.Hashes, tlog.Hash(h))
	}
	return x, nil
}

// Leaves returns the acts, decoded. The excerpt was read by ParseExcerpt.
func (x Excerpt) Leaves() (all []Indexed, err error) {
	for _, a := range x.Acts {
		leaf, err := DecodeLeaf(a.Leaf)
		if err != nil {
			return nil, err
		}
		all = append(all, Indexed{Index: a.Index, Leaf: leaf})
	}
	return all, nil
}

// Extends reports whether the excerpt shows everything that one shows which begins at the same
// entry and is shorter. What was shown once must not go under a hash. It may show more of the same
// entries: a later version may count more kinds as acts.
func (x Excerpt) Extends(shorter Excerpt) bool {
	if x.Log != shorter.Log || x.From != shorter.From || x.To <= shorter.To {
		return false
	}
	acts := x.Acts
	for _, shown := range shorter.Acts {
		i := slices.IndexFunc(acts, func(a Act) bool { return a.Index >= shown.Index })
		if i < 0 || acts[i].Index != shown.Index || !bytes.Equal(acts[i].Leaf, shown.Leaf) {
			return false
		}
		acts = acts[i+1:]
	}
	return true
}
