package witness

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// Begun is the entry of a log that began an epoch, or that said later of it that more is lost, with
// its place in the tree of the checkpoint that is shown. Its head names the epoch, the entries of
// the one before that are lost, and the root of the ledger that had them.
type Begun struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Leaf  []byte
	Path  []tlog.Hash
}

// Bounds of what a later epoch is shown with.
const (
	MaxBegun    = 16 // epochs that a witness may have missed
	maxPath     = 63
	maxBegunLen = MaxBegun * (ledger.MaxActLen + maxPath*(tlog.HashSize+2) + 32)
)

// openBegun verifies that the entries stand in the tree of a checkpoint, and returns their heads:
// one of each epoch, one after another up to that of the checkpoint.
func openBegun(all []Begun, in ledger.Checkpoint) (lost []ledger.Head, err error) {
	if len(all) > MaxBegun {
		return nil, fmt.Errorf("%w: %d epochs were begun, more than %d", ledger.ErrMalformed, len(all), MaxBegun)
	}
	for i, b := range all {
		h, err := b.Open(in)
		if err != nil {
			return nil, err
		}
		if epoch := in.Log.Epoch() - uint64(len(all)-1-i); h.Epoch != epoch {
			return nil, fmt.Errorf("%w: entry %d began epoch %d, not %d", ledger.ErrNotProven, b.Index, h.Epoch, epoch)
		}
		lost = append(lost, h)
	}
	return lost, nil
}

// Lost returns the heads of the entries of Begun.
func (s Shown) Lost() []ledger.Head { return s.lost }

// Check implements the bound of operation.
func (b Begun) Check() error {
	if len(b.Leaf) > ledger.MaxActLen || len(b.Path) > maxPath {
		return fmt.Errorf("%w: an entry of %d bytes and %d hashes", ledger.ErrMalformed, len(b.Leaf), len(b.Path))
	}
	return nil
}

// Open verifies that the entry stands in the tree of a checkpoint, and returns its head. The error
// wraps ledger.ErrMalformed or ledger.ErrNotProven.
func (b Begun) Open(in ledger.Checkpoint) (h ledger.Head, err error) {
	if err := b.Check(); err != nil {
		return h, err
	}
	leaf, err := ledger.DecodeLeaf(b.Leaf)
	if err != nil {
		return h, err
	}
	h = leaf.Head
	if h.Kind != ledger.KindEpoch || h.From > b.Index || h.From > h.To || b.Index >= in.Size {
		return h, fmt.Errorf("%w: entry %d, %s, begins no epoch of %s", ledger.ErrNotProven, b.Index, h.Kind, in.Log)
	}
	if err := tlog.CheckRecord(b.Path, int64(in.Size), in.Root, int64(b.Index), ledger.LeafHash(b.Leaf)); err != nil {
		return h, fmt.Errorf("%w: entry %d: %w", ledger.ErrNotProven, b.Index, err)
	}
	return h, nil
}

// begunAfter returns the entries that began the epochs after that of a log; none where they do not
// begin with the next one.
func (s Shown) begunAfter(log identity.Log) []Begun {
	at := s.after(log)
	if at < 0 {
		return []Begun{}
	}
	return s.Begun[at:]
}

// after returns where in Begun the epochs after that of a log begin; -1: the next one is not there.
func (s Shown) after(log identity.Log) int {
	missed := s.Checkpoint.Log.Epoch() - log.Epoch()
	if log.Epoch() >= s.Checkpoint.Log.Epoch() || missed > uint64(len(s.Begun)) {
		return -1
	}
	return len(s.Begun) - int(missed)
}

// Named returns up to where the tree of a later epoch has what a checkpoint of one before commits
// to, by the heads of the entries that began the epochs since, in their order. all is false where
// more of it is lost than they name.
func Named(c ledger.Checkpoint, lost []ledger.Head) (upTo uint64, all bool) {
	upTo = c.Size
	for _, h := range lost {
		if upTo > h.From && upTo > h.To {
			return 0, false
		}
		upTo = min(upTo, h.From)
	}
	return upTo, true
}

// Names reports whether the entries of Begun name all that is lost of what a checkpoint of an epoch
// before commits to.
func (s Shown) Names(c ledger.Checkpoint) bool {
	at := s.after(c.Log)
	if at < 0 {
		return false
	}
	_, all := Named(c, s.lost[at:])
	return all
}

// holds reports whether the log that is shown must have all that a checkpoint commits to: it is of
// the same epoch, or of one before of which nothing of that is named as lost.
func (s Shown) holds(c ledger.Checkpoint) bool {
	if s.Checkpoint.Log == c.Log {
		return len(s.Begun) == 0
	}
	if s.after(c.Log) != 0 {
		return false
	}
	upTo, all := Named(c, s.lost)
	return all && upTo == c.Size
}

// Later compares an offer of a log of which nothing is kept with what is kept of the epoch before:
// the largest checkpoint, and smaller ones. Whoever keeps them knows (1) by the entries that began
// the epochs since, what the ledger says that it lost: all that was kept and is not there must be
// named; and (2) that the rest is there, by a proof from the largest one that nothing of is named.
// at is the checkpoint from which the proof must begin, or the largest one where it comes to none.
// The verdict is Elsewhere where the entries are not shown, or the proof begins elsewhere, Behind
// where more is lost than is named, and else that of Judge.
func Later(largest ledger.Checkpoint, smaller []ledger.Checkpoint, s Shown) (v Verdict, at *ledger.Checkpoint, err error) {
	first := s.after(largest.Log)
	if first < 0 {
		return Elsewhere, &largest, nil
	}
	upTo, all := Named(largest, s.lost[first:])
	if !all {
		return Behind, &largest, nil
	}
	for _, c := range append(smaller, largest) {
		if c.Log == largest.Log && c.Size <= upTo && (at == nil || c.Size > at.Size) {
			at = &c
		}
	}
	if at == nil {
		v, err = Judge(nil, s)
		return v, nil, err
	}
	as := *at
	as.Log = s.Checkpoint.Log // the tree goes on
	v, err = Judge(&as, s)
	return v, at, err
}
