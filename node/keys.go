package node

import (
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/host"
	"xietong/node/tree/breaks"
)

// keysOf looks after the keys of a hosted jurisdiction (api.Keys).
type keysOf struct{ h *hosted }

func (k keysOf) KeyStates(ctx context.Context) ([]host.KeyState, *trust.Endorsement, error) {
	return k.h.host.KeyStates(ctx)
}

func (k keysOf) Taken(ctx context.Context) (bytes int, near bool, err error) {
	return k.h.host.Taken(ctx)
}

func (k keysOf) Denied() *host.Denial { return k.h.host.Denied() }

func (k keysOf) Unvouched(ctx context.Context) (until time.Time, err error) {
	states, e, err := k.h.host.KeyStates(ctx)
	if err != nil || e == nil || states[0].Epoch == 1 || k.h.host.Recovered() {
		return until, err
	}
	return states[0].Published.Add(breaks.Wait), nil
}

// NewKeys publishes the next key set, has it presented to the parent at once, and tells the
// neighbours that something has changed: the children of a root learn of it by no other way.
func (k keysOf) NewKeys(ctx context.Context, id identity.Message, change host.Change) (number uint64, err error) {
	number, err = k.h.host.NewKeys(ctx, id, change)
	if err != nil || change.Try {
		return number, err
	}
	k.present()
	return number, nil
}

// present has the newest key set presented to the parent at once, and tells the neighbours.
func (k keysOf) present() {
	k.h.chains.Tell(k.h.settings.Name, identity.Jurisdiction{})
	k.h.upkeep.Poke()
}
