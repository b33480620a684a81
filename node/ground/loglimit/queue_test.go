package loglimit

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// stuck is a log whose reader hangs until its gate opens.
type stuck struct {
	gate <-chan struct{}

	mu  sync.Mutex
	got bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.gate
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.Write(p)
}

// TestLogThatNobodyReads (D12): the reader of the log hangs. Whoever logs goes on, memory is
// bounded, and once the log is read again it says how many lines are missing. The end does not wait
// for a reader that never comes.
func TestLogThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		log := &stuck{gate: gate}
		q := NewQueue(log, func(left int) []byte { return fmt.Appendf(nil, "left out %d\n", left) })
		line := strings.Repeat("x", 1<<10-1) + "\n"
		lines := 3 * MaxQueued / len(line)
		for range lines {
			if _, err := q.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if q.size > MaxQueued {
			t.Errorf("%d bytes wait", q.size)
		}
		if err := q.Close(); err != nil { // after a second, of the bubble
			t.Error(err)
		}
		close(gate)
		<-q.done
		got := log.got.String()
		written, told := strings.Count(got, "x\n"), 0
		for _, l := range strings.SplitAfter(got, "\n") {
			n := 0
			if _, err := fmt.Sscanf(l, "left out %d", &n); err == nil {
				told += n
			}
		}
		if written+told != lines || told < lines/2 || written < lines/4 {
			t.Errorf("%d lines written and %d told as left out, of %d", written, told, lines)
		}
	})
}
