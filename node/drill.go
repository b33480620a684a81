package node

import (
	"context"
	"errors"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/api"
	"xietong/node/text"
)

// Drill sends another jurisdiction a request with a fault, which it must refuse, and returns the refusal.
func (n *Node) Drill(ctx context.Context, local api.Hosted, id identity.Message, to identity.Jurisdiction, f relay.Fault) (*relay.Problem, error) {
	h, ok := n.of(local.Host.Name())
	if !ok {
		return nil, text.Fail(text.JurisdictionUnknown, text.Args{"name": local.Host.Name().String()}, nil)
	}
	stranger, err := authority.NewStranger(h.settings.Name, h.host.Replica(), n.o.Now())
	if err != nil {
		return nil, err
	}
	refusal, err := h.relay.Drill(ctx, id, to, f, stranger)
	if errors.Is(err, relay.ErrTaken) {
		err = text.Fail(text.DrillTaken, text.Args{"jurisdiction": to.String()}, err)
	}
	return refusal, err
}
