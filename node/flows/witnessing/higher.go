package witnessing

import (
	"context"

	"xietong/certs/identity"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// One machine may carry a parent and its child, and set both back. The parent then saw no more of
// the child's ledger than there is, and nothing on it tells that it did. But the heads went further
// up. So with each new link to its parent a child asks the level above that, too, before it answers
// what comes over the link: what it has of heads that are not here was signed here, and is lost. A
// level above that is away holds up nobody longer than a silent neighbour.

// overParent returns the level above the parent whose heads of the own ledger are looked at: where
// the parent is on this node, the first one that is not; else the one above the parent.
func (d *Desk) overParent() (by identity.Jurisdiction, ok bool) {
	parent, joined := d.o.Parent()
	by, ok = d.o.Above()
	switch {
	case !joined || !ok:
		return by, false
	case by == parent:
		return d.o.AboveParent()
	}
	return by, true
}

// compareLinked compares what a neighbour that has a new link saw with what is here and, of the
// parent, what the level above has. Where the parent tells nothing, as its own ledger is in
// question, that level is asked all the same: the parent passes on what others ask.
func (d *Desk) compareLinked(ctx context.Context, peer identity.Jurisdiction) error {
	err := d.compareWith(ctx, peer)
	if err != nil && !failure.Is(err, text.BeingVerified) {
		return err
	}
	if above := d.compareOver(ctx, peer); above != nil {
		return above
	}
	return err
}

// compareOver compares, where the neighbour is the parent, what the level above it has.
func (d *Desk) compareOver(ctx context.Context, peer identity.Jurisdiction) error {
	parent, joined := d.o.Parent()
	by, ok := d.overParent()
	if !joined || !ok || peer != parent {
		return nil
	}
	err := d.compareAbove(ctx, comparedWithin)
	if err == nil || failure.Is(err, text.UnknownOperation) { // an older program, which keeps nothing
		return nil
	}
	return text.Fail(text.AboveUncompared, text.Args{"jurisdiction": d.name.String(), "name": peer.String(), "above": by.String()}, err)
}

// compareSeen compares what somebody saw of this ledger with what is here.
func (d *Desk) compareSeen(ctx context.Context, s Seen) (host.Seen, error) {
	seen := host.Seen{By: s.By, Checkpoint: s.Checkpoint, Note: s.Note, At: s.At, Forgot: s.Forgot, Headed: s.Headed}
	return seen, d.o.Own.Compare(ctx, seen)
}
