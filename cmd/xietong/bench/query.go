package bench

import (
	"context"
	"errors"
	"fmt"
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
	First           Measurement // of agencies that were not known to the county
	Request, Answer int         // bytes of the frames of a query and of the echo
}

// QueryRun holds the measurements with one number of clients.
type QueryRun struct {
	Query, Hop, Echo Measurement // to the county, to the city, the echo of the county's
	Steps            Steps
}

// ErrAnswer is returned for a wrong answer to the query, or for no answer.
var ErrAnswer = errors.New("a wrong answer")

// Query measures the query and the echo: it (1) makes the tree in a temporary folder, and asks
// until there is an answer; (2) learns the sizes of the frames; (3) starts the echo with these
// sizes; (4) for every number of clients, warms all up and measures them by turns; (5) has new
// agencies ask once; (6) ends all processes and removes the folder.
func Query(ctx context.Context, o QueryOptions) (r QueryResult, err error) {
	err = planted(ctx, func(ctx context.Context, t *tree) (err error) {
		r, err = t.query(ctx, o)
		return err
	})
	return r, err
}

func (t *tree) query(ctx context.Context, o QueryOptions) (r QueryResult, err error) {
	if r.Request, r.Answer, err = t.sizes(ctx); err != nil {
		return r, err
	}
	e, err := startEcho(ctx, t.folder, len(t.places), r.Request, r.Answer)
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
	r.First, err = t.measureFirst(ctx, o)
	return r, err
}

// strangers is how many new agencies ask.
const strangers = 16

// measureFirst measures the first query of agencies that the county does not know, one by one.
func (t *tree) measureFirst(ctx context.Context, o QueryOptions) (Measurement, error) {
	o.Told(WhatFirst, 1)
	others, err := t.strangers(ctx, strangers)
	if err != nil {
		return Measurement{}, err
	}
	if _, err := t.tell(ctx); err != nil { // drops what made the agencies
		return Measurement{}, err
	}
	var s sample
	for _, other := range others {
		began := time.Now()
		if err := t.ask(ctx, other, t.county(), t.first()); err != nil {
			return Measurement{}, err
		}
		took := time.Since(began)
		s.add(sample{took: []time.Duration{took}, during: took})
	}
	all, err := t.tell(ctx)
	return s.measured(WhatFirst, 1).with(all), err
}

// with adds the CPU time that the nodes tell of the requests.
func (m Measurement) with(all []told) Measurement {
	var used time.Duration
	requests := 0
	for i, one := range all {
		used += one.CPU
		if i == 0 {
			requests = one.Frames
		}
	}
	m.CPU = micros(used / time.Duration(max(requests, 1)))
	return m
}

// sizes asks once and returns the bytes of the frames of the request and of the answer.
func (t *tree) sizes(ctx context.Context) (request, answer int, err error) {
	t.dial(1)
	if _, err := t.tell(ctx); err != nil {
		return 0, 0, err
	}
	if err := t.ask(ctx, t.askers[0], t.county(), client.Use{Purpose: purpose}); err != nil {
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

// measureQuery measures the query, over two hops and over one, and the echo with a number of
// clients.
func measureQuery(ctx context.Context, t *tree, e *echoes, clients int, o QueryOptions) (run QueryRun, err error) {
	t.dial(clients)
	o.Told(WhatQuery, clients)
	if _, _, err := t.load(ctx, t.county(), clients, o.For/warmPart); err != nil {
		return run, err
	}
	if _, err := e.load(ctx, clients, o.For/warmPart); err != nil {
		return run, err
	}
	var query, hop, echo sample
	asked, asked1, refused := make([]told, len(t.places)), make([]told, len(t.places)), told{}
	for range rounds {
		for _, way := range []struct {
			what string
			to   *place
			took *sample
			told []told
		}{{WhatQuery, t.county(), &query, asked}, {WhatHop, t.city(), &hop, asked1}} {
			o.Told(way.what, clients)
			got, now, err := t.load(ctx, way.to, clients, o.For/rounds)
			if err != nil {
				return run, err
			}
			way.took.add(got)
			for i := range now {
				way.told[i].add(now[i])
			}
		}
		now, err := t.refusals(ctx, clients, o.For/rounds/warmPart)
		if err != nil {
			return run, err
		}
		refused.add(now[0])
		o.Told(WhatEcho, clients)
		got, err := e.load(ctx, clients, o.For/rounds)
		if err != nil {
			return run, err
		}
		echo.add(got)
	}
	run.Query, run.Hop = query.measured(WhatQuery, clients).with(asked), hop.measured(WhatHop, clients).with(asked1)
	run.Echo = echo.measured(WhatEcho, clients)
	run.Steps, err = stepsOf(query, refused, asked)
	return run, err
}

// load has a number of clients ask a place, and returns the counts of the nodes too.
func (t *tree) load(ctx context.Context, to *place, clients int, during time.Duration) (s sample, all []told, err error) {
	s, err = load(ctx, clients, during, func(ctx context.Context, i int) error {
		return t.ask(ctx, t.askers[i], to, client.Use{Purpose: purpose})
	})
	if err == nil {
		all, err = t.tell(ctx)
	}
	return s, all, err
}

// refusals sends queries of an unknown agency, which the API itself refuses, and returns the counts
// of the nodes.
func (t *tree) refusals(ctx context.Context, clients int, during time.Duration) ([]told, error) {
	_, err := load(ctx, clients, during, func(ctx context.Context, i int) error {
		err := t.ask(ctx, t.nobodies[i], t.county(), client.Use{Purpose: purpose})
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
