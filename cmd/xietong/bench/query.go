package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"xietong/node/faces/client"
)

// QueryOptions are the options of Query.
type QueryOptions struct {
	Clients []int         // numbers of clients that ask at once, each measured by itself
	For     time.Duration // time for each measurement
	Told    func(what string, clients int)
}

// QueryResult holds the measurements.
type QueryResult struct {
	Runs            []QueryRun
	Request, Answer int // bytes of the frames of a query and of the echo
}

// QueryRun holds the measurements with one number of clients.
type QueryRun struct {
	Query, Echo Measurement
	Steps       Steps
}

// ErrAnswer is returned for a wrong answer to the query, or for no answer.
var ErrAnswer = errors.New("a wrong answer")

// Query measures the query and the echo: it (1) makes the tree in a temporary folder, and asks
// until there is an answer; (2) learns the sizes of the frames; (3) starts the echo with these
// sizes; (4) for every number of clients, warms both up and measures them by turns; (5) ends all
// processes and removes the folder.
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
	if _, err := t.tell(ctx); err != nil { // drops the counts of the warm-up
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

// refusals sends queries of an unknown agency, which the API itself refuses, and returns the counts
// of the nodes.
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
