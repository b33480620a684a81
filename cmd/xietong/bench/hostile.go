package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"xietong/node/faces/client"
)

// HostileOptions are the options of Hostile.
type HostileOptions struct {
	Clients int           // that ask for one record each
	For     time.Duration // time for each measurement
	Told    func(what string, clients int)
}

// HostileResult holds the measurements.
type HostileResult struct {
	Alone, Beside Measurement // of the province's queries: alone, and beside the hostile county's
	Hostile       Measurement // of the hostile county's
}

const (
	hostileClients = 64   // each asks again as soon as it is answered: many times what two processors do
	hostileRecords = 1000 // that each of its questions has the city look at
	hostileFilter  = `name.matches("(?:.?){200}z")`
)

// Hostile measures the queries of a province to its city, alone and while a county of the city has
// it scan all its records by a costly filter, as many at once as it can get. It (1) makes the tree
// and the records, (2) has both ask once, and (3) measures by turns.
func Hostile(ctx context.Context, o HostileOptions) (r HostileResult, err error) {
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
	if err := t.provoke(ctx); err != nil {
		return r, err
	}
	t.dial(o.Clients)
	o.Told(WhatAlone, o.Clients)
	if _, _, err := t.load(ctx, t.city(), o.Clients, o.For/warmPart); err != nil {
		return r, err
	}
	var alone, beside, hostile sample
	for range rounds {
		o.Told(WhatAlone, o.Clients)
		got, _, err := t.load(ctx, t.city(), o.Clients, o.For/rounds)
		if err != nil {
			return r, err
		}
		alone.add(got)
		o.Told(WhatBeside, o.Clients)
		got, theirs, err := t.besides(ctx, o.Clients, o.For/rounds)
		if err != nil {
			return r, err
		}
		beside.add(got)
		hostile.add(theirs)
	}
	r.Alone, r.Beside = alone.measured(WhatAlone, o.Clients), beside.measured(WhatBeside, o.Clients)
	r.Hostile = hostile.measured(WhatHostile, hostileClients)
	return r, nil
}

// provoke adds the records of the city and the agency of the county, and has it ask once, with its
// application.
func (t *tree) provoke(ctx context.Context) error {
	for i := range hostileRecords {
		record := fmt.Appendf(nil, `{"code":"5201020170%02d%03d","name":"第%d村民委员会"}`, i/1000, i%1000, i)
		if _, err := t.city().admin.PutRecord(ctx, dataset, client.PutRecord{Record: json.RawMessage(record)}); err != nil {
			return err
		}
	}
	if _, err := t.county().admin.AddAgency(ctx, client.NewAgency{Code: consumer, Title: t.county().title + "水务局"}); err != nil {
		return err
	}
	for range hostileClients {
		t.hostile = append(t.hostile, client.Dial(filepath.Join(t.folder, t.county().label), client.Options{As: consumer}))
	}
	return t.scan(ctx, t.hostile[0], t.first())
}

// scan asks the city for the records that the costly filter finds: none.
func (t *tree) scan(ctx context.Context, as *client.Client, use client.Use) error {
	got, err := as.Query(ctx, client.Query{At: t.city().title, Dataset: dataset, Filter: hostileFilter, Fields: []string{"code"}, Use: use})
	if err == nil && (len(got.Rows) != 0 || got.Cursor != "" || got.TotalScanned <= hostileRecords) {
		err = fmt.Errorf("%w: %d rows of %d", ErrAnswer, len(got.Rows), got.TotalScanned)
	}
	return err
}

// besides measures the queries of the province beside those of the county. What the county is
// refused counts as answered.
func (t *tree) besides(ctx context.Context, clients int, during time.Duration) (ours, theirs sample, err error) {
	flooding, end := context.WithCancel(ctx)
	defer end()
	var group sync.WaitGroup
	var flooded error
	group.Go(func() {
		theirs, flooded = load(flooding, hostileClients, during, func(ctx context.Context, i int) error {
			err := t.scan(ctx, t.hostile[i], client.Use{Purpose: purpose})
			if _, refused := errors.AsType[*client.Problem](err); refused {
				return nil
			}
			return err
		})
	})
	ours, _, err = t.load(ctx, t.city(), clients, during)
	if err != nil {
		end()
	}
	group.Wait()
	return ours, theirs, errors.Join(err, flooded)
}
