package api

import (
	"context"

	"xietong/node/faces/client"
	"xietong/node/ground/failure"
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
	said := failure.Heard(p, nil)
	told := text.Explain(text.FromAcceptLanguage(in.Language), said.Code, h.Standing.Worded(said.Args))
	return client.Drill{At: to.String(), Fault: in.Body.Fault, By: h.Standing.Called(p.At), Says: told.What}, nil
}
