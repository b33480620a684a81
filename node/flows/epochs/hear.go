package epochs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/host"
)

// Near is a neighbour on another node.
type Near struct {
	Name   identity.Jurisdiction
	Up     bool // there is a link to it
	Parent bool
}

// hearing is who said, since the ledger went on last, what was asked.
type hearing struct {
	asking host.Lock     // held while they are asked for the first time
	over   atomic.Uint64 // the continuation since which all was said, and one more

	mu    sync.Mutex // guards the fields below
	since uint64     // the continuation since which it was said
	each  map[matter]heard
}

// matter is what is asked: of a neighbour what it saw of the ledger, of the parent the heads of
// what an epoch lost.
type matter struct {
	of    identity.Jurisdiction // the neighbour; zero: the heads are asked for
	epoch uint64
	seen  ledger.Checkpoint // of what is lost
}

func headsOf(b host.Begun) matter { return matter{epoch: b.Epoch, seen: b.Seen.Checkpoint} }

// heard is whether it was said.
type heard struct {
	said        bool
	some        []part    // the logs of which not all heads were told
	first, last time.Time // when it was asked
	why         error     // it was not said
}

// asks reports whether somebody is to be asked before others are answered: the parent again, where
// it did not say it for so long, and a child once.
func (h heard) asks(parent bool, again time.Duration) bool {
	return !h.said && (h.first.IsZero() || parent && time.Since(h.last) >= again)
}

// waits reports whether others wait for what is asked of the parent.
func (h heard) waits() bool { return !h.said && time.Since(h.first) < host.AskAgain }

// How long a parent that did not say is not asked again, how long one child is waited for, as none
// that is slow holds up the others, and how long all are asked, whoever waits for it.
const (
	parentAgain = 5 * time.Second
	childWithin = 3 * time.Second
	askWithin   = 10 * time.Second
)

// Hear asks the neighbours, of a ledger that goes on by a person's word, what they saw of it: each
// when there is a link to it, and before anybody is answered over that link. One that saw more puts
// the ledger in question again. Then it asks the parent for the heads of what is lost; see
// hearHeads. The error is for a parent that does not say it, for host.AskAgain since it was asked
// first; a child that does not is asked again by Run. Whatever was said before the last word of a
// person is asked again: more may have been lost, and seen, since.
//
// They are asked in the desk's own time: who gives little for an answer to what it asks itself
// waits no longer, and has nobody asked in vain.
func (d *Desk) Hear(ctx context.Context) error {
	if d.hearing.over.Load() == d.Own.Continuations()+1 {
		return nil
	}
	if err := d.hearing.asking.LockIn(ctx); err != nil {
		return err
	}
	defer d.hearing.asking.Unlock()
	if d.Lasting != nil && d.Lasting() != nil {
		ctx = d.Lasting()
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return d.hearAll(ctx, parentAgain)
}

// hearAll asks all, the parent again where it did not say it for so long. The caller holds the lock
// of asking.
func (d *Desk) hearAll(ctx context.Context, again time.Duration) error {
	since := d.Own.Continuations()
	if d.hearing.over.Load() == since+1 {
		return nil
	}
	all, err := d.hearNear(ctx, since, again)
	if err != nil {
		return err
	}
	over, err := d.hearHeads(ctx, since, again)
	if err != nil {
		return fmt.Errorf("ask the parent for the heads of the lost entries: %w", err)
	}
	if all && over {
		d.hearing.over.Store(since + 1)
	}
	return nil
}

// hearByItself is Hear for the desk itself, which takes all the time that it needs, as there may be
// many heads.
func (d *Desk) hearByItself(ctx context.Context) error {
	if err := d.hearing.asking.LockIn(ctx); err != nil {
		return err
	}
	defer d.hearing.asking.Unlock()
	return d.hearAll(ctx, 0)
}

// hearNear asks the neighbours what they saw; all says that all of them have said it.
func (d *Desk) hearNear(ctx context.Context, since uint64, again time.Duration) (all bool, err error) {
	if !d.Own.Unheard() {
		return true, nil
	}
	var asking sync.WaitGroup
	near := d.Witness.Near()
	for _, n := range near {
		if n.Up && d.hearing.of(since, matter{of: n.Name}).asks(n.Parent, again) {
			asking.Go(func() { d.hear(ctx, since, n) })
		}
	}
	asking.Wait()
	all = true
	for _, n := range near {
		now := d.hearing.of(since, matter{of: n.Name})
		all = all && now.said
		if n.Parent && n.Up && now.waits() {
			return false, fmt.Errorf("ask %s what it saw: %w", n.Name, now.why)
		}
	}
	if !all {
		return false, nil
	}
	return true, d.Own.Heard(since)
}

// hearAgain asks those children again who did not say it.
func (d *Desk) hearAgain(ctx context.Context) {
	if !d.Own.Unheard() {
		return
	}
	since := d.Own.Continuations()
	for _, n := range d.Witness.Near() {
		if was := d.hearing.of(since, matter{of: n.Name}); n.Up && !n.Parent && !was.said && !was.first.IsZero() {
			d.hear(ctx, since, n)
		}
	}
}

// hear asks one neighbour.
func (d *Desk) hear(ctx context.Context, since uint64, n Near) {
	if !n.Parent {
		within, cancel := context.WithTimeout(ctx, childWithin)
		defer cancel()
		ctx = within
	}
	began := time.Now()
	seen, err := d.Witness.LargestBy(ctx, n.Name)
	for _, s := range seen {
		d.Own.Doubt(s)
	}
	d.hearing.note(since, matter{of: n.Name}, heard{said: err == nil, first: began, why: err})
}

func (h *hearing) of(since uint64, m matter) heard {
	h.mu.Lock()
	defer h.mu.Unlock()
	if since != h.since {
		return heard{}
	}
	return h.each[m]
}

// asked reports whether the heads of what an epoch lost were told, or asked for in vain for as long
// as others wait.
func (h *hearing) asked(since, epoch uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for m, now := range h.each {
		if since == h.since && m.of.IsZero() && m.epoch == epoch && !now.first.IsZero() && !now.waits() {
			return true
		}
	}
	return false
}

// note notes what was said. What was asked before the ledger went on last counts no more.
func (h *hearing) note(since uint64, m matter, now heard) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if since < h.since {
		return
	}
	if since > h.since || h.each == nil {
		h.since, h.each = since, map[matter]heard{}
	}
	if was := h.each[m]; !was.first.IsZero() {
		now.first = was.first
	}
	now.last = time.Now()
	h.each[m] = now
}

// How often a replica looks what was proven to another one, and one that is alone, to which all is
// proven itself, whether there are others.
const (
	watchEvery = time.Second
	aloneEvery = time.Minute
)

// Watch has each replica of a group know, until ctx ends, what a neighbour proved to the one that
// leads: that all of them were set back. One that is in question for its folder alone is told, too:
// it may be that of the others.
func (d *Desk) Watch(ctx context.Context) {
	for ctx.Err() == nil {
		advanced, pause := d.Own.Advanced(), aloneEvery
		if !d.Own.Alone() {
			pause = watchEvery
		}
		if !d.Own.Alone() && d.mayLearn() {
			if err := d.Recall(ctx); err != nil && ctx.Err() == nil {
				d.Logger.Error("whether another history of this ledger was proven is not known", "error", err)
			}
		}
		select {
		case <-advanced:
		case <-ctx.Done():
		}
		wait(ctx, pause)
	}
}

// mayLearn reports whether it is not known yet that a neighbour saw what is not here.
func (d *Desk) mayLearn() bool {
	q, questioned := errors.AsType[*host.QuestionError](d.Own.Questioned())
	return !questioned || q.Grouped && q.Found == nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
