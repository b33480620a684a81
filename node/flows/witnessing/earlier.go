package witnessing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// The log of a later epoch has the entries of the one before up to where the loss begins, which the
// entry names that began the epoch. So it must show the same acts up to there: what was shown once
// goes under no hash. Where the loss begins is not known before that entry comes, so for each log
// it is kept which of the acts of before is the first that it does not show.

// commandHidden keeps the evidence that the heads of a log hide an act.
const commandHidden book.Command[hiddenBody, ledger.Ref] = 84

// parting is where the heads of a log part from those that were known of an epoch before.
type parting struct {
	_      struct{} `cbor:",toarray"`
	Before uint64   // the epoch
	Gone   uint64   // the first act that was shown of it and is not here, so far; noEntry: none
}

// noEntry is after all entries.
const noEntry = identity.MaxIndex + 1

// hides returns where the heads hide an act that was shown: it is gone, and not named as lost. That
// is known with the entry that began the epoch or, where that is hidden, once all that there is has
// come. What is said beyond the heads counts: that more is lost stands in a later entry, and
// between the two there may be more acts than one piece has. The pieces up to there must show it.
func (k risen) hides(all bool) (from parting, is bool) {
	for _, p := range slices.Backward(k.Partings) {
		if lost, begun := k.lostAfter(p.Before); p.Gone < lost && (begun || all) {
			return p, true
		}
	}
	return from, false
}

// parts returns where a log parts from the epochs before, with a piece that goes on after so many
// of its entries. It is held against each of them: of one between, fewer heads may have come than
// of those before.
func (s standing) parts(r *state.Reader, child identity.Jurisdiction, x ledger.Excerpt) ([]parting, error) {
	all := append([]parting{}, s.had.Partings...)
	if !s.known {
		all = partingsFrom(epochsOf(r, child, x.Log.Jurisdiction()), x.Log)
	}
	for i, p := range all {
		was, known, err := actsIn(r, child, x.Log.Jurisdiction(), p.Before)
		if err != nil {
			return nil, err
		}
		for n, leaf, ok := was.fromIndex(s.had.To); known && ok && n < x.To && p.Gone == noEntry; n, leaf, ok = was.fromIndex(n + 1) {
			if !shows(x, n, leaf) {
				p.Gone = n
			}
		}
		all[i] = p
	}
	return all, nil
}

// partingsFrom are those of a log of which nothing is known yet.
func partingsFrom(epochs []identity.Log, log identity.Log) []parting {
	all := []parting{}
	for _, l := range epochs {
		if l.Epoch() < log.Epoch() {
			all = append(all, parting{Before: l.Epoch(), Gone: noEntry})
		}
	}
	return all
}

// origin is what is known of where the ledger of a log began.
type origin struct {
	own   bool   // it is the child's own, whose keys are known
	first uint64 // the epoch in which its key sets began; 0: unknown
}

func (d *Desk) originOf(child identity.Jurisdiction, log identity.Log) (o origin, err error) {
	if log.Jurisdiction() != child {
		return o, nil
	}
	sets, err := d.o.KeySets(child)
	return origin{own: true, first: firstEpoch(sets)}, err
}

// anew reports, with the first piece of a log, whether its ledger begins with it: its first act is
// another one than that of the epoch before. A child may do so where its parent invited it with new
// keys; of a ledger further below, the level between says so.
func (o origin) anew(k risen, x ledger.Excerpt) bool {
	n := len(k.Partings)
	other := n > 0 && k.Partings[n-1].Gone == 0 && actAt(x, 0) != nil
	if o.own {
		return o.first == k.Log.Epoch() && (n == 0 || other)
	}
	return other
}

// goesOn reports whether heads must show how the epoch of their log began: others are known of an
// epoch before, or the key sets of the ledger began with one.
func (o origin) goesOn(k risen) bool {
	return !k.Anew && (len(k.Partings) > 0 || o.first > 0 && o.first < k.Log.Epoch())
}

// another reports whether a log has other acts than those before from the first on, and it is not
// known yet why: a level further up would take it for another ledger.
func (k risen) another() bool {
	gone := func(p parting) bool { return p.Gone == 0 }
	_, begun := k.lostAfter(k.Log.Epoch() - 1)
	return !k.Anew && !begun && slices.ContainsFunc(k.Partings, gone)
}

// actsIn returns the acts of one epoch of a ledger; known is false where none are kept, or not any
// more.
func actsIn(r *state.Reader, child, name identity.Jurisdiction, epoch uint64) (l *actsOf, known bool, err error) {
	log, err := identity.NewLog(name, epoch)
	if err != nil {
		return nil, false, err
	}
	k, known := risenOf.Load(r, keyOfRisen(child, log))
	return &actsOf{r: r, k: k}, known, nil
}

// actAt returns the leaf that an excerpt shows at a place; nil: none.
func actAt(x ledger.Excerpt, index uint64) []byte {
	for _, a := range x.Acts {
		if a.Index == index {
			return a.Leaf
		}
	}
	return nil
}

// shows reports whether an excerpt shows an act.
func shows(x ledger.Excerpt, index uint64, leaf []byte) bool {
	return bytes.Equal(actAt(x, index), leaf)
}

// hidesBegun returns the first entry that an excerpt does not show of those by which a checkpoint
// of its log was taken as one that goes on from an epoch before.
func (k kept) hidesBegun(x ledger.Excerpt) (entry uint64, is bool) {
	for _, b := range k.Begun {
		if k.Log == x.Log && b.Entry >= x.From && b.Entry < x.To && actAt(x, b.Entry) == nil {
			return b.Entry, true
		}
	}
	return 0, false
}

// hidden is the evidence that the heads of a log hide an act that was shown of an epoch before.
type hidden struct {
	_      struct{} `cbor:",toarray"`
	Log    identity.Log
	Before identity.Log          // of which the act was shown
	Index  uint64                // of the act, in both
	Child  identity.Jurisdiction // that sent the heads
	At     uint64                // ms since 1970 UTC: when it was found
	Entry  ledger.Ref            // that has the evidence
}

const maxHidden = 1 << 10

var hiddenIn = book.Bucket[hidden]{Name: "heads-hidden", Max: maxHidden} // by log

type hiddenBody struct {
	_         struct{} `cbor:",toarray"`
	Hidden    hidden   // its Entry is given by the handler
	Statement book.Statement
}

// evidence is what proves that an act is hidden: excerpts as they were signed. Its form is the
// deterministic CBOR of this type.
type evidence struct {
	_     struct{} `cbor:",toarray"`
	Shown []byte   // has the act
	Hides []byte   // of the later epoch: has it under a hash
	Begun []byte   // likewise: with it, the entry is known that names what is lost, or all there is
}

// mostHidden is of how many ledgers at or below one child evidence is kept, of each of one epoch: a
// child makes up as many below it as it likes, and epochs of each.
const mostHidden = 64

// keepsHidden reports whether there is room for evidence, and returns what is kept of that ledger.
func keepsHidden(r book.Reads, h hidden) (have hidden, room bool) {
	n := 0
	for _, one := range hiddenIn.All(r, nil) {
		if one.Log.Jurisdiction() == h.Log.Jurisdiction() {
			return one, false
		}
		if one.Child == h.Child {
			n++
		}
	}
	return have, n < mostHidden
}

// applyHidden keeps the evidence, where there is room. The first of a ledger stays, until the act
// is shown, or a person acknowledges it.
func applyHidden(tx *state.Tx, b hiddenBody) (ledger.Ref, error) {
	h := b.Hidden
	if have, room := keepsHidden(tx, h); !room {
		return have.Entry, nil
	}
	h.Entry = book.Next(tx)
	if err := hiddenIn.Save(tx, keyOfLog(h.Log), h); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindFork, Code: h.Child.Label(), To: h.Index, Epoch: h.Log.Epoch()})
}

// acknowledgeHidden forgets the evidence of a child, whose entry stays, as a person knows of it. A
// ledger that goes on, and hides the act again, is found again.
func acknowledgeHidden(tx *state.Tx, b acknowledgeBody) (ref ledger.Ref, known bool, err error) {
	h, known := hiddenIn.Load(tx, keyOfLog(b.Log))
	if !known || h.Child != b.Holder {
		return ledger.None, false, nil
	}
	if err := tx.Delete(hiddenIn.Name, keyOfLog(b.Log)); err != nil {
		return ledger.None, true, err
	}
	ref, err = b.Statement.Append(tx, ledger.Head{Kind: ledger.KindForkSeen, Code: h.Child.Label(), About: h.Entry})
	return ref, true, err
}

// shown forgets the evidence, once the act is shown, or named as lost: it is listed as that then.
func (k risen) shown(tx *state.Tx) error {
	h, known := hiddenIn.Load(tx, keyOfLog(k.Log))
	lost, _ := k.lostAfter(h.Before.Epoch())
	gone := func(p parting) bool { return p.Before == h.Before.Epoch() && p.Gone <= h.Index && h.Index < lost }
	if !known || k.To <= h.Index || slices.ContainsFunc(k.Partings, gone) {
		return nil
	}
	return tx.Delete(hiddenIn.Name, keyOfLog(k.Log))
}

// checkParting returns what a log says of its epochs with a piece that was proven, and where it
// parts from those before. Heads that hide an act are refused, and the evidence is recorded; so are
// heads that do not show how their epoch began.
func (d *Desk) checkParting(ctx context.Context, child identity.Jurisdiction, s standing, x ledger.Excerpt, o raised) (k risen, err error) {
	k.Log, k.Anew = x.Log, s.had.Anew
	from, err := d.originOf(child, x.Log)
	if err != nil {
		return k, err
	}
	said, hidden, hides := s.had.beyond(x, s.said)
	if hides {
		return k, d.beginHidden(child, hidden)
	}
	leaves, err := x.Leaves()
	if k.Begun, k.Said = s.had.begins(leaves), said; err == nil {
		k.Partings, err = viewed(ctx, d, func(r *state.Reader) ([]parting, error) { return s.parts(r, child, x) })
	}
	if err != nil {
		return k, err
	}
	if k.Anew = k.Anew || !s.known && from.anew(k, x); k.Anew {
		k.Partings = []parting{}
	}
	all := x.To == o.Size
	if before, hides := k.hides(all); hides {
		return k, d.refuseHidden(ctx, child, before, x, o)
	}
	if entry, hides := s.kept.hidesBegun(x); hides {
		return k, d.beginHidden(child, entry)
	}
	if _, begun := k.lostAfter(k.Log.Epoch() - 1); all && !begun && from.goesOn(k) {
		return k, d.headsRefused(child, fmt.Errorf("%w: nothing shows how epoch %d began", ledger.ErrNotProven, k.Log.Epoch()))
	}
	return k, nil
}

func (d *Desk) beginHidden(child identity.Jurisdiction, entry uint64) error {
	return d.headsRefused(child, fmt.Errorf("%w: entry %d, which says what is lost, is hidden", ledger.ErrNotProven, entry))
}

// refuseHidden refuses heads that hide an act, with the evidence.
func (d *Desk) refuseHidden(ctx context.Context, child identity.Jurisdiction, from parting, x ledger.Excerpt, o raised) error {
	before, err := identity.NewLog(x.Log.Jurisdiction(), from.Before)
	if err != nil {
		return err
	}
	h := hidden{Log: x.Log, Before: before, Index: from.Gone, Child: child, At: uint64(d.o.Now().UnixMilli())}
	err = fmt.Errorf("%w: %s was shown, and %s hides it", ledger.ErrNotProven, before.Entry(from.Gone), x.Log)
	return d.headsRefused(child, errors.Join(err, d.recordHidden(ctx, h, x.From, o.Excerpt)))
}

// recordHidden records the evidence that a log hides an act, once: the last piece came now, and
// begins at an entry.
func (d *Desk) recordHidden(ctx context.Context, h hidden, from uint64, last []byte) error {
	e, err := looked(d, func(r *state.Reader) (e evidence, err error) {
		if _, room := keepsHidden(r, h); !room {
			return e, nil
		}
		e.Hides, e.Begun = last, last
		p, ok := pieceAt(r, h.Before, h.Index)
		if e.Shown = p.Excerpt; ok && h.Index < from {
			p, ok = pieceAt(r, h.Log, h.Index)
			e.Hides = p.Excerpt
		}
		if !ok {
			err = fmt.Errorf("no piece has entry %d", h.Index)
		}
		return e, err
	})
	if err != nil || e.Shown == nil {
		return err
	}
	payload, err := canon.Marshal(e)
	if err != nil {
		return err
	}
	statement, err := d.o.Own.Note("application/cbor", payload)
	if err != nil {
		return err
	}
	d.o.Logger.Error("heads hide an act that was shown", "peer", h.Child.String(), "log", h.Log.String(), "act", h.Before.Entry(h.Index).String())
	_, err = commandHidden.Do(ctx, d.o.Own, book.Request{}, hiddenBody{Hidden: h, Statement: statement})
	return err
}

// findHidden returns the acts that are hidden.
func findHidden(r *state.Reader) (all []Finding) {
	for _, h := range hiddenIn.All(r, nil) {
		all = append(all, Finding{
			About: h.Child, At: time.UnixMilli(int64(h.At)), Entry: h.Entry.In(r.Names()), Log: h.Log, Hidden: h.Before.Entry(h.Index),
		})
	}
	return all
}
