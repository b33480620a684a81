package node

import (
	"context"

	"xietong/certs/identity"
	"xietong/node/flows/epochs"
	"xietong/node/flows/replicas"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// newest takes the word of a person on a ledger in question.
type newest struct {
	node *Node
	of   *hosted
}

// Continue implements api.Newest. A replica of several that others are too few without takes part
// again; see replicas.PutBack. Where nobody said what is lost, it says who can: of a jurisdiction
// on its parent's node that is no neighbour. Nor does that go on with other keys as others do.
func (w newest) Continue(ctx context.Context, id identity.Message, reason string, said epochs.Word) (entry identity.Entry, err error) {
	if outrun, err := w.outrun(ctx); err != nil || outrun {
		return entry, err
	}
	entry, err = w.of.epochs.Continue(ctx, id, reason, said)
	if failure.Is(err, text.GroupUnsaid) && w.takesPart(ctx) {
		return w.of.host.Continue(ctx, id, reason)
	}
	parent, below := w.of.table.Parent()
	if w.node.parentHere(w.of.settings.Name) && failure.Is(err, text.LostKeys) {
		return entry, text.Fail(text.LostKeysHosted, text.Args{"jurisdiction": w.of.settings.Name.String(), "parent": parent.String()}, err)
	}
	if _, here := w.node.of(parent); !below || !here || !failure.Is(err, text.LostUnseen) {
		return entry, err
	}
	args := text.Args{"jurisdiction": w.of.settings.Name.String()}
	above, _, ok := w.node.above(w.of)
	if !ok {
		return entry, text.Fail(text.LostUnseenInside, args, err)
	}
	args["name"] = above.String()
	return entry, text.Fail(text.LostUnseenHosted, args, err)
}

// outrun reports whether the parent, on this node and not in question itself, believes other keys
// than are here, with text.LostKeysHosted. Its place has no link then, so nobody else tells that
// the epoch which it would begin was begun before.
func (w newest) outrun(ctx context.Context) (bool, error) {
	parent, _ := w.of.table.Parent()
	above, here := w.node.of(parent)
	if !here || above.host.Questioned() != nil || w.of.host.Questioned() == nil {
		return false, nil
	}
	outrun, _, err := w.node.outrunInside(ctx, above, w.of)
	if err == nil && outrun {
		err = text.Fail(text.LostKeysHosted, text.Args{"jurisdiction": w.of.settings.Name.String(), "parent": parent.String()}, nil)
	}
	return outrun, err
}

// takesPart reports whether this replica may take part by the word of a person, which does not say
// that its directory is the newest.
func (w newest) takesPart(ctx context.Context) bool {
	all, err := w.of.siblings.desk(w.of).List(ctx)
	if err != nil {
		return false
	}
	p, few := replicas.PutBackOf(all)
	return few && p.May
}
