package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
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
	// Of the province's queries: alone, beside the hostile county, and beside a process that burns
	// as much of the processors as the county made the nodes use.
	Alone, Beside, Control Measurement
	Hostile                Measurement // of the county's scans

	Quota float64 // processors that are the county's part
	Burnt float64 // processors that the nodes used for the county
}

const (
	hostileTimes   = 10   // times its quota that the county asks for
	hostileRecords = 1000 // that each of its questions has the city look at
	hostileFilter  = `name.matches("(?:.?){200}z")`
	mostHostile    = 64 // clients; a node serves at most so many requests of one origin at once
)

// quota returns the county's part of the processors. Two neighbours ask the city, and each has half
// of them.
func quota() float64 { return float64(runtime.GOMAXPROCS(0)) / 2 }

// hostileClients is how many clients the county has. A scan only computes, so each of them keeps
// one processor busy by itself.
func hostileClients() int { return min(int(hostileTimes*quota()), mostHostile) }

// Hostile measures the queries of a province to its city, alone and while a county of the city has
// it scan all its records by a costly filter, and asks for hostileTimes its quota. It (1) makes the
// tree and the records, (2) has both ask once, and (3) measures by turns: alone, beside the county,
// and, as a control, beside a process that has nothing to do with the nodes but burns as much.
func Hostile(ctx context.Context, o HostileOptions) (r HostileResult, err error) {
	err = planted(ctx, func(ctx context.Context, t *tree) (err error) {
		if err := t.provoke(ctx); err != nil {
			return err
		}
		r, err = t.hostile(ctx, o)
		return err
	})
	return r, err
}

// hostile measures beside the county, whose agency and grant are there.
func (t *tree) hostile(ctx context.Context, o HostileOptions) (r HostileResult, err error) {
	t.dial(o.Clients)
	o.Told(WhatAlone, o.Clients)
	if _, _, err := t.load(ctx, t.city(), o.Clients, o.For/warmPart); err != nil {
		return r, err
	}
	var f fight
	for range rounds {
		if err := t.round(ctx, o, &f); err != nil {
			return r, err
		}
	}
	r.Alone, r.Beside = f.alone.measured(WhatAlone, o.Clients), f.beside.measured(WhatBeside, o.Clients)
	r.Control, r.Hostile = f.control.measured(WhatControl, o.Clients), f.hostile.measured(WhatHostile, hostileClients())
	r.Quota, r.Burnt = quota(), f.burnt
	return r, nil
}

// fight holds what the rounds add up to.
type fight struct {
	alone, beside, control, hostile sample

	used  time.Duration // by the nodes, alone
	burnt float64       // processors in the last round
}

// round measures once each: alone, beside the county, and beside the control.
func (t *tree) round(ctx context.Context, o HostileOptions, f *fight) error {
	if _, err := t.tell(ctx); err != nil { // drops what was used before
		return err
	}
	o.Told(WhatAlone, o.Clients)
	got, all, err := t.load(ctx, t.city(), o.Clients, o.For/rounds)
	if err != nil {
		return err
	}
	f.alone.add(got)
	f.used += used(all)
	o.Told(WhatBeside, o.Clients)
	got, theirs, all, err := t.besides(ctx, o)
	if err != nil {
		return err
	}
	f.beside.add(got)
	f.hostile.add(theirs)
	queries := f.used / time.Duration(max(len(f.alone.took), 1)) * time.Duration(len(got.took))
	f.burnt = max(used(all)-queries, 0).Seconds() / got.during.Seconds()
	o.Told(WhatControl, o.Clients)
	spinning, err := run(ctx, t.folder, "bench", "spin", "--processors", strconv.FormatFloat(f.burnt, 'f', 3, 64))
	if err != nil {
		return err
	}
	got, _, err = t.load(ctx, t.city(), o.Clients, o.For/rounds)
	f.control.add(got)
	return errors.Join(err, spinning.close())
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
	for range hostileClients() {
		t.floods = append(t.floods, client.Dial(filepath.Join(t.folder, t.county().label), client.Options{As: consumer}))
	}
	return t.scan(ctx, t.floods[0], t.first())
}

// scan asks the city for the records that the costly filter finds: none.
func (t *tree) scan(ctx context.Context, as *client.Client, use client.Use) error {
	got, err := as.Query(ctx, client.Query{At: t.city().title, Dataset: dataset, Filter: hostileFilter, Fields: []string{"code"}, Use: use})
	if err == nil && (len(got.Rows) != 0 || got.Cursor != "" || got.TotalScanned <= hostileRecords) {
		err = fmt.Errorf("%w: %d rows of %d", ErrAnswer, len(got.Rows), got.TotalScanned)
	}
	return err
}

// besides measures the queries of the province beside the scans of the county.
func (t *tree) besides(ctx context.Context, o HostileOptions) (ours, theirs sample, all []told, err error) {
	flooding, end := context.WithCancel(ctx)
	defer end()
	var group sync.WaitGroup
	var flooded error
	group.Go(func() {
		theirs, flooded = load(flooding, hostileClients(), o.For/rounds, func(ctx context.Context, i int) error {
			return t.scan(ctx, t.floods[i], client.Use{Purpose: purpose})
		})
	})
	ours, all, err = t.load(ctx, t.city(), o.Clients, o.For/rounds)
	if err != nil {
		end()
	}
	group.Wait()
	return ours, theirs, all, errors.Join(err, flooded)
}

// used returns the CPU time of all nodes.
func used(all []told) (sum time.Duration) {
	for _, one := range all {
		sum += one.CPU
	}
	return sum
}
