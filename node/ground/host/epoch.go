package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// A ledger of which a neighbour saw more than is here cannot go on as it was: what it signs next
// would be a second history under the same names. By the word of a person it goes on in a new
// epoch. It answers no other jurisdiction until what ended in the entries that are lost has ended
// here too, which is for whoever calls SettleEpoch to see to.

// epochType is the content type of the payload of the entry that begins an epoch.
const epochType = "application/vnd.xietong.epoch+json"

// ErrOtherKeys is returned by BeginEpoch where the neighbour saw a later epoch than is here: its
// keys are elsewhere, and a new one under these would be of two chains.
var ErrOtherKeys = errors.New("a later epoch was begun elsewhere")

// Lost is what is known of the entries that a ledger lost.
type Lost struct {
	From    uint64 // the first of them
	To      uint64 // the one after the last that is known of; less than was seen: what was seen
	Acts    int    // how many acts are known by their heads
	Checked bool   // none is: a person looked through what may have ended
	Settled bool   // the person did, and the ledger goes on since
	Entry   uint64 // that began the epoch
	NewKeys bool   // a new chain of key sets began with it, or later
}

// begins is the payload of the entry that begins an epoch.
type begins struct {
	Replica string `json:"replica"`
	Before  string `json:"log_before"`
	From    uint64 `json:"lost_from"`
	To      uint64 `json:"lost_to"`
	Unknown bool   `json:"lost_to_unknown,omitempty"` // nobody said how many are
	Saw     string `json:"saw"`                       // who saw those entries,
	Note    string `json:"checkpoint"`
	Acts    int    `json:"acts_known"`
	Checked bool   `json:"checked_by_person,omitempty"`
	NewKeys bool   `json:"new_keys,omitempty"` // a new chain of key sets begins
	Reason  string `json:"reason,omitempty"`   // a person's; none: the heads say that more is lost
}

// knownLost is what the state keeps of how an epoch began, until it is settled and after.
type knownLost struct {
	_       struct{} `cbor:",toarray"`
	Before  identity.Log
	Saw     identity.Jurisdiction
	Note    []byte
	Acts    uint64
	Checked bool
	Headed  []Mark // how much of Before somebody keeps the heads of, where there is no note: one, or none
}

// BeginEpoch goes on in a new epoch by the word of a person, and records it with the reason. Where
// a neighbour saw more of an earlier epoch than is named as lost, and nothing else of the rest, the
// epoch stays, and another entry says that more is lost. It returns the entry. The error is
// ErrNotInQuestion where nothing is in question, the *QuestionError while a neighbour may answer
// yet or where there are other replicas, ErrOtherKeys, and a *KeysError while the newest key set is
// not in use.
func (h *Host) BeginEpoch(ctx context.Context, id identity.Message, reason string, lost Lost) (entry identity.Entry, err error) {
	q := h.worded(id, saysLost, reason)
	question := h.question.Load()
	entry, came, err := h.came(ctx, q, state.KindEpoch, state.KindEpochWidened)
	switch {
	case err != nil || came && (question == nil || h.awaitUnsettled()): // whether it did may not have been known
		return entry, err
	case came: // it is in question again
		return entry, question
	case question == nil:
		return entry, ErrNotInQuestion
	case question.Found == nil && question.Waiting || question.Grouped || question.Epoch > 0 || question.Outrun > 0:
		return entry, question
	case question.Found == nil:
		if question, err = h.supposed(*question, lost.From); err != nil {
			return entry, fmt.Errorf("begin epoch: %w", err)
		}
	case question.Found.Checkpoint.Log.Epoch() > h.Log().Epoch():
		return entry, ErrOtherKeys
	}
	h.renewing.Lock()
	defer h.renewing.Unlock()
	kind := state.KindEpoch
	var body []byte
	if of, began := h.after(question.Found.Checkpoint.Log); began && !question.Forked {
		kind, lost.From, lost.To = state.KindEpochWidened, of.From, question.Found.Checkpoint.Size
		body, err = h.epochWidened(question, of, reason, lost, false)
	} else {
		body, err = h.epochChange(ctx, question, reason, lost)
	}
	if err == nil {
		err = h.unhear(lost.From, false)
	}
	if err != nil {
		return entry, fmt.Errorf("begin epoch: %w", err)
	}
	result, err := h.Propose(ctx, kind, q, body)
	if err != nil {
		return entry, fmt.Errorf("begin epoch: %w", err)
	}
	h.awaitUnsettled()
	h.logger.Warn("the ledger goes on by the word of a person, and lost entries", "more", kind == state.KindEpochWidened, "epoch", h.Log().Epoch(), "lost_from", lost.From,
		"lost_to", max(lost.To, question.Found.Checkpoint.Size), "reason", reason)
	return h.Names().Entry(binary.BigEndian.Uint64(result)), nil
}

// supposed is the question of a ledger of which no neighbour said what it saw: by the word of a
// person, entries from one on are lost, and nobody knows how many.
func (h *Host) supposed(q QuestionError, from uint64) (*QuestionError, error) {
	c := ledger.Checkpoint{Log: h.Log(), Size: from}
	err := h.Look(func(r *state.Reader) (err error) {
		c.Root, err = r.RootAt(from)
		return err
	})
	q.Found = &Seen{By: h.name, Checkpoint: c, Note: []byte{}, At: h.now()}
	return &q, err
}

// epochChange makes the command that begins the next epoch.
func (h *Host) epochChange(ctx context.Context, q *QuestionError, reason string, lost Lost) ([]byte, error) {
	found := q.Found.Checkpoint
	b := state.EpochChange{Epoch: h.Log().Epoch() + 1, From: lost.From, To: max(lost.To, found.Size), Root: found.Root[:]}
	note, known, err := h.statedLost(q, reason, lost)
	if err != nil {
		return nil, err
	}
	b.Known, b.Evidence, b.Sealed = known, note.Evidence, note.Sealed
	if b.KeySet, err = h.epochKeys(ctx, b.Epoch); err != nil {
		return nil, err
	}
	return canon.Marshal(b)
}

// epochWidened makes the command by which an epoch lost more than the entry said that began it; it
// stays settled, where it was, if stays says so. Lost are all from where that says on.
func (h *Host) epochWidened(q *QuestionError, of state.Epoch, reason string, lost Lost, stays bool) ([]byte, error) {
	found := q.Found.Checkpoint
	lost.From, lost.To = of.From, found.Size
	note, known, err := h.statedLost(q, reason, lost)
	if err != nil {
		return nil, err
	}
	return canon.Marshal(state.EpochWidened{
		Epoch: of.Number, From: of.From, To: found.Size, Root: found.Root[:], Known: known, Stays: stays, Evidence: note.Evidence, Sealed: note.Sealed,
	})
}

// statedLost returns the statement about what is lost, and what is kept of it.
func (h *Host) statedLost(q *QuestionError, reason string, lost Lost) (note book.Statement, known []byte, err error) {
	found := q.Found.Checkpoint
	payload, err := json.Marshal(begins{
		Replica: q.Replica.String(), Before: found.Log.String(), From: lost.From, To: max(lost.To, found.Size), Unknown: q.Found.By == h.name && found.Size == lost.From, Saw: q.Found.By.String(), Note: string(q.Found.Note),
		Acts: lost.Acts, Checked: lost.Checked, Reason: reason,
	})
	if err == nil {
		note, err = h.Note(epochType, payload)
	}
	if err == nil {
		known, err = canon.Marshal(knownLost{Before: found.Log, Saw: q.Found.By, Note: q.Found.Note, Acts: uint64(lost.Acts), Checked: lost.Checked, Headed: []Mark{}})
	}
	return note, known, err
}

// after returns the epoch that lost what a log of this ledger had: the next one that was begun here
// after it. ok is false where none was.
func (h *Host) after(log identity.Log) (e state.Epoch, ok bool) {
	return h.epochThat(func(e state.Epoch) bool { return e.Number > log.Epoch() })
}

// LostNames returns the names of the first and the last entry that an epoch lost; last is zero
// where nobody said how many are. one is false where it may have lost several logs, whose entries
// have each their own names.
func LostNames(r *state.Reader, e state.Epoch) (first, last identity.Entry, one bool) {
	if e.Before+1 < e.Number {
		return first, last, false
	}
	var begun []state.Begin
	for _, each := range r.Epochs() {
		if each.Number <= e.Before {
			begun = append(begun, state.Begin{From: each.From, Before: each.Before})
		}
	}
	log, err := identity.NewLog(r.Log().Jurisdiction(), e.Before)
	if err != nil {
		return first, last, false
	}
	names := state.NamesSince(log, begun)
	if first = names.Entry(e.From); e.To > e.From {
		last = names.Entry(e.To - 1)
	}
	return first, last, true
}

// rekeyed reports whether a new chain of key sets began after a log of this ledger.
func (h *Host) rekeyed(log identity.Log) (is bool) {
	err := h.Look(func(r *state.Reader) error {
		sets, err := h.keys.walk(r)
		is = err == nil && sets[0].Epoch > log.Epoch()
		return err
	})
	return is && err == nil
}

// epochKeys makes the key set with which an epoch is signed: the keys stay.
func (h *Host) epochKeys(ctx context.Context, epoch uint64) (change state.KeySetChange, err error) {
	sets, _, err := h.renewable(ctx)
	if err != nil {
		return change, err
	}
	newest := sets[len(sets)-1]
	if newest.Number != h.authority.InUse() {
		return change, &KeysError{In: h.name, Pending: newest.Number}
	}
	hash := newest.Hash()
	next := newest.KeySet
	next.Epoch, next.Number, next.Previous, next.Revokes = epoch, newest.Number+1, hash[:], false
	signed, err := trust.Assemble(next, []trust.Signature{h.authority.SignKeySet(next)})
	if err == nil {
		_, err = trust.Extend(newest.KeySet, [][]byte{signed})
	}
	if err != nil {
		return change, fmt.Errorf("key set %d: %w", next.Number, err)
	}
	return h.keySetChange(next.Number, next.Replicas, signed)
}

// Names returns the names of the ledger's entries.
func (h *Host) Names() state.Names { return h.store.Names() }

// Doubt puts the folder in question because a neighbour saw what is not here: it was set back while
// it kept its place, or goes on beside another one. Of one that is in question it says why. What a
// neighbour says without a signature of this ledger's own keys does nothing. What this replica
// lacks the others may have, unless it has all that they agreed on: so all of them were set back.
func (h *Host) Doubt(s Seen) {
	q := h.question.Load()
	if q != nil && (q.Forked || q.Epoch > 0) || !h.vouched(s) {
		return
	}
	if !h.alone() && !h.hasAll() {
		return
	}
	var size uint64
	err := h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	if q != nil {
		size = q.Size
	}
	agrees, forked := h.judge(size, s)
	of, before := h.after(s.Checkpoint.Log)
	if err != nil || agrees || !before && !forked && s.Checkpoint.Size <= size || q != nil && q.Found != nil && !forked {
		return
	}
	from := min(h.openedSize, s.Checkpoint.Size)
	if before {
		from = of.From
	} else if had := h.unheard.since.Load(); had > 0 {
		from = min(from, had-1)
	}
	h.doubt(from)
	if q = h.question.Load(); q == nil { // settled meanwhile
		return
	}
	now := *q
	now.Found, now.Forked, now.Waiting, now.Grouped, now.Rekeyed = &s, forked, false, !h.alone(), h.rekeyed(s.Checkpoint.Log)
	if h.question.CompareAndSwap(q, &now) {
		h.logger.Error("a neighbour saw entries of this ledger that are not here: nothing is signed, and no other jurisdiction is answered",
			"peer", s.By.String(), "saw", s.Checkpoint.Size, "opened_with", q.Size, "forked", forked)
	}
	if err := h.noteDoubt(q); err != nil {
		h.logger.Warn("the place of this folder cannot be noted", "error", err)
	}
}

// hasAll reports whether this replica soon has all that the replicas agreed on.
func (h *Host) hasAll() bool {
	ctx, cancel := context.WithTimeout(context.Background(), glanceWithin)
	defer cancel()
	return h.linearize(ctx) == nil
}
