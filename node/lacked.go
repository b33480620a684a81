package node

import (
	"context"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/flows/join"
	"xietong/node/tree/door"
	"xietong/node/tree/neighbours"
)

// showLacked shows a root, which goes back behind what is known of it here, the key set that it
// lacks. It has proven that the keys are its own that it shows: it was put back from before, or
// somebody has its former keys. err is why it is not believed.
func (h *hosted) showLacked(ctx context.Context, line door.Line, chain []trust.Link, err error) error {
	lacked := h.host.Lacks(chain[len(chain)-1].KeySets)
	if len(chain) > 1 || lacked == nil {
		return err
	}
	if failed := door.TellLacked(ctx, line, lacked); failed != nil {
		err = errors.Join(err, failed)
	}
	return fmt.Errorf("%w: %w", neighbours.ErrOldKeys, err)
}

// formerly says of whoever answers at the door of a root, and shows no chain, whether it has keys
// that the root had before: once it knows that they are old, it shows none. err is why it is not
// believed.
func (n *Node) formerly(h *hosted, line door.Line, parent identity.Jurisdiction, err error) error {
	known, ok := h.table.Known(parent)
	if !ok || h.table.Root() != parent {
		return err
	}
	var former []trust.KeySet
	for _, k := range known.KeySets {
		former = append(former, k.KeySet)
	}
	if join.VerifyKnown(line, parent, trust.Always(former...), n.o.Now()) == nil {
		return fmt.Errorf("%w: %w", neighbours.ErrOldKeys, err)
	}
	return err
}
