// Package bench measures the main paths on the machine that it runs on, each beside a floor that the same machine gives in the
// same run, so that what it says are ratios. It changes nothing anywhere else: what it makes lies in a temporary folder, which is
// removed.
//
//	ledger  appends to a real ledger in this process, by the command that every use of data commits, from many clients at
//	        once; beside it a plain file that one goroutine appends to and flushes. The ledger is verified in the end.
//	query   a province asks a county of one of its cities: three nodes, each a process of this very binary, joined by real
//	        invitations, asked over the socket of the province; beside it, in three processes as well, the echo (see echo) of
//	        frames of the same sizes.
//
// What is measured goes in rounds, ours and the floor by turns, after a warm-up. A benchmark fails on wrong answers, on a ledger
// that does not verify, and on steps that were not told once a call; never on a time.
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
)

const (
	rounds   = 2 // ours and the floor by turns
	warmPart = 4 // the warm-up takes a fourth of the time
)

// Measurement is what many requests of one kind took.
type Measurement struct {
	What     string  `json:"what"`
	Clients  int     `json:"clients"`
	Replicas int     `json:"replicas"`
	PerS     float64 `json:"per_s"`
	P50      float64 `json:"p50_us"` // microseconds
	P99      float64 `json:"p99_us"`
}

// sample is how long each of many requests took.
type sample struct {
	took   []time.Duration
	during time.Duration // all of it
}

func (s *sample) add(other sample) {
	s.took = append(s.took, other.took...)
	s.during += other.during
}

// mean returns the mean of all requests; 0 of none.
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

// load has clients do something again and again until the time is over. The first error ends it.
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
