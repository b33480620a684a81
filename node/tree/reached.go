package tree

import (
	"context"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// Bounds of where a jurisdiction says that it is reached.
const (
	MaxReached    = 8    // addresses, of all its replicas
	MaxReachedLen = 1536 // bytes of all of them
)

// reached is where the parent said last that it is reached: at any of its replicas. The invitation
// names those that there were then.
type reached struct {
	_         struct{} `cbor:",toarray"`
	Parent    identity.Jurisdiction
	Addresses []string
}

// reachedAt is kept under keyParent.
var reachedAt = book.Bucket[reached]{Name: "parent-addresses", Max: MaxReachedLen + MaxReached*3 + 512}

// KeepReached keeps where the parent says that it is reached, unless that is known.
func KeepReached(ctx context.Context, l book.Ledger, parent identity.Jurisdiction, addresses []string) error {
	known := false
	err := l.Look(func(r *state.Reader) error {
		known = len(addresses) == 0 || slices.Equal(Reached(r, parent), addresses)
		return nil
	})
	if err != nil || known {
		return err
	}
	_, err = commandReached.Do(ctx, l, book.Request{}, reached{Parent: parent, Addresses: addresses})
	return err
}

func applyReached(tx *state.Tx, b reached) (done book.Nothing, err error) {
	if up, joined := UpstreamOf(tx); !joined || up.Parent != b.Parent || len(b.Addresses) > MaxReached {
		return done, nil // it is another's child by now
	}
	return done, reachedAt.Save(tx, keyParent, b)
}

// Reached returns where a parent said last that it is reached, in the order in which to try it;
// nil: it has not said so.
func Reached(r book.Reads, parent identity.Jurisdiction) []string {
	if at, ok := reachedAt.Load(r, keyParent); ok && at.Parent == parent {
		return at.Addresses
	}
	return nil
}
