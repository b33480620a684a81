package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"xietong/node/client"
)

// QueryOptions say how the query is asked.
type QueryOptions struct {
	Clients []int         // numbers of clients that ask at once, each measured by itself
	For     time.Duration // that each thing is measured
	Told    func(what string, clients int)
}

// QueryResult is what was measured.
type QueryResult struct {
	Runs            []QueryRun
	Request, Answer int // bytes of the frames of a query, which are those of the echo too
}

// QueryRun is what was measured with a number of clients.
type QueryRun struct {
	Query, Echo Measurement
	Steps       Steps
}

// ErrAnswer is returned for an answer that is not what the query should give.
var ErrAnswer = errors.New("a wrong answer")

// Query measures the query and the echo: (1) the tree is made in a temporary folder, and asked until it answers; (2) the sizes of
// the frames are learned; (3) the echo is started with these; (4) for every number of clients, both are warmed up and measured by
// turns; (5) all is ended and removed.
func Query(ctx context.Context, o QueryOptions) (r QueryResult, err error) {
	folder, err := os.MkdirTemp("", "xietong-bench-")
	if err != nil {
		return r, fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	ctx, end := context.WithCancel(ctx)
	defer end()
	t, err := plant(ctx, folder)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if r.Request, r.Answer, err = t.sizes(ctx); err != nil {
		return r, err
	}
	e, err := startEcho(ctx, folder, len(t.places), r.Request, r.Answer)
	defer func() { err = errors.Join(err, e.close()) }()
	if err != nil {
		return r, err
	}
	for _, clients := range o.Clients {
		run, err := measureQuery(ctx, t, e, clients, o)
		if err != nil {
			return r, err
		}
		r.Runs = append(r.Runs, run)
	}
	return r, nil
}

// sizes asks once and returns the bytes of the frames of the request and of the answer.
func (t *tree) sizes(ctx context.Context) (request, answer int, err error) {
	t.dial(1)
	if _, err := t.tell(ctx); err != nil {
		return 0, 0, err
	}
	if err := t.ask(ctx, t.askers[0], client.Use{Purpose: purpose}); err != nil {
		return 0, 0, err
	}
	all, err := t.tell(ctx)
	if err == nil && all[0].Frames != 1 {
		err = fmt.Errorf("%w: %d exchanges for one query", ErrSteps, all[0].Frames)
	}
	if err != nil {
		return 0, 0, err
	}
	return all[0].Request, all[0].Answer, nil
}

// measureQuery measures the query and the echo with a number of clients.
func measureQuery(ctx context.Context, t *tree, e *echoes, clients int, o QueryOptions) (run QueryRun, err error) {
	t.dial(clients)
	ask := func(ctx context.Context, i int) error { return t.ask(ctx, t.askers[i], client.Use{Purpose: purpose}) }
	o.Told(WhatQuery, clients)
	if _, err := load(ctx, clients, o.For/warmPart, ask); err != nil {
		return run, err
	}
	if _, err := e.load(ctx, clients, o.For/warmPart); err != nil {
		return run, err
	}
	if _, err := t.tell(ctx); err != nil { // the steps of the warm-up
		return run, err
	}
	var query, echo sample
	asked, refused := make([]told, len(t.places)), told{}
	for range rounds {
		o.Told(WhatQuery, clients)
		got, err := load(ctx, clients, o.For/rounds, ask)
		if err != nil {
			return run, err
		}
		query.add(got)
		now, err := t.tell(ctx)
		if err != nil {
			return run, err
		}
		for i := range asked {
			asked[i].add(now[i])
		}
		if now, err = t.refusals(ctx, clients, o.For/rounds/warmPart); err != nil {
			return run, err
		}
		refused.add(now[0])
		o.Told(WhatEcho, clients)
		if got, err = e.load(ctx, clients, o.For/rounds); err != nil {
			return run, err
		}
		echo.add(got)
	}
	run.Query, run.Echo = query.measured(WhatQuery, clients), echo.measured(WhatEcho, clients)
	run.Steps, err = stepsOf(query, refused, asked)
	return run, err
}

// refusals has the API take queries that it refuses by itself, for an agency that there is not, and returns what the nodes tell of
// it.
func (t *tree) refusals(ctx context.Context, clients int, during time.Duration) ([]told, error) {
	_, err := load(ctx, clients, during, func(ctx context.Context, i int) error {
		err := t.ask(ctx, t.nobodies[i], client.Use{Purpose: purpose})
		if _, refused := errors.AsType[*client.Problem](err); refused {
			return nil
		}
		return fmt.Errorf("%w: for an agency that there is not: %w", ErrAnswer, err)
	})
	if err != nil {
		return nil, err
	}
	return t.tell(ctx)
}
