package host

import (
	"encoding/json"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// chainChange makes the command that begins the epoch of the new chain.
func (h *Host) chainChange(note *anewNote) (b state.EpochChange, err error) {
	signed, _, err := h.authority.FirstKeySet(note.Epoch)
	if err != nil {
		return b, err
	}
	seen := ledger.Checkpoint{Log: h.Log()}
	if len(note.Saw) > 0 {
		if seen, err = (ledger.Growth{Note: note.Saw}).Checkpoint(); err != nil {
			return b, err
		}
	}
	b = state.EpochChange{Epoch: note.Epoch}
	err = h.Look(func(r *state.Reader) error { return lostBeside(r, seen, &b) })
	if err != nil {
		return b, err
	}
	payload, err := json.Marshal(begins{
		Replica: h.Replica().String(), Before: seen.Log.String(), From: b.From, To: b.To, Saw: note.Parent.String(), Note: string(note.Saw),
		NewKeys: true, Reason: note.Reason,
	})
	if err != nil {
		return b, err
	}
	statement, err := h.Note(epochType, payload)
	if err != nil {
		return b, err
	}
	b.Evidence, b.Sealed = statement.Evidence, statement.Sealed
	if b.Known, err = canon.Marshal(knownLost{Before: seen.Log, Saw: note.Parent, Note: note.Saw}); err != nil {
		return b, err
	}
	b.KeySet, err = h.keySetChange(1, []trust.ReplicaKeys{h.authority.Keys()}, signed)
	return b, err
}

// lostBeside puts into a change what is lost, where the parent saw a checkpoint: what it saw beyond
// the ledger or, where the two differ, all after what a majority signed here. What it saw of an
// epoch before is no more than is here.
func lostBeside(r *state.Reader, seen ledger.Checkpoint, b *state.EpochChange) error {
	size := r.Size()
	b.From, b.To = size, size
	root, err := r.RootAt(size)
	if err != nil {
		return err
	}
	b.Root = root[:]
	switch {
	case seen.Log.Jurisdiction() != r.Log().Jurisdiction() || seen.Size > identity.MaxIndex:
		return fmt.Errorf("%w: the parent saw %d entries of %s", ledger.ErrMalformed, seen.Size, seen.Log)
	case seen.Size == 0 || seen.Log.Epoch() < r.Log().Epoch():
		return nil
	case seen.Size > size:
		b.To, b.Root = seen.Size, seen.Root[:]
		return nil
	case seen.Log != r.Log():
		return nil
	}
	return forkedBeside(r, seen, b)
}

// forkedBeside does so where the parent saw no more than there is here, but perhaps other entries.
func forkedBeside(r *state.Reader, seen ledger.Checkpoint, b *state.EpochChange) error {
	root, err := r.RootAt(seen.Size)
	if err != nil || root == seen.Root {
		return err
	}
	signed, _ := r.Checkpoint()
	if b.From = signed; signed > seen.Size { // two majorities signed: nothing is known to be common
		b.From = 0
	}
	b.Root = seen.Root[:]
	return nil
}
