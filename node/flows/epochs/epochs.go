// Package epochs has a ledger go on of which entries were lost that it had signed: its data
// directory was put back from a backup, or its machine was set back.
//
// A person says that nothing newer is left. Then (1) the neighbours are asked for the acts among
// the lost entries, of which they keep the heads, and the ledger goes on in a new epoch, whose
// first entry says what is lost; (2) whatever one of those acts ended is ended here too: a grant, a
// dataset, a standard, an agency, a child, an invitation; and only then (3) the jurisdiction
// answers others again. A node that is stopped between goes on by itself.
//
// Where nobody keeps the heads, nobody knows what ended, so a person must look through the grants,
// agencies, datasets and children, and say that they did. Where the keys changed in what is lost,
// the ledger cannot go on: its newest keys are lost too.
//
// What was given in the lost entries is not given anew, and no record comes back: whoever had it
// entered has its receipt, and enters it again.
package epochs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/flows/reform"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Own is the hosted jurisdiction; *host.Host is one.
type Own interface {
	book.Ledger

	// Doubt puts the ledger in question, because a neighbour keeps what is not here.
	Doubt(host.Seen)

	// Questioned returns the *host.QuestionError while the ledger is in question.
	Questioned() error

	// Continue takes a person's word that nothing is lost; see host.Host.
	Continue(ctx context.Context, id identity.Message, reason string) (identity.Entry, error)

	// BeginEpoch begins an epoch, Begun tells how the newest one began while it is not settled, and
	// SettleEpoch settles it; see host.Host.
	BeginEpoch(ctx context.Context, id identity.Message, reason string, lost host.Lost) (identity.Entry, error)
	Begun(ctx context.Context) (seen host.Seen, lost host.Lost, unsettled bool, err error)
	SettleEpoch(ctx context.Context) error
}

// Witness are the neighbours, who keep the heads of the own ledger.
type Witness interface {
	// Heads returns the acts among the own entries from one on up to a checkpoint that a neighbour
	// saw, with their heads proven. The error says that not all of them are known.
	Heads(ctx context.Context, seen host.Seen, from uint64) ([]ledger.Indexed, error)

	// Common returns how many entries of the own ledger the neighbour cosigned as they are here.
	Common(ctx context.Context, by identity.Jurisdiction) (uint64, error)

	// Forked returns what a neighbour keeps of another history of the own log; ok is false where
	// none is known.
	Forked(ctx context.Context) (seen host.Seen, ok bool, err error)
}

// Desk has the ledger of one hosted jurisdiction go on.
type Desk struct {
	Own     Own
	Witness Witness
	Reform  *reform.Desk
	// Changed is told that children ended, and NewKeys that there is another key set.
	Changed func(ctx context.Context) error
	NewKeys func()
	Logger  *slog.Logger
}

// Continue takes the word of a person that the data directory is the newest there is, and returns
// the entry that records it. checked says that they looked through what may have ended in entries
// that are lost, whose heads nobody keeps. The error is host.ErrNotInQuestion where nobody asked,
// text.LostUnknown where the heads are not known and nobody checked, text.LostKeys where the keys
// changed in what is lost, and those of host.Host.
func (d *Desk) Continue(ctx context.Context, id identity.Message, reason string, checked bool) (entry identity.Entry, err error) {
	q, questioned, err := d.question(ctx)
	if err != nil {
		return entry, err
	}
	if !questioned || q.Found == nil || q.Grouped || q.Epoch > 0 {
		return d.Own.Continue(ctx, id, reason)
	}
	lost := host.Lost{From: q.Size, Checked: checked}
	if q.Forked {
		if lost.From, err = d.Witness.Common(ctx, q.Found.By); err != nil {
			return entry, err
		}
	}
	acts, err := d.lost(ctx, *q.Found, lost)
	if err != nil {
		return entry, err
	}
	lost.Acts = len(acts)
	entry, err = d.Own.BeginEpoch(ctx, id, reason, lost)
	if errors.Is(err, host.ErrOtherKeys) {
		err = d.keysLost(err)
	}
	if err != nil {
		return entry, err
	}
	return entry, d.finish(ctx, acts)
}

// question returns why the ledger cannot go on as it is. One of which a neighbour keeps another
// history goes on, and is witnessed no more; a person's word puts it in question.
func (d *Desk) question(ctx context.Context) (q *host.QuestionError, questioned bool, err error) {
	if d.Own.Questioned() == nil {
		seen, forked, err := d.Witness.Forked(ctx)
		if err != nil || !forked {
			return nil, false, err
		}
		d.Own.Doubt(seen)
	}
	q, questioned = errors.AsType[*host.QuestionError](d.Own.Questioned())
	return q, questioned, nil
}

// lost returns the acts among the lost entries; none where a person checked what they ended.
func (d *Desk) lost(ctx context.Context, seen host.Seen, lost host.Lost) (acts []ledger.Indexed, err error) {
	acts, err = d.Witness.Heads(ctx, seen, lost.From)
	switch {
	case err != nil && lost.Checked: // what is known of them counts all the same
	case err != nil:
		return nil, text.Fail(text.LostUnknown, text.Args{"jurisdiction": d.Own.Name().String(), "name": seen.By.String()}, err)
	}
	for _, a := range acts {
		if a.Leaf.Head.Kind == ledger.KindKeySet || a.Leaf.Head.Kind == ledger.KindEpoch {
			return nil, d.keysLost(nil)
		}
	}
	return acts, nil
}

func (d *Desk) keysLost(err error) error {
	return text.Fail(text.LostKeys, text.Args{"jurisdiction": d.Own.Name().String()}, err)
}

// finish ends what the acts ended, and settles the epoch.
func (d *Desk) finish(ctx context.Context, acts []ledger.Indexed) error {
	d.NewKeys()
	if err := d.endAll(ctx, acts); err != nil {
		return err
	}
	return d.Own.SettleEpoch(ctx)
}

// again is how often an epoch that is not settled is tried again.
const again = 30 * time.Second

// Run finishes what was begun before the node was stopped, until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := d.resume(ctx); err != nil && ctx.Err() == nil {
			d.Logger.Warn("what ended in the entries that are lost has not all ended here yet", "error", err)
		}
		timer := time.NewTimer(again)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// resume finishes the newest epoch, unless it is settled.
func (d *Desk) resume(ctx context.Context) error {
	seen, lost, unsettled, err := d.Own.Begun(ctx)
	if err != nil || !unsettled {
		return err
	}
	acts, err := d.lost(ctx, seen, lost)
	if err != nil {
		return err
	}
	return d.finish(ctx, acts)
}
