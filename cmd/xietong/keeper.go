package main

import (
	"context"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"xietong/node/faces/client"
)

const (
	lookEvery = 10 * time.Second // the live memory, and the hosted jurisdictions until known
	maxSystem = 64 << 10         // most bytes that are read of a system file
)

// keeper sets the collector of a process that serves. Many goroutines may use it.
type keeper struct {
	mu  sync.Mutex
	m   memory
	now collector
}

func (a *app) keeper() *keeper {
	return &keeper{m: memory{gogc: a.getenv("GOGC"), limit: a.getenv("GOMEMLIMIT"), all: memoryOf(readSystem)}, now: usual}
}

// host sets the number of jurisdictions that this process hosts from now on.
func (k *keeper) host(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.m.hosted = n
	k.set()
}

// look sets the collector by the live memory now, and reports whether the number of hosted
// jurisdictions is known.
func (k *keeper) look() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set()
	return k.m.hosted > 0
}

// set gives the collector new settings, only if they changed, because each call stops the process
// for a moment. The caller holds k.mu.
func (k *keeper) set() {
	k.m.live = liveBytes()
	want, ours := k.m.collector()
	if !ours || want == k.now {
		return
	}
	debug.SetGCPercent(want.percent)
	debug.SetMemoryLimit(want.limit)
	k.now = want
}

// while keeps the collector set while do runs. It calls hosted again until the call succeeds,
// because a node that is still opening does not answer.
func (k *keeper) while(ctx context.Context, hosted func(context.Context) (int, error), do func() error) error {
	ctx, end := context.WithCancel(ctx)
	var looking sync.WaitGroup
	defer looking.Wait()
	defer end()
	looking.Go(func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if k.look() {
				continue
			}
			if n, err := hosted(ctx); err == nil {
				k.host(n)
			}
		}
	})
	return do()
}

// hosted asks the node how many jurisdictions it hosts.
func (a *app) hosted(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	node := client.Dial(a.data, client.Options{})
	defer node.Close()
	s, err := node.Status(ctx)
	return len(s.Jurisdictions), err
}

// liveBytes returns the live bytes at the last run of the collector.
func liveBytes() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return 0 // another version of Go
	}
	return live[0].Value.Uint64()
}

// readSystem returns the text of a system file; "" if it cannot be read.
func readSystem(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSystem))
	if err != nil {
		return ""
	}
	return string(text)
}
