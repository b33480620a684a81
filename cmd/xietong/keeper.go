package main

import (
	"context"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"xietong/node/client"
)

const (
	lookEvery = 10 * time.Second // at what is alive and, until that is known, at how many are hosted
	maxSystem = 64 << 10         // bytes of a file of the system
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

// host says how many jurisdictions this process hosts from now on.
func (k *keeper) host(n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.m.hosted = n
	k.set()
}

// look sets the collector by what is alive now, and reports whether it knows how many are hosted.
func (k *keeper) look() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set()
	return k.m.hosted > 0
}

// set tells the collector what has changed; each word to it stops the process for a moment. The
// caller holds k.mu.
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

// while keeps the collector as it should be while do runs. hosted is asked until it knows: a node
// that still opens has no answer.
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

// liveBytes returns how many bytes were alive when the collector last ran.
func liveBytes() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 {
		return 0 // another version of Go
	}
	return live[0].Value.Uint64()
}

// readSystem returns the text of a file of the system; "" where there is none.
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
