package witnessing

import (
	"cmp"
	"context"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// presentedWithin is how long what a neighbour asks in the join protocol waits for its word. It is
// short: whoever asks may do so to be able to read what it is asked itself.
const presentedWithin = time.Second

// Compared waits until a neighbour has said what it saw of this ledger since it made its last link.
// The error is text.LinkUncompared where it does not within three seconds, for host.AskAgain since
// it was asked first in vain. It is asked on after that, too. It is text.AboveUncompared where the
// neighbour is the parent and has said it, and the level above that has not: what it says next is
// waited for, as it is asked every second.
func (d *Desk) Compared(ctx context.Context, peer identity.Jurisdiction) error {
	return d.compared(ctx, peer, comparedWithin, true)
}

func (d *Desk) compared(ctx context.Context, peer identity.Jurisdiction, within time.Duration, above bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		d.mu.Lock()
		l := d.links[peer]
		if l == nil || !l.holds() {
			d.mu.Unlock()
			return nil
		}
		why, changed := l.whyNot(), l.changed
		d.mu.Unlock()
		if next := above && failure.Is(why, text.AboveUncompared); why == nil || next {
			above = above && !next
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				why = cmp.Or(why, ctx.Err())
			}
		}
		if failure.Is(why, text.AboveUncompared) {
			return why
		}
		return text.Fail(text.LinkUncompared, text.Args{"jurisdiction": d.name.String(), "name": peer.String()}, why)
	}
}

// JoinCompared is Compared for what is asked in the join protocol, such as an endorsement or a
// chain. A neighbour whose program is older may need its answer to learn the keys by which it is
// asked, and is not held up. Nor is one that saw what keys signed which are not known here: it
// takes nothing of what goes back behind those, and says by that what is wrong here. And the parent
// does not wait for a level above that does not answer, which may need what the parent asks here.
func (d *Desk) JoinCompared(ctx context.Context, peer identity.Jurisdiction) error {
	d.mu.Lock()
	l := d.links[peer]
	older := l != nil && l.older
	d.mu.Unlock()
	if older {
		return nil
	}
	err := d.compared(ctx, peer, presentedWithin, false)
	if failure.Is(err, text.AboveUncompared) {
		return nil
	}
	if more, ok := errors.AsType[*host.MoreSeenError](err); ok && more.Err == nil && d.toldOf(peer) {
		return nil
	}
	return err
}

// toldOf reports whether a neighbour was asked since it made its last link.
func (d *Desk) toldOf(peer identity.Jurisdiction) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.links[peer]
	return l.lastOf == l.made
}

// AwaitParent waits until the parent, which sees most, has said what it saw, for three seconds at
// most after its last link was made or, where it has none, after the start. It is for what somebody
// asks whom the parent may have seen withdrawn. A parent that is away, or does not say it, holds up
// nobody longer.
func (d *Desk) AwaitParent(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, comparedWithin)
	defer cancel()
	for !d.parentSaid() && ctx.Err() == nil {
		parent, _ := d.o.Parent()
		d.mu.Lock()
		l := d.linksOf(parent)
		since, changed, told := d.began, l.changed, l.whyNot() != nil
		if l.at.After(since) {
			since = l.at
		}
		d.mu.Unlock()
		rest := time.Until(since.Add(comparedWithin))
		if told || rest <= 0 {
			return
		}
		waitOr(ctx, rest, changed)
	}
}

// parentSaid reports whether the parent has said what it saw since it has its last link, or there
// is none on another node.
func (d *Desk) parentSaid() bool {
	parent, joined := d.o.Parent()
	if !joined || d.o.Here(parent) {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.links[parent]
	return l != nil && l.made > 0 && l.said == l.made
}
