package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// run is what one run showed.
type run struct {
	rate     float64 // writes a second
	p50, p99 time.Duration
}

// compare measures every contestant with every number of clients, by turns, and prints each run and
// then what they come to.
func compare(ctx context.Context, o options, out io.Writer) error {
	for _, clients := range o.clients {
		runs := map[string][]run{}
		for i := range o.runs {
			for _, c := range contestants {
				if o.only != "" && !slices.Contains(strings.Split(o.only, ","), c.name) {
					continue
				}
				r, err := measured(ctx, c, clients, o)
				if err != nil {
					return fmt.Errorf("measure %s: %w", c.name, err)
				}
				runs[c.name] = append(runs[c.name], r)
				fmt.Fprintf(out, "run %d  %-17s %4d clients  %8.0f/s  p50 %9s  p99 %9s\n", i+1, c.name, clients, r.rate, shown(r.p50), shown(r.p99))
			}
		}
		summary(out, clients, runs)
	}
	return nil
}

// measured makes the contestant in a folder of its own, warms it up for a fourth of the time,
// measures it, and removes it.
func measured(ctx context.Context, c contestant, clients int, o options) (r run, err error) {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	s, err := c.open(ctx, filepath.Join(folder, c.name), o.size)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, err := load(ctx, s, clients, o.each/4); err != nil {
		return r, err
	}
	return load(ctx, s, clients, o.each)
}

// load has the clients write one after the other until the time is over. The first error ends it.
func load(ctx context.Context, s subject, clients int, during time.Duration) (run, error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	took := make([][]time.Duration, clients)
	var all sync.WaitGroup
	began := time.Now()
	for i := range clients {
		all.Go(func() {
			for ctx.Err() == nil && time.Since(began) < during {
				start := time.Now()
				if err := s.write(ctx, i); err != nil {
					end(err)
					return
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	all.Wait()
	whole := time.Since(began)
	if err := context.Cause(ctx); err != nil {
		return run{}, err
	}
	sorted := slices.Sorted(slices.Values(slices.Concat(took...)))
	at := func(q float64) time.Duration { return sorted[int(q*float64(len(sorted)-1))] }
	return run{float64(len(sorted)) / whole.Seconds(), at(0.50), at(0.99)}, nil
}

// pairs are the contestants whose ratio is told.
var pairs = [][2]string{{"xietong", "etcd"}, {"xietong-provable", "tessera"}}

// summary prints the medians and ranges of the runs, and the ratios of the medians.
func summary(out io.Writer, clients int, runs map[string][]run) {
	for _, c := range contestants {
		if of := runs[c.name]; len(of) > 0 {
			rate, p50, p99 := spread(of, func(r run) float64 { return r.rate }), spread(of, micros(func(r run) time.Duration { return r.p50 })),
				spread(of, micros(func(r run) time.Duration { return r.p99 }))
			fmt.Fprintf(out, "all    %-17s %4d clients  %8.0f/s (%.0f-%.0f)  p50 %.0f µs (%.0f-%.0f)  p99 %.0f µs (%.0f-%.0f)\n",
				c.name, clients, rate[1], rate[0], rate[2], p50[1], p50[0], p50[2], p99[1], p99[0], p99[2])
		}
	}
	for _, p := range pairs {
		if a, b := runs[p[0]], runs[p[1]]; len(a) > 0 && len(b) > 0 {
			ratio := func(of func(run) float64) float64 { return spread(a, of)[1] / spread(b, of)[1] }
			fmt.Fprintf(out, "ratio  %s / %s  %d clients  rate %.2f  p50 %.2f  p99 %.2f\n", p[0], p[1], clients, ratio(func(r run) float64 { return r.rate }),
				ratio(micros(func(r run) time.Duration { return r.p50 })), ratio(micros(func(r run) time.Duration { return r.p99 })))
		}
	}
}

// spread returns the least, the median and the greatest of a figure.
func spread(runs []run, of func(run) float64) [3]float64 {
	var all []float64
	for _, r := range runs {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return [3]float64{all[0], all[len(all)/2], all[len(all)-1]}
}

func micros(of func(run) time.Duration) func(run) float64 {
	return func(r run) float64 { return float64(of(r)) / float64(time.Microsecond) }
}

func shown(d time.Duration) string { return d.Round(time.Microsecond).String() }
