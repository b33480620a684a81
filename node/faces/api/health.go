package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// readyWithin is how long a node may take to read its own state, before it is told not to be ready.
const readyWithin = 2 * time.Second

func (s *server) registerHealth(a huma.API) {
	huma.Register(a, get("health", "/v1/health", "Whether the process lives"), s.health)
	huma.Register(a, get("ready", "/v1/ready", "Whether the node serves every request"), s.ready)
}

// health answers whenever the process does: it reads no state and waits for nothing.
func (s *server) health(context.Context, *plain) (*answer[client.Health], error) {
	return &answer[client.Health]{client.Health{Alive: true, Version: s.version}}, nil
}

// ready tells whether each hosted jurisdiction reads and writes: its replica hears from a majority,
// and neither its files nor its disk keep it from writing. Else it is text.NotServing, with every
// cause.
func (s *server) ready(ctx context.Context, in *plain) (*answer[client.Ready], error) {
	out := client.Ready{Ready: true, Jurisdictions: []string{}}
	var first *client.Problem
	refused := func(called string, said text.Explanation, code text.Code) {
		if first == nil {
			first = problem(in.reader(), text.NotServing, text.Args{"jurisdiction": called, "reason": text.Said(said.What)})
			first.Do = said.Do
		}
		first.Errors = append(first.Errors, client.Fault{Code: string(code), Detail: said.What})
	}
	for _, e := range s.node.Ended() {
		f := failure.Of(e.Why)
		refused(e.Place.DisplayName, in.reader().explain(f.Code, f.Args), f.Code)
	}
	for _, h := range s.node.Hosted() {
		out.Jurisdictions = append(out.Jurisdictions, h.Ledger.Name().String())
		for _, err := range h.unready(ctx) {
			f := failure.Of(err)
			refused(h.Standing.Called(h.Ledger.Name()), in.reader().explain(f.Code, h.Standing.Worded(f.Args)), f.Code)
		}
	}
	if first != nil {
		return nil, huma.ErrorWithHeaders(first, retryAfter(failure.Overloaded(nil)))
	}
	return &answer[client.Ready]{out}, nil
}

// unready returns what keeps a hosted jurisdiction from serving every request.
func (h Hosted) unready(ctx context.Context) []error {
	if trouble := h.Trouble(); len(trouble) > 0 {
		return trouble
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := h.Ledger.View(ctx, func(*state.Reader) error { return nil }); err != nil {
		return []error{err}
	}
	return nil
}
