package node

import (
	"context"

	"xietong/certs/identity"
	"xietong/node/flows/epochs"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// newest takes the word of a person on a ledger in question.
type newest struct {
	node *Node
	of   *hosted
}

// Continue implements api.Newest. Where nobody said what is lost, it says who can: of a
// jurisdiction on its parent's node that is no neighbour.
func (w newest) Continue(ctx context.Context, id identity.Message, reason string, said epochs.Word) (identity.Entry, error) {
	entry, err := w.of.epochs.Continue(ctx, id, reason, said)
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
