// Package bench measures the main paths on the machine that it runs on. It measures each beside a
// floor, on the same machine in the same run, so that the results are ratios. It changes nothing
// outside a temporary folder, which it removes.
//
//	ledger  appends to a real ledger in this process, from many clients at once, by the command
//	        that every use of data commits; beside it a plain file that one goroutine appends
//	        to and flushes. The ledger is verified in the end.
//	query   a province asks a county of one of its cities: three nodes, each a process of this
//	        same binary, joined by real invitations, asked over the socket of the province;
//	        beside it, in three processes as well, the echo (see echo) of frames of the same
//	        sizes; the same query to the city, one hop; and what an agency pays that was not
//	        known there before.
//	hostile the query to the city, alone and while the county below the city has it scan all of a
//	        thousand records by a costly filter, ten times as many at once as the county's part
//	        of the processors is enough for; and, as a control, beside a process that has nothing
//	        to do with the nodes but burns as much.
//
// After a warm-up, a benchmark measures the path and its floor by turns, in rounds. It fails on
// wrong answers, on a ledger that does not verify, and on steps that were not reported once for
// each call; never on a time.
package bench

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// The things that are measured.
const (
	WhatAppend = "append"
	WhatFsync  = "fsync"
	WhatQuery  = "query"
	WhatEcho   = "echo"
	WhatHop    = "hop"   // a query over one hop
	WhatFirst  = "first" // the first query of an agency that is not known there

	WhatAlone   = "alone"   // a query over one hop, while nobody else asks
	WhatBeside  = "beside"  // the same beside the hostile ones
	WhatControl = "control" // the same beside a process that only burns as much
	WhatHostile = "hostile" // a scan that the county asks for
)

const (
	rounds   = 2 // of the path and the floor by turns
	warmPart = 4 // the warm-up takes a fourth of the time
)

// Measurement sums up the times of many requests of one kind.
type Measurement struct {
	What     string  `json:"what"`
	Clients  int     `json:"clients"`
	Replicas int     `json:"replicas"`
	PerS     float64 `json:"per_s"`
	P50      float64 `json:"p50_us"` // microseconds
	P99      float64 `json:"p99_us"`
	CPU      float64 `json:"cpu_us,omitempty"` // of all nodes, for each request; 0: not measured
}

// sample holds the time of each of many requests.
type sample struct {
	took   []time.Duration
	during time.Duration // the whole measurement
}

func (s *sample) add(other sample) {
	s.took = append(s.took, other.took...)
	s.during += other.during
}

// mean returns the mean time of the requests; 0 if there are none.
func (s sample) mean() time.Duration {
	var sum time.Duration
	for _, d := range s.took {
		sum += d
	}
	return sum / time.Duration(max(len(s.took), 1))
}

// measured sums the sample up.
func (s sample) measured(what string, clients int) Measurement {
	m := Measurement{What: what, Clients: clients, Replicas: 1}
	if len(s.took) == 0 || s.during <= 0 {
		return m
	}
	sorted := slices.Sorted(slices.Values(s.took))
	at := func(q float64) float64 { return micros(sorted[int(q*float64(len(sorted)-1))]) }
	m.PerS = rounded(float64(len(sorted)) / s.during.Seconds())
	m.P50, m.P99 = at(0.50), at(0.99)
	return m
}

// micros returns microseconds with one decimal.
func micros(d time.Duration) float64 { return rounded(float64(d) / float64(time.Microsecond)) }

func rounded(f float64) float64 { return math.Round(f*10) / 10 }

// load has a number of clients call do again and again until the time is over. The first error ends
// all of them.
func load(ctx context.Context, clients int, during time.Duration, do func(ctx context.Context, client int) error) (sample, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	took := make([][]time.Duration, clients)
	var group sync.WaitGroup
	began := time.Now()
	for i := range clients {
		group.Go(func() {
			for ctx.Err() == nil && time.Since(began) < during {
				start := time.Now()
				if err := do(ctx, i); err != nil {
					end(err)
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	group.Wait()
	return sample{took: slices.Concat(took...), during: time.Since(began)}, context.Cause(ctx)
}
