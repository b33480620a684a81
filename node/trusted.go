package node

import (
	"context"
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/join/chains"
	"xietong/node/text"
)

// askOverLink carries requests of the join protocol to a neighbour. The socket is opened after the jurisdictions.
func (n *Node) askOverLink(local identity.Jurisdiction) chains.Ask {
	return func(ctx context.Context, neighbour identity.Jurisdiction, frame []byte) ([]byte, error) {
		return overLink{n.socket, local, neighbour}.Exchange(ctx, frame)
	}
}

// trusted is whose signatures a hosted jurisdiction believes, as its relay asks.
type trusted struct{ h *hosted }

// KeySets returns the key sets of any jurisdiction. That the way to whoever knows it is broken is told as a problem of the hop
// where it is.
func (t trusted) KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.KeySet, error) {
	sets, err := t.h.chains.KeySets(ctx, of, anew)
	f, told := errors.AsType[*text.Failure](err)
	if !told {
		return sets, err
	}
	at := t.h.settings.Name
	if path := route.Path(at, of); len(path) > 0 && f.Code != text.AnswerRefused {
		named := slices.IndexFunc(path, func(j identity.Jurisdiction) bool { return j.String() == f.Args["jurisdiction"] })
		at = path[max(named-1, 0)]
	}
	return nil, &relay.Problem{At: at, Code: text.Number(f.Code), Args: text.Values(f.Code, f.Args), Err: err}
}
