package witnessing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/operation"
)

// The operations by which heads go up: see the package comment.
const (
	operationRisen operation.Operation[whose, risenTo] = "heads-risen"
	operationRaise operation.Operation[raised, span]   = "heads-raise"
)

// whose asks how far the heads of the logs at or below the asker are known.
type whose struct {
	Log   identity.Log `cbor:"1,keyasint"`           // the asker's own
	After string       `cbor:"2,keyasint,omitempty"` // the last log that was told, where there are more
}

// Check implements the bound of operation.
func (w whose) Check() error {
	if len(w.After) > 512 {
		return fmt.Errorf("a log's name of %d bytes", len(w.After))
	}
	return nil
}

// risenTo tells it.
type risenTo struct {
	Kept uint64    `cbor:"1,keyasint,omitempty"` // entries of the asker's log up to which it was witnessed
	Logs []logSpan `cbor:"2,keyasint"`           // in the order of their names
	More bool      `cbor:"3,keyasint,omitempty"`
}

type logSpan struct {
	_    struct{} `cbor:",toarray"`
	Log  identity.Log
	Span span
}

// mostTold is how many logs are told of at once.
const mostTold = 1024

// Check implements the bound of operation.
func (t risenTo) Check() error {
	if len(t.Logs) > mostTold || t.More && len(t.Logs) == 0 || t.Kept > identity.MaxIndex {
		return fmt.Errorf("%d logs, %d entries", len(t.Logs), t.Kept)
	}
	return nil
}

// raised is a piece on its way up.
type raised struct {
	_       struct{} `cbor:",toarray"`
	Excerpt []byte
	Size    uint64          // of the checkpoint that proves it
	Path    []tlog.Hash     // from its end to Size
	Said    []witness.Begun // entries after it that say what the log lost, in the tree of Size
	Links   []link          // by which that checkpoint stands in the sender's ledger; none: it is the sender's own
	By      identity.Log    // of the sender, in whose kept checkpoint the last link stands
}

// Check implements the bound of operation.
func (o raised) Check() error {
	if len(o.Excerpt) > ledger.MaxExcerptLen || len(o.Links) > maxLinks || len(o.Said) > mostSaid {
		return fmt.Errorf("an excerpt of %d bytes, by %d links, and %d entries", len(o.Excerpt), len(o.Links), len(o.Said))
	}
	for _, b := range o.Said {
		if err := b.Check(); err != nil {
			return err
		}
	}
	for _, l := range o.Links {
		if err := l.check(); err != nil {
			return err
		}
	}
	return checkProof(nil, o.Path)
}

// What goes up in one round. Of the own log a million entries are looked at: half a second.
const (
	mostPieces = 64 // of the own log
	mostPassed = 64 // of the logs below
)

// rose is what the parent was sent last.
type rose struct {
	at    time.Time
	own   uint64 // entries that the parent had kept
	below uint64 // entries of all logs below of which heads were known
}

// rise sends the parent what it does not have, if there may be anything or it was asked long ago.
func (d *Desk) rise(ctx context.Context, to identity.Jurisdiction) error {
	now := rose{at: d.o.Now()}
	logs, err := looked(d, func(r *state.Reader) ([]risen, error) {
		now.own = d.keptBy(r, to)
		return known(r, identity.Jurisdiction{}), nil
	})
	if err != nil {
		return err
	}
	for _, k := range logs {
		now.below += k.To
	}
	d.mu.Lock()
	last := d.rose
	d.mu.Unlock()
	if last.own == now.own && last.below == now.below && now.at.Sub(last.at).Abs() < showAgain {
		return nil
	}
	d.rising.Lock()
	defer d.rising.Unlock()
	all, err := d.raise(ctx, to, logs)
	d.waits(to, all && err == nil)
	if err != nil || !all {
		return err
	}
	d.mu.Lock()
	d.rose = now
	d.mu.Unlock()
	return nil
}

// raise sends the parent what it does not have yet: the heads of the own log, and then those of the
// logs below. all is false where something is left for the next round.
func (d *Desk) raise(ctx context.Context, to identity.Jurisdiction, logs []risen) (all bool, err error) {
	d.parentHas = above{}
	have, err := d.askRisen(ctx, to)
	if err != nil || have.kept == 0 {
		return false, err
	}
	return d.sendHeads(ctx, to, have, logs)
}

// sendHeads sends what the parent does not have by what it said. The caller holds the lock of
// rising.
func (d *Desk) sendHeads(ctx context.Context, to identity.Jurisdiction, have above, logs []risen) (all bool, err error) {
	at, err := d.raiseOwn(ctx, to, have)
	if err != nil {
		return false, err
	}
	have.at[have.log] = at
	passed, err := d.passOn(ctx, to, have, logs)
	if err == nil {
		d.parentHas = have
	}
	return passed && at.To >= have.kept, err
}

// above is what the parent has.
type above struct {
	of   identity.Jurisdiction
	log  identity.Log // own
	kept uint64       // of the own log
	at   map[identity.Log]span
}

// askRisen asks the parent what it has.
func (d *Desk) askRisen(ctx context.Context, to identity.Jurisdiction) (have above, err error) {
	have = above{of: to, log: d.o.Own.Log(), at: map[identity.Log]span{}}
	after := ""
	for range mostKnown/mostTold + 1 {
		told, err := ask(ctx, d, operationRisen, to, whose{Log: d.o.Own.Log(), After: after})
		if err != nil {
			return have, err
		}
		have.kept = told.Kept
		for _, l := range told.Logs {
			have.at[l.Log] = l.Span
			after = l.Log.String()
		}
		if !told.More {
			break
		}
	}
	return have, nil
}

// raiseOwn sends the heads of the own log up to the checkpoint that the parent keeps, once that has
// all that the ledger says of what it lost.
func (d *Desk) raiseOwn(ctx context.Context, to identity.Jurisdiction, have above) (at span, err error) {
	log := d.o.Own.Log()
	at = have.at[log]
	if after, said := d.o.Own.SaysLost(); !said || have.kept < after {
		return at, nil
	}
	for range mostPieces {
		o, err := looked(d, func(r *state.Reader) (raised, error) { return d.nextOf(r, log, at, have.kept) })
		if err != nil || len(o.Excerpt) == 0 {
			return at, err
		}
		now, err := ask(ctx, d, operationRaise, to, o)
		if err != nil {
			return at, err
		}
		if now.To <= at.To {
			return at, fmt.Errorf("%s does not take the heads after entry %d", to, at.To)
		}
		at = now
	}
	return at, nil
}

// nextOf makes and signs the piece that comes after, or in place of, the last one that the parent
// has; none where it has all up to kept.
func (d *Desk) nextOf(r *state.Reader, log identity.Log, at span, kept uint64) (o raised, err error) {
	if at.From > at.To || at.To >= kept || kept > r.Size() {
		return o, nil
	}
	begin := at.From
	if at.To-at.From == ledger.MaxExcerptEntries { // it is full
		begin = at.To
	}
	x, err := ledger.Excerpts(log, begin, kept, r)
	if err == nil && x.To <= at.To { // it is full of acts
		x, err = ledger.Excerpts(log, at.To, kept, r)
	}
	if err != nil {
		return o, err
	}
	o = raised{Excerpt: x.Sign(d.o.Own).Encode(), Size: kept, Path: []tlog.Hash{}, Said: []witness.Begun{}, Links: []link{}, By: log}
	if x.To < kept {
		o.Path, err = ledger.ProveConsistency(x.To, kept, r)
	}
	if err == nil {
		o.Said, err = saidAfter(r, x.To, kept)
	}
	return o, err
}

// nextBelow returns the next piece of a log below, as the parent can prove it; none where the entry
// by which it stands is not under a checkpoint that the parent keeps.
func nextBelow(r *state.Reader, log identity.Log, at span, kept uint64) (o raised, err error) {
	p, ok := pieces.Load(r, keyOfPiece(log, at.From))
	x, err := readPiece(p, ok)
	if err == nil && x.To <= at.To {
		p, ok = pieces.Load(r, keyOfPiece(log, at.To))
		x, err = readPiece(p, ok)
	}
	if err != nil {
		return o, fmt.Errorf("after entry %d: %w", at.To, err)
	}
	index, logged := p.Entry.Index()
	if !logged || index >= kept || kept > r.Size() {
		return o, nil
	}
	own := link{Index: index, Leaf: r.Leaf(index)}
	if own.Path, err = ledger.ProveInclusion(index, kept, r); err != nil {
		return o, err
	}
	return raised{Excerpt: p.Excerpt, Size: p.Size, Path: p.Path, Said: p.Said, Links: append(p.Links, own), By: r.Log()}, nil
}

// readPiece reads a piece that is kept. Where there is none, the pieces here do not begin where
// those of whoever asks end.
func readPiece(p piece, ok bool) (ledger.Excerpt, error) {
	if !ok {
		return ledger.Excerpt{}, errors.New("no piece begins there")
	}
	return ledger.ParseExcerpt(p.Excerpt)
}
