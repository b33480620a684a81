package node

import (
	"context"
	"errors"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/flows/federated"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree/standing"
)

func (n *Node) relayOf(h *hosted, where *standing.Standing, operations *relay.Registry) *relay.Relay {
	return relay.New(relay.Local{
		Name: h.settings.Name, Parent: h.table.Parent, Child: h.table.IsChild,
		Absent: func(child identity.Jurisdiction) (uint16, []string) { return failure.Told(h.table.Absent(child)) },
		CutOff: func() (uint16, []string) {
			if why := h.table.CutOff(); why != nil {
				return failure.Told(why)
			}
			return 0, nil
		},
		Signer: func() envelope.Signer { return h.host.Signer() }, Opener: envelope.NewOpener(h.host),
		Trust: where, Links: links{n}, Operations: operations, Shares: federated.Given{Own: h.host}, Slots: n.slots, Now: n.o.Now, Steps: n.o.Steps,
		Forgotten: h.host.Forgotten, Withheld: h.withheld,
		Unheard: func(ctx context.Context, peer identity.Jurisdiction, operation string) error {
			return n.unheardInside(ctx, h, peer, operation)
		},
		Problem: func(err error) (uint16, []string) {
			switch code, args := failure.Told(err); text.ByNumber(code) {
			case text.Internal:
				if !errors.Is(err, context.Canceled) { // nobody waits any more
					h.logger.Error("call not served", "error", err)
				}
				return code, args
			case text.Overloaded:
				return text.Number(text.Busy), append([]string{h.settings.Name.String()}, args...) // the seconds
			default:
				return code, args
			}
		},
		Refused: func(peer identity.Jurisdiction, request envelope.Header, p *relay.Problem) {
			h.logger.Info("call refused", "peer", peer.String(), "request", request.ID.String(), "code", string(text.ByNumber(p.Code)))
		},
	})
}
