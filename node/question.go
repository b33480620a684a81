package node

import (
	"context"
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/flows/epochs"
	"xietong/node/flows/reform"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// withheld returns why the jurisdiction answers no other one: its folder may be a copy or an old
// backup, and what it says may not hold any more.
func (h *hosted) withheld() error {
	if err := h.host.Questioned(); err != nil {
		return text.Fail(text.BeingVerified, text.Args{"jurisdiction": h.settings.Name.String()}, err)
	}
	return nil
}

// linked notes that there is a new link to a neighbour.
func (n *Node) linked(local, peer identity.Jurisdiction) {
	if h, ok := n.of(local); ok {
		h.witness.Linked(peer)
		n.linkedAbove(h, peer)
	}
}

// unheard returns why an operation of another jurisdiction is not run: the neighbour that brought
// it has a new link, and has not said yet what it saw of the ledger; or that goes on by the word of
// a person, and a neighbour that is linked has not said it since.
func (h *hosted) unheard(ctx context.Context, peer identity.Jurisdiction, operation string) error {
	if witnessing.Asks(operation) {
		return nil
	}
	if err := h.witness.Compared(ctx, peer); err != nil {
		return err
	}
	return h.heard(ctx)
}

// heard returns why no other jurisdiction is answered since a person's word.
func (h *hosted) heard(ctx context.Context) error {
	if err := h.epochs.Hear(ctx); err != nil {
		return text.Fail(text.BeingVerified, text.Args{"jurisdiction": h.settings.Name.String()}, err)
	}
	return h.withheld()
}

// unheardAtDoor returns why nothing is endorsed, proven or handed down yet for a neighbour, as
// unheard does for what it asks in messages. For all but the parent it waits a while for the
// parent: whoever was withdrawn may say that it saw nothing, and who knocks is not asked.
func (h *hosted) unheardAtDoor(ctx context.Context, peer identity.Jurisdiction) error {
	if !peer.IsZero() {
		if err := h.witness.JoinCompared(ctx, peer); err != nil {
			return err
		}
	}
	if parent, joined := h.table.Parent(); joined && parent != peer {
		h.witness.AwaitParent(ctx)
	}
	return nil
}

// seen tells a neighbour what was seen of its ledger, where that is not in question here.
func (h *hosted) seen(ctx context.Context, peer identity.Jurisdiction) (door.Seen, error) {
	if err := h.withheld(); err != nil {
		return door.Seen{}, err
	}
	return h.witness.TellSeen(ctx, peer)
}

// withheldAtDoor returns why the door answers nothing but the time. While the ledger is in question
// it shows the own keys all the same, which those above endorsed: whoever stands below then takes
// no machine of before for this jurisdiction, and those machines learn that they are out. Only a
// folder whose keys are known to be old shows none.
func (h *hosted) withheldAtDoor(keys bool) error {
	q, questioned := errors.AsType[*host.QuestionError](h.host.Questioned())
	if keys && !(questioned && q.Outrun > 0) {
		return nil
	}
	if err := h.withheld(); err != nil || h.ctx == nil {
		return err
	}
	return h.heard(h.ctx)
}

// witnesses are the neighbours that keep what they saw of a ledger. Those on this node are none:
// they may be copies as well. Where the parent is one of those, the first level above that another
// node runs has the heads; see witnessing.
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
	above, failed := w.of.witness.SeenAbove(ctx)
	if err = errors.Join(err, failed); err == nil && w.inside() {
		err = host.ErrNoWitness // they have told all that they know, and cannot tell that there was no more
	}
	seen = seenOf(append(all, above...))
	parent, _ := w.of.table.Parent()
	for i := range seen {
		seen[i].Unbacked = failed != nil && seen[i].By == parent
	}
	return seen, err
}

// inside reports whether the parent is on this node. Nobody is left then whose word that there was
// no more settles anything: a level further up has the heads that came there, and a child may have
// been cut off, or gain by what is forgotten.
func (w witnesses) inside() bool {
	parent, joined := w.of.table.Parent()
	_, here := w.node.of(parent)
	return joined && here
}

// isAbove reports whether a level further up than the parent is asked in its place.
func (w witnesses) isAbove(name identity.Jurisdiction) bool {
	parent, joined := w.of.table.Parent()
	return joined && name != parent && parent.Under(name)
}

// Elsewhere implements host.Witnesses.
func (w witnesses) Elsewhere() (all []identity.Jurisdiction, parent bool) {
	if w.inside() {
		return nil, false
	}
	for _, n := range w.Near() {
		all, parent = append(all, n.Name), parent || n.Parent
	}
	return all, parent
}

func seenOf(all []witnessing.Seen) (seen []host.Seen) {
	for _, s := range all {
		seen = append(seen, host.Seen{By: s.By, Checkpoint: s.Checkpoint, Note: s.Note, At: s.At, Forgot: s.Forgot, Headed: s.Headed})
	}
	return seen
}

// LargestBy implements epochs.Witness.
func (w witnesses) LargestBy(ctx context.Context, name identity.Jurisdiction) ([]host.Seen, error) {
	ask := w.of.witness.LargestBy
	if w.isAbove(name) {
		ask = func(ctx context.Context, _ identity.Jurisdiction) ([]witnessing.Seen, error) {
			return w.of.witness.SeenAbove(ctx)
		}
	}
	all, err := ask(ctx, name)
	return seenOf(all), err
}

// SeenAbove implements epochs.Witness.
func (w witnesses) SeenAbove(ctx context.Context) ([]host.Seen, error) {
	all, err := w.of.witness.SeenAbove(ctx)
	return seenOf(all), err
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
		Own: goingOn{h.host, n, h}, Witness: witnesses{n, h}, Reform: &reform.Desk{Own: h.host}, Logger: h.logger,
		Changed: func(ctx context.Context) error { return n.changed(ctx, h) },
		NewKeys: keysOf{h}.present, Lasting: func() context.Context { return h.ctx },
	}
}

// Heads implements epochs.Witness.
func (w witnesses) Heads(ctx context.Context, s host.Seen, from uint64) ([]ledger.Indexed, ledger.Agreement, error) {
	return w.of.witness.Heads(ctx, witnessing.Seen{By: s.By, Checkpoint: s.Checkpoint, Note: s.Note, At: s.At}, from)
}

// MoreHeads implements epochs.Witness.
func (w witnesses) MoreHeads(ctx context.Context, s host.Seen, from uint64) (bool, error) {
	return w.of.witness.MoreHeads(ctx, witnessing.Seen{By: s.By, Checkpoint: s.Checkpoint}, from)
}

// Common implements epochs.Witness.
func (w witnesses) Common(ctx context.Context, by identity.Jurisdiction) (size, most uint64, err error) {
	return w.of.witness.Common(ctx, by)
}

// Proven implements epochs.Witness.
func (w witnesses) Proven(ctx context.Context) ([]host.Seen, error) {
	return w.of.witness.Proven(ctx)
}

// any reports whether there is somebody on another node to ask.
func (w witnesses) any() bool { return len(w.Near()) > 0 }

// Near implements epochs.Witness: the parent comes first, or the level above that is asked in its
// place.
func (w witnesses) Near() (all []epochs.Near) {
	names := w.of.table.ChildrenNow()
	parent, joined := w.of.table.Parent()
	if joined {
		names = slices.Insert(names, 0, parent)
	}
	for _, name := range names {
		if _, here := w.node.of(name); !here {
			up := w.node.socket.Up(w.of.settings.Name, name)
			all = append(all, epochs.Near{Name: name, Up: up, Parent: joined && name == parent})
		}
	}
	if above, linked, ok := w.node.above(w.of); ok && above != parent {
		all = slices.Insert(all, 0, epochs.Near{Name: above, Up: linked, Parent: true})
	}
	return all
}
