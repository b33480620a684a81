package group

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"xietong/consensus/state"
)

// TestStartAloneWarnsOfNothing: a start without trouble logs nothing that an operator would look
// into.
func TestStartAloneWarnsOfNothing(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		n := alone1(t, dir)
		if err := n.close(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(n.log.String()) {
			if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
				t.Errorf("logged: %s", line)
			}
		}
	}
}

// BenchmarkOpen measures the time from a closed store to a ready group, with an existing directory
// of 1,000 entries.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	n, err := start(dir, 1, nil, replica(1))
	if err != nil {
		b.Fatal(err)
	}
	if err := n.WaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	for range 1000 {
		if _, err := n.Propose(b.Context(), command("village")); err != nil {
			b.Fatal(err)
		}
	}
	if err := n.close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n, err = start(dir, 1, nil, replica(1)); err != nil {
			b.Fatal(err)
		}
		if err := n.WaitReady(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := n.close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// TestCloseWhileItStarts closes a group at many moments of its start, and while commands are on
// their way: every command must be answered.
func TestCloseWhileItStarts(t *testing.T) {
	dir := t.TempDir()
	for round := range 60 {
		n, err := start(dir, 1, nil, replica(1))
		if err != nil {
			t.Fatal(err)
		}
		var asking sync.WaitGroup
		for range 4 {
			asking.Go(func() {
				for {
					if _, err := n.Propose(t.Context(), command("x")); errors.Is(err, state.ErrClosed) {
						return
					}
				}
			})
		}
		for range round { // a moment later than the round before
			runtime.Gosched()
		}
		if round%2 == 1 {
			if err := n.WaitReady(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.close(); err != nil {
			t.Fatal(err)
		}
		asking.Wait()
	}
}
