package epochs

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// An epoch is settled by what is known of the lost entries or, where nobody answers who may keep
// their heads, by a person's word. That word holds for what nobody can tell: what the heads say
// ends all the same, as soon as they can be had, and before anybody is answered over a link to
// whoever keeps them.

// keptHeads is what became of asking for the heads of an epoch that was settled without.
type keptHeads struct {
	asking      host.Lock   // held while they are asked for
	over        atomic.Bool // they were had since the start, as far as they are kept, or none are missing
	first, last time.Time   // when they were asked for; with asking held
	why         error       // they were not had; with asking held
}

// resume finishes an epoch that is not settled and, where asks says so, looks for what was not
// known of one that is.
func (d *Desk) resume(ctx context.Context, asks bool) error {
	if d.Own.Names().Log().Epoch() == 1 {
		return nil
	}
	if asks {
		seen, _ := d.Witness.Largest(ctx) // whoever does not answer is asked again
		for _, s := range seen {
			d.Own.Doubt(s)
		}
	}
	seen, lost, unsettled, err := d.Own.Begun(ctx)
	if err != nil || !unsettled || lost.Settled && !asks {
		return err
	}
	if lost.Settled {
		_, err = d.endKept(ctx, seen, lost)
		return err
	}
	return d.goOn(ctx, seen, lost)
}

// goOn finishes an epoch that was begun, with what is known by now. The word of a person with which
// it was begun counts only after whoever may keep the heads was asked for a while since the start:
// a link takes its time.
func (d *Desk) goOn(ctx context.Context, seen host.Seen, lost host.Lost) error {
	var since time.Duration
	if q, questioned := errors.AsType[*host.QuestionError](d.Own.Questioned()); questioned {
		since = time.Since(q.Since)
	}
	k, err := d.lost(ctx, seen, lost, since)
	if err != nil {
		return err
	}
	return d.finish(ctx, seen.Checkpoint.Log, k, lost.Entry)
}

// endKept ends what the heads say that are kept, of an epoch that was settled without all of them.
// kept says that they were had, all or some.
func (d *Desk) endKept(ctx context.Context, seen host.Seen, lost host.Lost) (kept bool, err error) {
	if seen.Checkpoint.Size <= lost.From { // nobody says yet what is lost; see Hear
		return true, nil
	}
	acts, same, err := d.Witness.Heads(ctx, seen, lost.From)
	some := failure.Is(err, text.HeadsMissing)
	if err != nil && !some {
		d.Logger.Info("the heads of the lost entries cannot be had yet", "error", err)
		return false, nil
	}
	if acts, err = d.missing(ctx, acts, same.UpTo); err != nil {
		return true, err
	}
	if some {
		return true, d.endAll(ctx, seen.Checkpoint.Log, acts, lost.Entry)
	}
	return true, d.finish(ctx, seen.Checkpoint.Log, known{acts, true, same}, lost.Entry)
}

// hearHeads has what ended in the lost entries end, of an epoch that was settled without their
// heads, once there is a link to the parent, which may keep them. The error is for a parent that
// does not answer, for host.AskAgain since it was asked first.
func (d *Desk) hearHeads(ctx context.Context) error {
	if d.heads.over.Load() || d.Own.Names().Log().Epoch() == 1 {
		return nil
	}
	d.heads.asking.Lock()
	defer d.heads.asking.Unlock()
	seen, lost, missing, err := d.Own.Begun(ctx)
	if err != nil || missing && !lost.Settled { // it is in question, and answers nobody
		return err
	}
	parent, linked := d.parent()
	if !missing || !parent || d.heads.over.Load() {
		d.heads.over.Store(true)
		return nil
	}
	if !linked {
		return nil
	}
	h := &d.heads
	if now := time.Now(); now.Sub(h.last) >= parentAgain {
		if h.last = now; h.first.IsZero() {
			h.first = now
		}
		kept, err := d.endKept(ctx, seen, lost)
		h.over.Store(kept && err == nil)
		if h.why = err; !kept && err == nil {
			h.why = errNotKept
		}
	}
	if !h.over.Load() && time.Since(h.first) < host.AskAgain {
		return fmt.Errorf("ask the parent for the heads of the lost entries: %w", h.why)
	}
	return nil
}

// errNotKept says that the parent has not told the heads yet.
var errNotKept = errors.New("it does not tell them yet")

// parent reports whether there is a parent on another node, and a link to it.
func (d *Desk) parent() (is, linked bool) {
	for _, n := range d.Witness.Near() {
		if n.Parent {
			return true, n.Up
		}
	}
	return false, false
}
