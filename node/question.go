package node

import (
	"context"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/flows/epochs"
	"xietong/node/flows/reform"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// withheld returns why the jurisdiction answers no other one: its folder may be a copy or an old
// backup, and what it says may not hold any more.
func (h *hosted) withheld() error {
	if err := h.host.Questioned(); err != nil {
		return text.Fail(text.BeingVerified, text.Args{"jurisdiction": h.settings.Name.String()}, err)
	}
	return nil
}

// witnesses are the neighbours that keep what they saw of a ledger. Those on this node are none:
// they may be copies as well.
type witnesses struct {
	node *Node
	of   *hosted
}

// Largest implements host.Witnesses.
func (w witnesses) Largest(ctx context.Context) (seen []host.Seen, err error) {
	if !w.any() {
		return nil, host.ErrNoWitness
	}
	all, err := w.of.witness.Largest(ctx)
	for _, s := range all {
		seen = append(seen, host.Seen{By: s.By, Checkpoint: s.Checkpoint, Note: s.Note, At: s.At})
	}
	return seen, err
}

// askWitnesses has the neighbours say whether a ledger in question may go on. A fork that was
// proven before is known first: no neighbour's word goes on with it.
func (h *hosted) askWitnesses(n *Node) {
	if err := h.epochs.Recall(h.ctx); err != nil && h.ctx.Err() == nil {
		h.logger.Error("whether two histories of this ledger were proven is not known", "error", err)
	}
	h.host.AskWitnesses(h.ctx, witnesses{n, h})
}

// epochsOf returns the desk that has a ledger go on of which entries were lost.
func (n *Node) epochsOf(h *hosted) *epochs.Desk {
	return &epochs.Desk{
		Own: h.host, Witness: witnesses{n, h}, Reform: &reform.Desk{Own: h.host}, Logger: h.logger,
		Changed: func(ctx context.Context) error { return n.changed(ctx, h) },
		NewKeys: keysOf{h}.present,
	}
}

// Heads implements epochs.Witness.
func (w witnesses) Heads(ctx context.Context, s host.Seen, from uint64) ([]ledger.Indexed, error) {
	return w.of.witness.Heads(ctx, witnessing.Seen{By: s.By, Checkpoint: s.Checkpoint, Note: s.Note, At: s.At}, from)
}

// Common implements epochs.Witness.
func (w witnesses) Common(ctx context.Context, by identity.Jurisdiction) (uint64, error) {
	return w.of.witness.Common(ctx, by)
}

// Forked implements epochs.Witness.
func (w witnesses) Forked(ctx context.Context) (host.Seen, bool, error) {
	return w.of.witness.Forked(ctx)
}

// any reports whether there is a neighbour on another node.
func (w witnesses) any() bool {
	all := w.of.table.ChildrenNow()
	if parent, joined := w.of.table.Parent(); joined {
		all = append(all, parent)
	}
	return slices.ContainsFunc(all, func(name identity.Jurisdiction) bool {
		_, here := w.node.of(name)
		return !here
	})
}
