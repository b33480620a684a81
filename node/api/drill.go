package api

import (
	"context"

	"xietong/node/client"
	"xietong/node/roster"
	"xietong/node/text"
)

type newDrill struct {
	Caller
	Body client.NewDrill
}

// drill shows that another jurisdiction refuses what it must.
func (s *server) drill(ctx context.Context, h Hosted, in *newDrill) (client.Drill, error) {
	id, err := in.key()
	if err != nil {
		return client.Drill{}, err
	}
	to, err := h.jurisdictionAt(in.Body.At)
	if err == nil && to.IsZero() {
		err = text.Fail(text.JurisdictionUnknown, text.Args{"name": text.Short(in.Body.At)}, nil)
	}
	if err != nil {
		return client.Drill{}, err
	}
	p, err := s.node.Drill(ctx, h, id, to, in.Body.Fault == client.FaultStranger)
	if err != nil {
		return client.Drill{}, err
	}
	code := text.ByNumber(p.Code)
	told := text.Explain(text.FromAcceptLanguage(in.Language), code, called(text.Named(code, p.Args)))
	return client.Drill{At: to.String(), Fault: in.Body.Fault, By: roster.Shipped().DisplayName(p.At), Says: told.What}, nil
}
