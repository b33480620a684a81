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
// on its parent's node that is no neighbour.
func (w newest) Continue(ctx context.Context, id identity.Message, reason string, said epochs.Word) (identity.Entry, error) {
	entry, err := w.of.epochs.Continue(ctx, id, reason, said)
	if failure.Is(err, text.GroupUnsaid) && w.takesPart(ctx) {
		return w.of.host.Continue(ctx, id, reason)
	}
	parent, below := w.of.table.Parent()
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
