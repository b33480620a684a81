package witnessing

import (
	"context"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// A place on its parent's node has no witness on the way up but the first level that another node
// runs, which keeps its heads. Set back whole, with the node, it finds every file in its place, and
// nobody on the node can tell. So that level is asked at each start, and whenever a link to it was
// made, and no request that comes over the node's own links is answered before it has said what it
// keeps, or that has put the ledger in question. What comes from children on other nodes waits for
// those alone; see newlink.go. Where that level says nothing, requests are served again after
// host.AskAgain, as where there is no link, and it is asked on.

// upward is what the level above was asked.
type upward struct {
	mu sync.Mutex // guards what follows
	saying
}

// LinkedAbove notes that a link on the way to the first level above on another node was made, or
// that it is to be asked for another reason.
func (d *Desk) LinkedAbove() {
	u := &d.upward
	u.mu.Lock()
	defer u.mu.Unlock()
	u.change(func() { u.made, u.first, u.why = u.made+1, time.Time{}, nil })
}

// above returns the level above that is asked in the parent's place; ok is false where the parent
// runs on another node, or none above does.
func (d *Desk) above() (by identity.Jurisdiction, ok bool) {
	parent, joined := d.o.Parent()
	by, ok = d.o.Above()
	return by, ok && joined && by != parent
}

// LinksAbove asks that level, until ctx ends. While the ledger is in question it waits: what is
// said then may count for nothing once that is settled.
func (d *Desk) LinksAbove(ctx context.Context) {
	for again := askedAgain; ctx.Err() == nil; {
		by, hosted := d.above()
		made, due, changed := d.upward.due()
		if !hosted || !due {
			again = askedAgain
			waitOr(ctx, askedLongest, changed)
			continue
		}
		d.o.Own.AwaitUnquestioned(ctx)
		err := d.compareAbove(ctx, within)
		news, changed := d.upward.notes(made, err)
		if err == nil {
			wait(ctx, askedLeast)
			continue
		}
		if news && ctx.Err() == nil {
			d.o.Logger.Warn("the level above has not said yet what it keeps of this ledger: nothing that comes over this node's own links is answered", "peer", by.String(), "error", err)
			again = askedAgain
		}
		waitOr(ctx, again, changed)
		again = min(2*again, askedLongest)
	}
}

// due reports whether that level is to be asked, how many times it was to be by now, and what is
// closed once there is more.
func (u *upward) due() (made uint64, due bool, changed <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.made, u.said < u.made, u.changed
}

// notes is saying.asked, and returns what is closed once there is more, too.
func (u *upward) notes(made uint64, why error) (news bool, changed <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	news = u.asked(made, why)
	return news, u.changed
}

// compareAbove asks the level above what it keeps, for so long, and compares it with what is here.
func (d *Desk) compareAbove(ctx context.Context, most time.Duration) error {
	soon, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	all, err := d.SeenAbove(soon)
	for _, s := range all {
		if _, failed := d.compareSeen(soon, s); err == nil {
			err = failed
		}
	}
	return err
}

// ComparedAbove waits, of a request that comes over a link of this node to itself, until the level
// above has said what it keeps of this ledger since the last link to it was made. The error is
// text.AboveUnheard where it does not within three seconds, for host.AskAgain since it was asked
// first in vain.
func (d *Desk) ComparedAbove(ctx context.Context, peer identity.Jurisdiction) error {
	by, hosted := d.above()
	if !hosted || !d.o.Here(peer) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, comparedWithin)
	defer cancel()
	for {
		holds, changed, why := d.upward.waits()
		if !holds {
			return nil
		}
		if why == nil {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				why = ctx.Err()
			}
		}
		return text.Fail(text.AboveUnheard, text.Args{"jurisdiction": d.name.String(), "name": by.String()}, why)
	}
}

// waits reports whether requests are held up, what is closed when that may have ended, and why
// nobody waits for it, if nobody does. At a start it is asked before there are links.
func (u *upward) waits() (holds bool, changed <-chan struct{}, why error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if why = u.why; !u.first.IsZero() && time.Since(u.first) < comparedWithin {
		why = nil
	}
	return u.holds(), u.changed, why
}

// waitOr waits for so long, until something is closed, or ctx ends.
func waitOr(ctx context.Context, d time.Duration, closed <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closed:
	case <-ctx.Done():
	}
}
