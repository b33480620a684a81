package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// The shortest times between two lines of progress.
const (
	meterTerminal = 100 * time.Millisecond
	meterPlain    = 5 * time.Second
)

// meter shows the progress of a task: on a terminal in one line that is replaced, elsewhere in
// plain lines now and then.
type meter struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	mu    sync.Mutex
	last  time.Time
	shown int // columns of the line that stands on the terminal
}

// meter returns a new meter. With --json it shows nothing, because programs read standard error
// too.
func (a *app) meter() *meter {
	m := &meter{w: a.stderr, terminal: a.terminal, now: a.now, last: a.now()}
	if a.jsonOnly {
		m.w = io.Discard
	}
	return m
}

// tell shows a line unless the line before was shown a moment ago. It always shows the last line of
// a task.
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

// clear removes the line from the terminal. The caller calls it before printing anything else.
func (m *meter) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown > 0 {
		fmt.Fprint(m.w, "\r", strings.Repeat(" ", m.shown), "\r")
		m.shown = 0
	}
}
