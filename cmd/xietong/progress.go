package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// How often progress is told.
const (
	meterTerminal = 100 * time.Millisecond
	meterPlain    = 5 * time.Second
)

// meter tells how far something is: on a terminal in one line that is replaced, elsewhere in plain lines now and then.
type meter struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	mu    sync.Mutex
	last  time.Time
	shown int // columns of the line that stands on the terminal
}

// meter returns a new meter. With --json, where standard error is for programs too, it tells nothing.
func (a *app) meter() *meter {
	m := &meter{w: a.stderr, terminal: a.terminal, now: a.now, last: a.now()}
	if a.jsonOnly {
		m.w = io.Discard
	}
	return m
}

// tell shows line unless the one before was shown a moment ago. The last line of something is always shown.
func (m *meter) tell(line string, last bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	every := meterPlain
	if m.terminal {
		every = meterTerminal
	}
	now := m.now()
	if !last && now.Sub(m.last) < every {
		return
	}
	m.last = now
	if !m.terminal {
		fmt.Fprintln(m.w, line)
		return
	}
	fmt.Fprint(m.w, "\r", pad(line, m.shown))
	m.shown = columns(line)
}

// clear takes the line off the terminal. It is called before anything else is printed.
func (m *meter) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown > 0 {
		fmt.Fprint(m.w, "\r", strings.Repeat(" ", m.shown), "\r")
		m.shown = 0
	}
}
