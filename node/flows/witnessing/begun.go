package witnessing

import (
	"cmp"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
)

// begun is an epoch that a ledger says was begun: the entries of the one before are lost from one
// on.
type begun struct {
	_      struct{} `cbor:",toarray"`
	Epoch  uint64
	Before uint64 // the epoch from which it went on
	From   uint64
	To     uint64 // the one after the last that is named as lost; From: none said how many are
	Entry  uint64 // that said so last
}

// mostBegun is how many epochs are kept of a log.
const mostBegun = 64

// begins returns the epochs that were begun, as they are known with other entries of the log. That
// more is lost may be said later.
func (k risen) begins(entries []ledger.Indexed) []begun {
	return withSaid(k.Begun, saidIn(k.Log, entries))
}

// saidIn returns what entries of a log say of its epochs.
func saidIn(log identity.Log, entries []ledger.Indexed) (all []begun) {
	for _, a := range entries {
		h := a.Leaf.Head
		if h.Kind != ledger.KindEpoch || h.Epoch > log.Epoch() || h.Before == 0 || h.Before >= h.Epoch || h.From > a.Index || h.From > h.To {
			continue // no ledger says so: what is lost is no more than what is before
		}
		all = append(all, begun{Epoch: h.Epoch, Before: h.Before, From: h.From, To: h.To, Entry: a.Index})
	}
	return all
}

// withSaid returns the epochs with what is said of them beside, one for each.
func withSaid(epochs, said []begun) []begun {
	all := append([]begun{}, epochs...)
	for _, b := range said {
		at, known := slices.BinarySearchFunc(all, b.Epoch, func(b begun, epoch uint64) int { return cmp.Compare(b.Epoch, epoch) })
		if known {
			b.From, b.To, b.Entry = min(all[at].From, b.From), max(all[at].To, b.To), max(all[at].Entry, b.Entry)
			all[at] = b
		} else {
			all = slices.Insert(all, at, b)
		}
	}
	return all[max(0, len(all)-mostBegun):]
}

// mostBeyond is how many entries beyond the heads are kept by which a log says that it lost more. A
// ledger that says more counts for nothing with the rest before it shows these.
const mostBeyond = 16

// beyond returns what a log said beyond its heads, with a piece that came with more: what the piece
// shows is not beyond any more, and hidden is the first entry that it ought to show and does not.
func (k risen) beyond(x ledger.Excerpt, said []ledger.Indexed) (all []begun, hidden uint64, hides bool) {
	all = []begun{}
	for _, b := range append(slices.Clone(k.Said), saidIn(k.Log, said)...) {
		same := func(o begun) bool { return o.Entry == b.Entry }
		switch {
		case b.Entry < x.To && actAt(x, b.Entry) == nil:
			return nil, b.Entry, true
		case b.Entry >= x.To && len(all) < mostBeyond && !slices.ContainsFunc(all, same):
			all = append(all, b)
		}
	}
	return all, 0, false
}

// saidAfter returns the entries of the own log from one on that say what it lost, with their places
// in the tree of a size; the last ones, where there are many.
func saidAfter(r *state.Reader, from, size uint64) (all []witness.Begun, err error) {
	all = []witness.Begun{}
	for _, e := range r.Epochs() {
		if e.Entry < from || e.Entry >= size {
			continue
		}
		b, err := begunAt(r, e.Entry, size)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all[max(0, len(all)-mostSaid):], nil
}

// begunAt returns the entry that began an epoch, or said last that more is lost, with its place in
// the tree of a size; 0: in none.
func begunAt(r *state.Reader, entry, size uint64) (b witness.Begun, err error) {
	b = witness.Begun{Index: entry, Leaf: slices.Clone(r.Leaf(entry))}
	if size > 0 {
		b.Path, err = ledger.ProveInclusion(entry, size, r)
	}
	return b, err
}

// openSaid verifies what a piece comes with that its log says beyond it, in the tree of a
// checkpoint.
func openSaid(x ledger.Excerpt, all []witness.Begun, in ledger.Checkpoint) (said []ledger.Indexed, err error) {
	for _, b := range all {
		h, err := b.Open(in)
		if err == nil && b.Index < x.To {
			err = fmt.Errorf("%w: entry %d is not beyond the first %d", ledger.ErrNotProven, b.Index, x.To)
		}
		if err != nil {
			return nil, err
		}
		said = append(said, ledger.Indexed{Index: b.Index, Leaf: ledger.Leaf{Head: h}})
	}
	return said, nil
}

// lostAfter returns the first entry that a ledger names as lost of an epoch; noEntry: it names
// none. known is false where the entry is not known that began the epoch of the log.
func (k risen) lostAfter(epoch uint64) (from uint64, known bool) {
	from = noEntry
	for _, b := range withSaid(k.Begun, k.Said) {
		if b.Epoch > epoch {
			from = min(from, b.From)
		}
	}
	began := func(b begun) bool { return b.Epoch > epoch && b.Epoch == k.Log.Epoch() }
	return from, slices.ContainsFunc(k.Begun, began)
}

// names returns the names of the entries.
func (k risen) names() state.Names {
	var all []state.Begin
	for _, b := range withSaid(k.Begun, k.Said) {
		all = append(all, state.Begin{From: b.From, Before: b.Before})
	}
	return state.NamesSince(k.Log, all)
}

// begunIn are the epochs that a ledger says were begun, as a witness was shown it.
func begunIn(s witness.Shown) []begun {
	all := []begun{}
	for i, h := range s.Lost() {
		all = append(all, begun{Epoch: h.Epoch, Before: h.Before, From: h.From, To: h.To, Entry: s.Begun[i].Index})
	}
	return all
}

// namedAfter returns what the epochs after one are said to have lost, as the heads of entries that
// say so: of each epoch, all that was said.
func namedAfter(all []begun, epoch uint64) (lost []ledger.Head) {
	for _, b := range all {
		at, known := slices.BinarySearchFunc(lost, b.Epoch, func(h ledger.Head, epoch uint64) int { return cmp.Compare(h.Epoch, epoch) })
		switch {
		case b.Epoch <= epoch:
		case known:
			lost[at].From, lost[at].To = min(lost[at].From, b.From), max(lost[at].To, b.To)
		default:
			lost = slices.Insert(lost, at, ledger.Head{Epoch: b.Epoch, From: b.From, To: b.To})
		}
	}
	return lost
}
