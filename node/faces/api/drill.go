package api

import (
	"context"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

type newDrill struct {
	Caller
	Body client.NewDrill
}

// drillOf sends another jurisdiction a message that it must refuse, and tells how it refused.
func drillOf(ctx context.Context, h Hosted, in *newDrill) (out client.Drill, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	to, err := h.Standing.Resolve(in.Body.At)
	if err != nil {
		return out, err
	}
	p, err := h.Drill.Run(ctx, id, to, in.Body.Fault == client.FaultStranger)
	if err != nil {
		return out, err
	}
	code := text.ByNumber(p.Code)
	told := text.Explain(text.FromAcceptLanguage(in.Language), code, h.Standing.Worded(text.Named(code, p.Args)))
	return client.Drill{At: to.String(), Fault: in.Body.Fault, By: h.Standing.Called(p.At), Says: told.What}, nil
}
