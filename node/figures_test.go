package node

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/node/faces/client"
)

// figures is how many queries TestFigures asks, and how many neighbours TestMemory has; 0: both are
// skipped.
var figures = flag.Int("figures", 0, "how many queries TestFigures asks, or neighbours TestMemory has")

// steps keeps how long each step of a call took.
type steps struct {
	mu   sync.Mutex
	took map[string][]time.Duration
}

func (s *steps) keep(step string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took[step] = append(s.took[step], took)
}

func (s *steps) tell(t *testing.T, where string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, step := range slices.Sorted(maps.Keys(s.took)) {
		t.Logf("  %s  %-13s p50 %s, p99 %s", where, step, quantile(s.took[step], .5), quantile(s.took[step], .99))
	}
	clear(s.took)
}

func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(q*float64(len(sorted)-1))].Round(time.Microsecond)
}

// serveSteps serves a node that tells the steps of its calls.
func serveSteps(t *testing.T, dir string) (*steps, *client.Client) {
	t.Helper()
	s := &steps{took: map[string][]time.Duration{}}
	n, err := Open(t.Context(), dir, Options{Logger: slog.New(slog.DiscardHandler), Steps: s.keep})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- n.serveSocket(ctx, filepath.Join(dir, client.SocketName), func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, n.Close()); err != nil {
			t.Error(err)
		}
	})
	return s, dial(t, dir, "en")
}

// TestFigures prints how long joining takes, and a query to a neighbour by its steps: two nodes in
// this process, over loopback, both ledgers flushed to disk. The way there and back takes the time
// of ask-send less that of the county's steps. The test fails on wrong answers only, never on
// times.
func TestFigures(t *testing.T) {
	if *figures == 0 {
		t.Skip("a measurement: run it with -figures 2000")
	}
	cityDir, countyDir := filepath.Join(t.TempDir(), "guiyang"), filepath.Join(t.TempDir(), "nanming")
	_, err := Init(cityDir, InitOptions{Name: "guiyang.guizhou", DisplayName: "贵阳市", Listen: freePort(t)})
	if err != nil {
		t.Fatal(err)
	}
	atCity, c := serveSteps(t, cityDir)
	invitation := invited(t, c, "南明区")
	began := time.Now()
	if _, err := Join(t.Context(), countyDir, invitation.Token, quiet()); err != nil {
		t.Fatal(err)
	}
	t.Logf("joined in %s, from the token to the directory on disk", time.Since(began).Round(time.Millisecond))
	began = time.Now()
	atCounty, county := serveSteps(t, countyDir)
	linked(t, c, "nanming.guiyang.guizhou")
	t.Logf("opened and linked in %s", time.Since(began).Round(time.Millisecond))
	must(t)(c.AddAgency(t.Context(), client.NewAgency{Code: "water", Title: "水务局"}))
	must(t)(county.AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: "民政局"}))
	d := &desk{provider: county}
	must(t)(county.PublishDataset(t.Context(), villages(client.Unconditional)))
	d.put(t, 1)
	for _, clients := range []int{1, 64} {
		took, all := askAll(t, c, clients, *figures)
		t.Logf("%d clients: %.0f queries/s, p50 %s, p99 %s", clients, float64(len(took))/all.Seconds(), quantile(took, .5), quantile(took, .99))
		atCity.tell(t, "city  ")
		atCounty.tell(t, "county")
	}
}

// keepChildEnv is the variable that makes this test a process that keeps nodes open; its value is
// the directories of the nodes, on a line each.
const keepChildEnv = "XIETONG_TEST_KEEP"

// keepChild opens the nodes, and keeps them until its standard input ends.
func keepChild(dirs string) {
	for _, dir := range strings.Split(dirs, "\n") {
		if _, err := Open(context.Background(), dir, Options{Logger: slog.New(slog.DiscardHandler)}); err != nil {
			panic(err)
		}
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestMemory prints how much memory a neighbour costs its parent, everything included: the link,
// the key sets, and the parent's memory of it. The children are another process. Each child has
// asked the parent once, and then nothing for a while.
func TestMemory(t *testing.T) {
	if *figures == 0 {
		t.Skip("a measurement: run it with -figures 60")
	}
	dir := filepath.Join(t.TempDir(), "guiyang")
	if _, err := Init(dir, InitOptions{Name: "guiyang.guizhou", DisplayName: "贵阳市", Listen: freePort(t)}); err != nil {
		t.Fatal(err)
	}
	_, c := serveSteps(t, dir)
	var dirs []string
	empty := inUse()
	for i := range *figures {
		v, err := c.Invite(t.Context(), client.NewInvitation{Name: "试", Label: fmt.Sprintf("c%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, filepath.Join(t.TempDir(), "child"))
		if _, err := Join(t.Context(), dirs[i], v.Token, quiet()); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(time.Minute + 5*time.Second) // until the door has given back its memory
	before, goroutines := inUse(), runtime.NumGoroutine()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), keepChildEnv+"="+strings.Join(dirs, "\n"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for i := range *figures {
		linked(t, c, fmt.Sprintf("c%d.guiyang.guizhou", i))
	}
	time.Sleep(30 * time.Second)
	after := inUse()
	each := func(from, to int64) float64 { return float64(to-from) / 1024 / float64(*figures) }
	t.Logf("%d neighbours: %.1f KiB each for who they are, %.1f KiB and %.1f goroutines each for their links", *figures,
		each(empty, before), each(before, after), float64(runtime.NumGoroutine()-goroutines)/float64(*figures))
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Error(err)
	}
}

// inUse returns the bytes of heap and stacks in use.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// askAll asks n queries from a number of clients at once.
func askAll(t *testing.T, c *client.Client, clients, n int) (took []time.Duration, all time.Duration) {
	q := client.Query{At: "南明区", Dataset: "villages", Key: "520102016001", Use: use}
	must(t)(c.Query(t.Context(), q)) // files the application
	var group sync.WaitGroup
	var mu sync.Mutex
	began := time.Now()
	for range clients {
		group.Go(func() {
			for range n / clients {
				start := time.Now()
				got, err := c.Query(t.Context(), q)
				if err != nil || len(got.Rows) != 1 || got.Asked == "" {
					t.Errorf("got %d rows, recorded as %q, %v", len(got.Rows), got.Asked, err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(start))
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return took, time.Since(began)
}
