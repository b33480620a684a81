package relay

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"

	"xietong/exchange/envelope"
)

// heap returns the bytes that are in use.
func heap() int64 {
	var m runtime.MemStats
	for range 3 { // a pool lets go of its buffers after two
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestLongUsesHoldTheirBody (S10e): 3 uses of 700 KiB each are under way, as many as one branch
// behind a neighbour may have. The link counts the length of each frame in the neighbour's account
// until it is answered, and that of the answer while it is written; no more than that is held.
func TestLongUsesHoldTheirBody(t *testing.T) {
	t.Run("at the destination", func(t *testing.T) { longUses(t, city, 1) })
	t.Run("and at a hop before it", func(t *testing.T) { longUses(t, county, 2) })
}

// longUses has the uses go by the city to the destination, through so many jurisdictions.
func longUses(t *testing.T, destination string, through int64) {
	const uses, size, answer = 3, 700 << 10, 100 << 10
	w := newWorld(t)
	running, write := make(chan struct{}), make(chan struct{})
	var under sync.WaitGroup
	w.operation = func(_ context.Context, r Received) (Result, error) {
		under.Done()
		<-running
		return Result{Content: bytes.Clone(r.Call.Parameters[:answer]), Entry: entryOf(t, r.Header.Destination)}, nil
	}
	frames := make([][]byte, uses)
	for i := range frames {
		d := w.draft(t)
		d.Header.ID, d.Header.Origin, d.Header.Destination = newID(t), name(t, province), name(t, destination)
		d.by, d.to = w.keys[province], w.keys[destination].recipient(t)
		content, err := envelope.Call{Operation: label(t, "query"), Parameters: make([]byte, size)}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		d.Content = content
		frames[i] = d.frame(t)
	}
	before := heap() - uses*size
	var answered sync.WaitGroup
	under.Add(uses)
	for i := range frames {
		f := frames[i]
		frames[i] = nil // as a link does, which keeps nothing of what it handed on
		answered.Go(func() {
			_ = w.relays[city].Serve(t.Context(), name(t, province), f, func([]byte) error {
				under.Done()
				<-write
				return nil
			})
		})
	}
	held := func(when string, most int64) {
		t.Helper()
		under.Wait()
		w.served = nil // what the test keeps
		if got := (heap() - before) / uses; got > most {
			t.Errorf("a use of %d KiB %s holds %d KiB, want at most %d", size>>10, when, got>>10, most>>10)
		}
		under.Add(uses)
	}
	held("that runs", through*size*5/4)
	close(running)
	held("whose answer of 100 KiB is written", (through+1)*answer*5/4)
	under.Add(-uses)
	close(write)
	answered.Wait()
}
