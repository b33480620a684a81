package witnessing

import (
	"bytes"
	"cmp"
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

// begun is an epoch that a ledger says was begun: the entries of the one before are lost from one
// on.
type begun struct {
	_     struct{} `cbor:",toarray"`
	Epoch uint64
	From  uint64
	To    uint64 // the one after the last that is named as lost; From: none said how many are
	Entry uint64 // that said so last
}

// mostBegun is how many epochs are kept of a log.
const mostBegun = 64

// begins returns the epochs that were begun, as they are known with another piece. That more is
// lost may be said later.
func (k risen) begins(x ledger.Excerpt) (all []begun, err error) {
	leaves, err := x.Leaves()
	all = append([]begun{}, k.Begun...)
	for _, a := range leaves {
		h := a.Leaf.Head
		if h.Kind != ledger.KindEpoch || h.Epoch < 2 || h.Epoch > x.Log.Epoch() {
			continue
		}
		b := begun{Epoch: h.Epoch, From: h.From, To: h.To, Entry: a.Index}
		at, known := slices.BinarySearchFunc(all, h.Epoch, func(b begun, epoch uint64) int { return cmp.Compare(b.Epoch, epoch) })
		if known {
			b.From, b.To, b.Entry = min(all[at].From, b.From), max(all[at].To, b.To), max(all[at].Entry, b.Entry)
			all[at] = b
		} else {
			all = slices.Insert(all, at, b)
		}
	}
	return all[max(0, len(all)-mostBegun):], err
}

// lostAfter returns the first entry that a ledger names as lost of an epoch; noEntry: it names
// none. known is false where the entry is not known that began the epoch of the log.
func (k risen) lostAfter(epoch uint64) (from uint64, known bool) {
	from = noEntry
	for _, b := range k.Begun {
		if b.Epoch > epoch {
			from, known = min(from, b.From), known || b.Epoch == k.Log.Epoch()
		}
	}
	return from, known
}

// names returns the names of the entries. The first epoch is the newest known before those that
// were begun; older are the epochs that are known, in their order.
func (k risen) names(older []uint64) state.Names {
	var all []state.Begin
	for i, b := range k.Begun {
		before := b.Epoch - 1
		if i > 0 {
			before = k.Begun[i-1].Epoch
		} else if at, _ := slices.BinarySearch(older, b.Epoch); at > 0 {
			before = older[at-1]
		}
		all = append(all, state.Begin{From: b.From, Before: before})
	}
	return state.NamesSince(k.Log, all)
}

// commandHidden keeps the evidence that the heads of a log hide an act.
const commandHidden book.Command[hiddenBody, ledger.Ref] = 84

// parting is where the heads of a log part from those that were known of an epoch before.
type parting struct {
	_      struct{} `cbor:",toarray"`
	Before uint64   // the newest epoch before of which heads were known; 0: none, or of another ledger
	Gone   uint64   // the first act that was shown of it and is not here, so far; noEntry: none
}

// noEntry is after all entries.
const noEntry = identity.MaxIndex + 1

// hides reports whether an act that was shown is hidden: it is gone, and not named as lost. That is
// known with the entry that began the epoch or, where that is hidden, once all that there is has
// come.
func (k risen) hides(all bool) bool {
	lost, begun := k.lostAfter(k.Parting.Before)
	return k.Parting.Before > 0 && k.Parting.Gone < lost && (begun || all)
}

// parts returns where a log parts from the epoch before, with a piece that goes on after so many of
// its entries.
func (s standing) parts(r *state.Reader, child identity.Jurisdiction, x ledger.Excerpt) (p parting, err error) {
	if p = s.had.Parting; !s.known {
		p = parting{Before: epochBefore(r, child, x.Log), Gone: noEntry}
	}
	was, known, err := actsIn(r, child, x.Log.Jurisdiction(), p.Before)
	if err != nil || !known {
		return p, err
	}
	if n, leaf, ok := was.fromIndex(0); ok && !s.known && len(x.Acts) > 0 && x.Acts[0].Index == 0 && n == 0 && !bytes.Equal(x.Acts[0].Leaf, leaf) {
		return parting{}, nil // a new ledger under the same name
	}
	for n, leaf, ok := was.fromIndex(s.had.To); ok && n < x.To && p.Gone == noEntry; n, leaf, ok = was.fromIndex(n + 1) {
		if !shows(x, n, leaf) {
			p.Gone = n
		}
	}
	return p, nil
}

// epochBefore is the newest epoch of a ledger before one, of which heads are kept; 0: there is
// none.
func epochBefore(r book.Reads, child identity.Jurisdiction, log identity.Log) (before uint64) {
	for _, l := range epochsOf(r, child, log.Jurisdiction()) {
		if l.Epoch() < log.Epoch() {
			before = l.Epoch()
		}
	}
	return before
}

// actsIn returns the acts of one epoch of a ledger; known is false where none are kept, or not any
// more.
func actsIn(r *state.Reader, child, name identity.Jurisdiction, epoch uint64) (l *actsOf, known bool, err error) {
	if epoch == 0 {
		return nil, false, nil
	}
	log, err := identity.NewLog(name, epoch)
	if err != nil {
		return nil, false, err
	}
	k, known := risenOf.Load(r, keyOfRisen(child, log))
	return &actsOf{r: r, k: k}, known, nil
}

// shows reports whether an excerpt shows an act.
func shows(x ledger.Excerpt, index uint64, leaf []byte) bool {
	for _, a := range x.Acts {
		if a.Index == index {
			return bytes.Equal(a.Leaf, leaf)
		}
	}
	return false
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

// applyHidden keeps the evidence. The first of a log stays, until the act is shown.
func applyHidden(tx *state.Tx, b hiddenBody) (ledger.Ref, error) {
	h := b.Hidden
	if have, known := hiddenIn.Load(tx, keyOfLog(h.Log)); known {
		return have.Entry, nil
	}
	h.Entry = book.Next(tx)
	if err := hiddenIn.Save(tx, keyOfLog(h.Log), h); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindFork, Code: h.Child.Label(), To: h.Index, Epoch: h.Log.Epoch()})
}

// shown forgets the evidence, once the act is shown.
func (k risen) shown(tx *state.Tx) error {
	h, known := hiddenIn.Load(tx, keyOfLog(k.Log))
	if !known || k.To <= h.Index || k.Parting.Gone <= h.Index {
		return nil
	}
	return tx.Delete(hiddenIn.Name, keyOfLog(k.Log))
}

// checkParting returns what a log says of its epochs with a piece that was proven, and where it
// parts from the one before. Heads that hide an act are refused, and the evidence is recorded.
func (d *Desk) checkParting(ctx context.Context, child identity.Jurisdiction, s standing, x ledger.Excerpt, o raised) (k risen, err error) {
	k.Log = x.Log
	if k.Begun, err = s.had.begins(x); err == nil {
		k.Parting, err = viewed(ctx, d, func(r *state.Reader) (parting, error) { return s.parts(r, child, x) })
	}
	p, all := k.Parting, x.To == o.Size
	_, begun := k.lostAfter(p.Before)
	switch {
	case err != nil:
		return k, err
	case p.Gone == noEntry && p.Before > 0 && !begun && all:
		err = fmt.Errorf("%w: nothing shows how epoch %d began", ledger.ErrNotProven, x.Log.Epoch())
		return k, d.headsRefused(child, err)
	case !k.hides(all):
		return k, nil
	}
	before, err := identity.NewLog(x.Log.Jurisdiction(), p.Before)
	if err != nil {
		return k, err
	}
	h := hidden{Log: x.Log, Before: before, Index: p.Gone, Child: child, At: uint64(d.o.Now().UnixMilli())}
	err = fmt.Errorf("%w: %s was shown, and %s hides it", ledger.ErrNotProven, before.Entry(p.Gone), x.Log)
	return k, d.headsRefused(child, errors.Join(err, d.recordHidden(ctx, h, x.From, o.Excerpt)))
}

// recordHidden records the evidence that a log hides an act, once: the last piece came now, and
// begins at an entry.
func (d *Desk) recordHidden(ctx context.Context, h hidden, from uint64, last []byte) error {
	e, err := looked(d, func(r *state.Reader) (e evidence, err error) {
		if hiddenIn.Has(r, keyOfLog(h.Log)) {
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
