package host

import (
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// Saw is what the parent saw of the newest log of a ledger, and of those before.
type Saw struct {
	Note   []byte              // of the largest checkpoint; empty: it saw none
	Older  []Mark              // smaller ones, the largest first
	Before []ledger.Checkpoint // the largest of each log before that one
}

// since returns the largest of those before, of the logs that began with an epoch or later, and the
// least size of one that began later; 0: none did.
func (s Saw) since(epoch uint64) (most Mark, least uint64) {
	for _, c := range s.Before {
		if c.Log.Epoch() >= epoch && c.Size > most.Size {
			most = Mark{Size: c.Size, Root: c.Root}
		}
		if c.Log.Epoch() > epoch && (least == 0 || c.Size < least) {
			least = c.Size
		}
	}
	return most, least
}

// Mark is the size and the root of a checkpoint that the parent saw.
type Mark struct {
	_    struct{} `cbor:",toarray"`
	Size uint64
	Root tlog.Hash
}

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
	err = h.Look(func(r *state.Reader) error {
		var saw []Mark
		if seen.Log == r.Log() {
			saw = slices.Insert(slices.Clone(note.Older), 0, Mark{Size: seen.Size, Root: seen.Root})
		}
		return lostBeside(r, seen, note, h.common(r, saw), &b)
	})
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

// common returns up to where the ledger is that which the parent saw, as far as is known: up to the
// largest checkpoint that it saw and that is here, and to what the folder had when it was put in
// question, unless the parent saw others in its stead. Only of a folder that was put where it lies
// is it sure, then too, that what it had is of before.
func (h *Host) common(r *state.Reader, saw []Mark) uint64 {
	began, sure := r.Size(), false
	if q := h.question.Load(); q != nil && q.Epoch == 0 {
		began, sure = min(began, q.Size), q.Exact
	}
	if had := h.unheard.since.Load(); had > 0 && had-1 <= began {
		began, sure = had-1, h.unheard.exact.Load()
	}
	others, same := false, uint64(0)
	for _, m := range saw {
		if m.Size > r.Size() {
			continue
		}
		if root, err := r.RootAt(m.Size); err == nil && root == m.Root {
			same = m.Size
			break
		}
		others, sure = true, sure && m.Size > began
	}
	if others && !sure {
		return same
	}
	return max(same, began)
}

// lostBeside puts into a change what is lost, where the parent saw a checkpoint of the newest log,
// and of those before what is noted: what it saw beyond what is common or, where the two differ,
// all after that. Of a log of a later epoch at least the last entry is not here; where it parted
// from this one, its heads show later (see LostFrom). What the parent saw of an epoch before is no
// more than is here.
func lostBeside(r *state.Reader, seen ledger.Checkpoint, note *anewNote, common uint64, b *state.EpochChange) error {
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
	case seen.Log != r.Log():
		most, least := note.Most, seen.Size
		if most.Size < seen.Size {
			most = Mark{Size: seen.Size, Root: seen.Root}
		}
		if note.Least > 0 {
			least = min(least, note.Least)
		}
		b.From, b.To, b.Root = min(common, least-1), most.Size, most.Root[:]
		return nil
	case seen.Size > size:
		b.From, b.To, b.Root = common, seen.Size, seen.Root[:]
		return nil
	}
	if root, err = r.RootAt(seen.Size); err != nil || root == seen.Root {
		return err
	}
	b.From, b.Root = common, seen.Root[:]
	return nil
}
