package node

import (
	"context"
	"errors"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/api"
	"xietong/node/text"
)

// Drill sends another jurisdiction a request that it must refuse, altered or signed by a stranger, and returns the refusal.
func (n *Node) Drill(ctx context.Context, local api.Hosted, id identity.Message, to identity.Jurisdiction, stranger bool) (*relay.Problem, error) {
	h, ok := n.of(local.Host.Name())
	if !ok {
		return nil, text.Fail(text.JurisdictionUnknown, text.Args{"name": local.Host.Name().String()}, nil)
	}
	var by envelope.Signer
	if stranger {
		made, err := authority.NewStranger(h.settings.Name, h.host.Replica(), n.o.Now())
		if err != nil {
			return nil, err
		}
		by = made
	}
	refusal, err := h.relay.Drill(ctx, id, to, by)
	if errors.Is(err, relay.ErrTaken) {
		err = text.Fail(text.DrillTaken, text.Args{"jurisdiction": to.String()}, err)
	}
	return refusal, err
}
