package epochs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/host"
)

// Near is a neighbour on another node.
type Near struct {
	Name   identity.Jurisdiction
	Up     bool // there is a link to it
	Parent bool
}

// hearing is who said, since a person's word, what it saw of the ledger.
type hearing struct {
	asking host.Lock // held while they are asked for the first time

	mu   sync.Mutex // guards the field below
	each map[identity.Jurisdiction]heard
}

// heard is whether a neighbour said it.
type heard struct {
	said        bool
	first, last time.Time // when it was asked
	why         error     // it did not
}

// How long a parent that did not say is not asked again, and how long one child is waited for: none
// that is slow holds up the others.
const (
	parentAgain = 5 * time.Second
	childWithin = 3 * time.Second
)

// Hear asks the neighbours, of a ledger that goes on by a person's word, what they saw of it: each
// when there is a link to it, and before anybody is answered over that link. One that saw more puts
// the ledger in question again. The error is for a parent that does not say, for host.AskAgain
// since it was asked first; a child that does not is asked again by Run.
func (d *Desk) Hear(ctx context.Context) error {
	if !d.Own.Unheard() {
		return d.hearHeads(ctx)
	}
	d.hearing.asking.Lock()
	defer d.hearing.asking.Unlock()
	var asking sync.WaitGroup
	near := d.Witness.Near()
	for _, n := range near {
		was := d.hearing.of(n.Name)
		if n.Up && !was.said && (was.first.IsZero() || n.Parent && time.Since(was.last) >= parentAgain) {
			asking.Go(func() { d.hear(ctx, n) })
		}
	}
	asking.Wait()
	all := true
	for _, n := range near {
		now := d.hearing.of(n.Name)
		all = all && now.said
		if n.Parent && n.Up && !now.said && time.Since(now.first) < host.AskAgain {
			return fmt.Errorf("ask %s what it saw: %w", n.Name, now.why)
		}
	}
	if !all {
		return d.hearHeads(ctx)
	}
	return errors.Join(d.Own.Heard(), d.hearHeads(ctx))
}

// hearAgain asks those children again who did not say.
func (d *Desk) hearAgain(ctx context.Context) {
	if !d.Own.Unheard() {
		return
	}
	for _, n := range d.Witness.Near() {
		if was := d.hearing.of(n.Name); n.Up && !n.Parent && !was.said && !was.first.IsZero() {
			d.hear(ctx, n)
		}
	}
}

// hear asks one neighbour.
func (d *Desk) hear(ctx context.Context, n Near) {
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
	d.hearing.note(n.Name, began, err)
}

func (h *hearing) of(name identity.Jurisdiction) heard {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.each[name]
}

func (h *hearing) note(name identity.Jurisdiction, asked time.Time, why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.each == nil {
		h.each = map[identity.Jurisdiction]heard{}
	}
	now := h.each[name]
	if now.first.IsZero() {
		now.first = asked
	}
	now.last, now.said, now.why = time.Now(), why == nil, why
	h.each[name] = now
}

// How often a replica looks what was proven to another one, and one that is alone, to which all is
// proven itself, whether there are others.
const (
	watchEvery = time.Second
	aloneEvery = time.Minute
)

// Watch has each replica of a group know, until ctx ends, what a neighbour proved to the one that
// leads: that all of them were set back.
func (d *Desk) Watch(ctx context.Context) {
	for ctx.Err() == nil {
		advanced, pause := d.Own.Advanced(), aloneEvery
		if !d.Own.Alone() {
			pause = watchEvery
		}
		if !d.Own.Alone() && d.Own.Questioned() == nil {
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

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
