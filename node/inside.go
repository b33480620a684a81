package node

import (
	"context"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// A place on its parent's node is set back with it. What a neighbour of one of those above on this
// node finds is so about all that is hosted below: while that is in question, and has lost entries,
// nothing is answered for them, and they are put in question themselves.

// lookBeside is how often a hosted place looks whether those above on its node have lost entries.
const lookBeside = time.Second

// linkedAbove tells a jurisdiction of this node that has a new link to its parent, and all that are
// hosted below it, to ask the first level above on another node anew: the link is on their way.
func (n *Node) linkedAbove(h *hosted, peer identity.Jurisdiction) {
	if parent, joined := h.table.Parent(); !joined || peer != parent {
		return
	}
	for _, below := range append(n.below(h.settings.Name), h) {
		below.witness.LinkedAbove()
	}
}

// apartAbove has a place that this node hosts ask the level above again, as that keeps other heads
// of it than went up, or more.
func (n *Node) apartAbove(of identity.Jurisdiction) {
	if h, here := n.of(of); here {
		h.witness.LinkedAbove()
	}
}

// below returns all that this node hosts below a jurisdiction of it.
func (n *Node) below(name identity.Jurisdiction) (all []*hosted) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, h := range n.hosted {
		if h.settings.Name != name && h.settings.Name.Under(name) {
			all = append(all, h)
		}
	}
	return all
}

// unheardInside returns why an operation of another jurisdiction is not run: what only a place that
// runs on its parent's node must ask, or that its parent was set back.
func (n *Node) unheardInside(ctx context.Context, h *hosted, peer identity.Jurisdiction, operation string) error {
	if _, _, lost := n.lostAbove(h); lost {
		return text.Fail(text.BeingVerified, text.Args{"jurisdiction": h.settings.Name.String()}, nil)
	}
	if err := h.witness.ComparedAbove(ctx, peer); err != nil {
		return err
	}
	return h.unheard(ctx, peer, operation)
}

// lostAbove returns a jurisdiction above that this node runs, and that was found to have lost
// entries in an epoch, where the place was not put in question for that.
func (n *Node) lostAbove(h *hosted) (by *hosted, epoch uint64, lost bool) {
	for name, ok := h.table.Parent(); ok; name, ok = name.Parent() {
		above, here := n.of(name)
		if !here {
			return nil, 0, false
		}
		if epoch, lost = above.lostIn(); lost && !h.host.HeardBeside(name, epoch) {
			return above, epoch, true
		}
	}
	return nil, 0, false
}

// lostIn returns the epoch in which a jurisdiction in question lost entries, that of before the one
// that it began, if it has begun one. More that is lost of an epoch before is no other loss.
func (h *hosted) lostIn() (epoch uint64, lost bool) {
	q, questioned := errors.AsType[*host.QuestionError](h.host.Questioned())
	if !questioned {
		return 0, false
	}
	own := h.host.Log().Epoch()
	switch {
	case q.Epoch > 0:
		e, unsettled := h.host.Unsettled()
		return e.Before, unsettled && e.Number == own
	case q.Found != nil:
		return own, q.Forked || q.Found.Checkpoint.Log.Epoch() >= own
	}
	return own, q.Outrun > 0
}

// watchBeside puts a hosted place in question once one above on this node has lost entries, and
// asks what there is to know about it, until ctx ends.
func (h *hosted) watchBeside(n *Node) {
	for h.ctx.Err() == nil {
		if by, epoch, lost := n.lostAbove(h); lost {
			if err := h.lostBeside(by.settings.Name, epoch); err != nil {
				h.logger.Error("this ledger is to be in question, as that of its host is", "error", err)
			}
		}
		timer := time.NewTimer(lookBeside)
		select {
		case <-h.beside:
			h.askWitnesses(n)
		case <-timer.C:
		case <-h.ctx.Done():
		}
		timer.Stop()
	}
}

// lostBeside puts it in question, and has watchBeside ask.
func (h *hosted) lostBeside(by identity.Jurisdiction, epoch uint64) error {
	did, err := h.host.LostBeside(by, epoch)
	if did {
		select {
		case h.beside <- struct{}{}:
		default: // it is to be asked already
		}
	}
	return err
}

// goingOn is a jurisdiction that goes on: what the node hosts below it is in question before it
// begins another epoch, so that a node that is stopped between does not forget it.
type goingOn struct {
	*host.Host
	node *Node
	of   *hosted
}

// BeginEpoch implements epochs.Own.
func (o goingOn) BeginEpoch(ctx context.Context, id identity.Message, reason string, lost host.Lost) (entry identity.Entry, err error) {
	if epoch, lost := o.of.lostIn(); lost {
		for _, h := range o.node.below(o.of.settings.Name) {
			err = errors.Join(err, h.lostBeside(o.of.settings.Name, epoch))
		}
	}
	if err != nil {
		return entry, err
	}
	return o.Host.BeginEpoch(ctx, id, reason, lost)
}
