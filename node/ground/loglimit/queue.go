package loglimit

import (
	"io"
	"sync"
	"time"
)

// Bounds of the lines that wait for whoever reads the log, and of the wait for them at the end.
const (
	MaxQueued = 1 << 20 // bytes
	closing   = time.Second
)

// Queue writes lines to a log, and never waits for whoever reads it: a pipe that nobody empties
// must not hold up the node. What does not fit in MaxQueued is left out, and told once there is
// room again. Many goroutines may use it; Close ends its own.
type Queue struct {
	to   io.Writer
	told func(left int) []byte // the line that says how many were left out

	mu     sync.Mutex
	lines  [][]byte
	size   int
	left   int
	closed bool
	more   chan struct{} // holds one value while something changed
	done   chan struct{}
}

// NewQueue returns a queue of lines for a log. told makes the line that says how many were left
// out.
func NewQueue(to io.Writer, told func(left int) []byte) *Queue {
	q := &Queue{to: to, told: told, more: make(chan struct{}, 1), done: make(chan struct{})}
	go q.run()
	return q
}

// Write takes a line. It returns no error.
func (q *Queue) Write(line []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.size+len(line) > MaxQueued {
		q.left++
		return len(line), nil
	}
	q.size += len(line)
	q.lines = append(q.lines, append([]byte(nil), line...))
	q.wake()
	return len(line), nil
}

func (q *Queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// Close waits until what waits is written, but for a second only: the reader may be gone.
func (q *Queue) Close() error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake()
	select {
	case <-q.done:
	case <-time.After(closing):
	}
	return nil
}

func (q *Queue) run() {
	defer close(q.done)
	for range q.more {
		for lines, told, closed := q.take(); len(lines) > 0 || told != nil || closed; lines, told, closed = q.take() {
			size := 0
			for _, line := range lines {
				_, _ = q.to.Write(line) // there is nowhere to tell that nobody reads
				size += len(line)
			}
			if told != nil {
				_, _ = q.to.Write(told)
			}
			q.written(size)
			if len(lines) == 0 && told == nil {
				return
			}
		}
	}
}

// take returns what waits, and the line that tells how many lines were left out after it; nil: none
// were. What it returned takes room until it is written.
func (q *Queue) take() (lines [][]byte, told []byte, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	lines, closed = q.lines, q.closed
	if q.left > 0 {
		told = q.told(q.left)
	}
	q.lines, q.left = nil, 0
	return lines, told, closed
}

func (q *Queue) written(size int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.size -= size
}
