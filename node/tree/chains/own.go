package chains

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/tree"
)

// Ledger is the part of the jurisdiction that Own needs; *host.Host is one.
type Ledger interface {
	Name() identity.Jurisdiction
	View(ctx context.Context, f func(*state.Reader) error) error
	ProveEndorsement(ctx context.Context, index uint64) ([]byte, error)
}

// Own proves endorsements from the jurisdiction's own ledger.
type Own struct{ Ledger }

// Level returns the level of a child that is endorsed now, and the proof of its endorsement.
func (o Own) Level(ctx context.Context, child identity.Label) (level trust.Level, proof []byte, err error) {
	var c tree.Child
	err = o.View(ctx, func(r *state.Reader) error {
		if c, _ = tree.ChildOf(r, child); c.Joined() {
			level, err = c.Level(r)
		}
		return err
	})
	if err != nil {
		return level, nil, err
	}
	if !c.Joined() {
		name, err := o.Name().Child(child)
		if err != nil {
			return level, nil, err
		}
		return level, nil, unreachable(name, relay.NotEndorsed, nil)
	}
	index, _ := c.Endorsement.Index()
	if proof, err = o.ProveEndorsement(ctx, index); err != nil {
		return level, nil, fmt.Errorf("level of %s: %w", c.Place.Name, err)
	}
	return level, proof, nil
}
