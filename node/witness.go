package node

import (
	"context"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/host"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// witnessOf returns the desk that witnesses the ledgers of the neighbours, and has them witness
// this one.
func (n *Node) witnessOf(h *hosted) *witnessing.Desk {
	return witnessing.New(witnessing.Options{
		Own: saying{h.host, h}, Asker: h.relay, Parent: h.table.Parent, Children: h.table.ChildrenNow, KeySets: h.table.KeySets,
		Apart: n.apartAbove,
		Here:  func(name identity.Jurisdiction) bool { _, here := n.of(name); return here }, Now: n.o.Now, Logger: h.logger,
		Above: func() (identity.Jurisdiction, bool) {
			above, _, ok := n.above(h)
			return above, ok
		},
		Through: func() *witnessing.Desk {
			if top := n.topOf(h); top != h {
				return top.witness
			}
			return nil
		},
		AboveParent: func() (identity.Jurisdiction, bool) {
			parent, joined := h.table.Parent()
			above, under := parent.Parent()
			_, here := n.of(above)
			return above, joined && under && parent != h.table.Root() && !here
		},
		Believed: func(ctx context.Context, of identity.Jurisdiction) (trust.Pin, bool) {
			pin, known, err := h.breaks.Believed(ctx, of)
			return pin, known && err == nil
		},
		Chains: func(ctx context.Context, child identity.Jurisdiction, epoch, from uint64) (signed [][]byte, proof []byte, err error) {
			signed, endorsement, err := tree.ChainIn(ctx, h.host, child.Label(), epoch, from)
			if index, endorsed := endorsement.Index(); err == nil && endorsed && from == 1 {
				proof, err = h.host.ProveEndorsement(ctx, index)
			}
			return signed, proof, err
		},
		Up:       func(name identity.Jurisdiction) bool { return n.socket.Up(h.settings.Name, name) },
		OverLink: func(name identity.Jurisdiction) door.Asker { return overLink{n.socket, h.settings.Name, name} },
	})
}

// topOf returns the jurisdiction of this node that is linked to the first level above on another
// node: a place itself, or the last one above it here.
func (n *Node) topOf(h *hosted) *hosted {
	for name, ok := h.table.Parent(); ok; name, ok = name.Parent() {
		above, here := n.of(name)
		if !here {
			break
		}
		h = above
	}
	return h
}

// saying is a jurisdiction as it has its ledger witnessed: it has not said all that it lost before
// it asked for the heads of that.
type saying struct {
	*host.Host
	of *hosted
}

// SaysLost implements witnessing.Own.
func (s saying) SaysLost() (after uint64, said bool) { return s.of.epochs.SaysLost() }

// above returns the first level above a jurisdiction that another node runs, and whether there is a
// link on each step up to it; ok is false where this node runs all up to the root.
func (n *Node) above(h *hosted) (above identity.Jurisdiction, linked, ok bool) {
	above, ok = h.table.Parent()
	linked = true
	for below, root := h.settings.Name, h.table.Root(); ok; above, ok = above.Parent() {
		linked = linked && n.socket.Up(below, above)
		if _, here := n.of(above); !here || above == root {
			return above, linked, !here
		}
		below = above
	}
	return above, false, false
}
