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
	// Heads are how much of each log a level above keeps the heads of, which the ledger's own keys
	// signed: of a jurisdiction that runs on its parent's node, where the parent may have been lost
	// with it. HeadsAt is that level.
	Heads   []ledger.Checkpoint
	HeadsAt identity.Jurisdiction
}

// headed is how much of a log somebody keeps the heads of.
type headed struct {
	_    struct{} `cbor:",toarray"`
	By   identity.Jurisdiction
	Log  identity.Log
	Mark Mark
}

// newestSaw is the newest log of which something was seen, with the most that was, and the others.
type newestSaw struct {
	epoch  uint64 // 0: nothing was seen
	note   []byte // of the checkpoint; empty: there is none of so much
	older  []Mark
	headed []headed // without a note: who keeps the heads of so much
	others []ledger.Checkpoint
}

// newest returns the newest log that somebody saw. Of one of which the parent saw a checkpoint, and
// a level above has the heads of more entries, the checkpoint is a smaller one.
func (s Saw) newest() (n newestSaw, err error) {
	n.note, n.older, n.others = append([]byte{}, s.Note...), append([]Mark{}, s.Older...), slices.Clone(s.Before)
	var most ledger.Checkpoint
	if len(s.Note) > 0 {
		if most, err = (ledger.Growth{Note: s.Note}).Checkpoint(); err != nil {
			return n, err
		}
	}
	n.headed = []headed{}
	for _, c := range s.Heads {
		switch {
		case most.Size > 0 && (c.Log.Epoch() < most.Log.Epoch() || c.Log == most.Log && c.Size <= most.Size):
			n.others = append(n.others, c)
			continue
		case most.Size > 0 && c.Log == most.Log:
			n.older = slices.Insert(n.older, 0, Mark{Size: most.Size, Root: most.Root})
		case most.Size > 0:
			n.others, n.older = append(n.others, most), []Mark{}
		}
		most, n.note = c, []byte{}
		n.headed = []headed{{By: s.HeadsAt, Log: c.Log, Mark: Mark{Size: c.Size, Root: c.Root}}}
	}
	if most.Size > 0 {
		n.epoch = most.Log.Epoch()
	}
	return n, nil
}

// since returns the largest of the others, of the logs that began with an epoch or later, and the
// least size of one that began later; 0: none did.
func (n newestSaw) since(epoch uint64) (most Mark, least uint64) {
	for _, c := range n.others {
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
	seen, by, err := note.seen(h.Log())
	if err != nil {
		return b, err
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
		Replica: h.Replica().String(), Before: seen.Log.String(), From: b.From, To: b.To, Saw: by.String(), Note: string(note.Saw),
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
	known := knownLost{Before: seen.Log, Saw: by, Note: note.Saw, Headed: []Mark{}}
	for _, of := range note.Headed {
		known.Headed = append(known.Headed, of.Mark)
	}
	if b.Known, err = canon.Marshal(known); err != nil {
		return b, err
	}
	b.KeySet, err = h.keySetChange(1, []trust.ReplicaKeys{h.authority.Keys()}, signed)
	return b, err
}

// seen returns the most that was seen of the newest log, and by whom; nothing of the own log where
// nobody saw any.
func (n *anewNote) seen(own identity.Log) (c ledger.Checkpoint, by identity.Jurisdiction, err error) {
	c, by = ledger.Checkpoint{Log: own}, n.Parent
	for _, of := range n.Headed {
		c, by = ledger.Checkpoint{Log: of.Log, Size: of.Mark.Size, Root: of.Mark.Root}, of.By
	}
	if len(n.Saw) > 0 {
		c, err = (ledger.Growth{Note: n.Saw}).Checkpoint()
	}
	return c, by, err
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
