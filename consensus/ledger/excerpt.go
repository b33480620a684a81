package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// Excerpt is what a superior is told of a range of a log: the leaves that are acts, and of all
// others the roots of the largest full subtrees between them. Whoever has the Frontier at From
// folds it to that at To, and holds its root against a checkpoint: so an excerpt is proven, and
// every entry of the range stands in it, as a leaf or under a hash.
//
// What is under a hash is not known: whoever made the excerpt says that no act is there. The tree
// does not say who that was, and anybody who has an excerpt can make another one of it that shows
// less. So a replica of the log's own jurisdiction signs it, and whoever hands it on cannot put an
// act under a hash. A leaf of another kind may stand in it too, because a later version may count
// more kinds as acts.
type Excerpt struct {
	Log      identity.Log
	From, To uint64 // the entries from From to before To
	Acts     []Act  // in their order
	// Hashes are the roots of the subtrees between the acts, from left to right. Which they are
	// follows from the range and from where the acts stand.
	Hashes []tlog.Hash

	Key       ed25519.PublicKey // the log key of the replica that made it
	Signature []byte            // by that key
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

	// mostOfAct is the most that costOf tells of an act: before it are two subtrees of each level.
	mostOfAct = MaxActLen + 16 + 2*14*tlog.HashSize
)

const excerptVersion = 1

// excerptContext keeps a signature of an excerpt from ever being one of anything else that a log
// key signs.
const excerptContext = "xietong/1 excerpt\n"

type excerptWire struct {
	_        struct{} `cbor:",toarray"`
	Version  uint64
	Log      identity.Log
	From, To uint64
	Acts     []Act
	Hashes   []byte
}

type signedExcerptWire struct {
	_         struct{} `cbor:",toarray"`
	Excerpt   excerptWire
	Key       []byte
	Signature []byte
}

var emptyRoot tlog.Hash = sha256.Sum256(nil)

// LeafReader returns the leaves of a log beside its tree.
type LeafReader interface {
	TileReader
	Leaf(index uint64) []byte
}

// Excerpts makes the excerpt of a log that begins at from, and ends at to or where it is full,
// which follows from the leaves alone: so an excerpt that is full is the same whenever it is made,
// and one that is not full grows with the log. It is not signed yet.
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
		used += costOf(leaf, gap, i)
		if used > fullExcerpt {
			x.To = i
			break
		}
		x.Acts, gap = append(x.Acts, Act{Index: i, Leaf: slices.Clone(leaf)}), i+1
	}
	x.Hashes, err = hashes{r}.ReadHashes(x.subtrees())
	return x, err
}

// costOf is what an act takes of an excerpt, with the hashes between the one before and it.
func costOf(leaf []byte, gap, index uint64) int {
	return len(leaf) + 16 + subtreesIn(gap, index)*tlog.HashSize
}

// Full reports whether the excerpt has no room for an act more, so that another one may follow it.
// One that Excerpts ended before the size that it was asked for is full. A version that counts more
// kinds as acts must not end a piece before where one ends that was cut without them.
func (x Excerpt) Full() bool {
	used, gap := 0, x.From
	for _, a := range x.Acts {
		used += costOf(a.Leaf, gap, a.Index)
		gap = a.Index + 1
	}
	return x.To-x.From == MaxExcerptEntries || used+mostOfAct > fullExcerpt
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

// wire returns what is signed of the excerpt.
func (x Excerpt) wire() excerptWire {
	w := excerptWire{Version: excerptVersion, Log: x.Log, From: x.From, To: x.To, Acts: x.Acts, Hashes: []byte{}}
	if w.Acts == nil {
		w.Acts = []Act{}
	}
	for _, h := range x.Hashes {
		w.Hashes = append(w.Hashes, h[:]...)
	}
	return w
}

func (x Excerpt) message() []byte {
	return append([]byte(excerptContext), mustEncode(x.wire())...)
}

// Sign returns the excerpt as the replica that made it signs it.
func (x Excerpt) Sign(by LogSigner) Excerpt {
	x.Key, x.Signature = by.LogPublic(), by.SignLog(x.message())
	return x
}

// Holds verifies the signature by the key that the excerpt names, whosever that is. The error wraps
// ErrNotProven.
func (x Excerpt) Holds() error {
	if len(x.Key) != ed25519.PublicKeySize || !ed25519.Verify(x.Key, x.message(), x.Signature) {
		return fmt.Errorf("%w: the signature of an excerpt of %s does not hold", ErrNotProven, x.Log)
	}
	return nil
}

// SignedBy verifies that a replica of one of the key sets signed the excerpt. They must be those of
// the log's jurisdiction. The error wraps ErrNotProven.
func (x Excerpt) SignedBy(sets []trust.KeySet) error {
	for _, k := range sets {
		if slices.ContainsFunc(k.Replicas, func(r trust.ReplicaKeys) bool { return bytes.Equal(r.LogKey, x.Key) }) {
			return x.Holds()
		}
	}
	return fmt.Errorf("%w: no replica that is known signed the excerpt of %s from entry %d", ErrNotProven, x.Log, x.From)
}

// Encode returns the excerpt, with its signature, as it goes up and is kept.
func (x Excerpt) Encode() []byte {
	return mustEncode(signedExcerptWire{Excerpt: x.wire(), Key: x.Key, Signature: x.Signature})
}

// ParseExcerpt reads what Encode wrote, in its one spelling. It verifies nothing: see Fold of a
// Frontier, and SignedBy. The error wraps ErrMalformed.
func ParseExcerpt(data []byte) (x Excerpt, err error) {
	var signed signedExcerptWire
	if err := canon.Unmarshal(data, MaxExcerptLen, &signed); err != nil {
		return x, malformed("excerpt", err)
	}
	w := signed.Excerpt
	x = Excerpt{Log: w.Log, From: w.From, To: w.To, Acts: w.Acts, Key: signed.Key, Signature: signed.Signature}
	switch {
	case w.Version != excerptVersion || x.Log == (identity.Log{}) || x.From >= x.To || x.To > identity.MaxIndex || x.To-x.From > MaxExcerptEntries:
		return Excerpt{}, malformed("excerpt", fmt.Errorf("version %d, of entries %d to %d of %q", w.Version, w.From, w.To, w.Log))
	case len(x.Key) != ed25519.PublicKeySize || len(x.Signature) != ed25519.SignatureSize:
		return Excerpt{}, malformed("excerpt", fmt.Errorf("a key of %d bytes, a signature of %d", len(x.Key), len(x.Signature)))
	}
	if err := x.place(w.Hashes); err != nil {
		return Excerpt{}, malformed("excerpt", err)
	}
	return x, nil
}

// place checks that the acts stand where they can, and takes the hashes between them.
func (x *Excerpt) place(hashes []byte) error {
	at, want := x.From, 0
	for _, a := range x.Acts {
		if a.Index < at || a.Index >= x.To || len(a.Leaf) > MaxActLen {
			return fmt.Errorf("entry %d, of %d bytes, is not where it can stand", a.Index, len(a.Leaf))
		}
		if _, err := DecodeLeaf(a.Leaf); err != nil {
			return err
		}
		want += subtreesIn(at, a.Index)
		at = a.Index + 1
	}
	if want += subtreesIn(at, x.To); len(hashes) != want*tlog.HashSize {
		return fmt.Errorf("%d bytes of hashes, and there must be %d hashes", len(hashes), want)
	}
	for h := range slices.Chunk(hashes, tlog.HashSize) {
		x.Hashes = append(x.Hashes, tlog.Hash(h))
	}
	return nil
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
