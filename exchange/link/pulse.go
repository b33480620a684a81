package link

import (
	"maps"
	"slices"
	"time"
)

// Signs of life of a neighbour, while an exchange waits for it.
const (
	lookEvery  = 250 * time.Millisecond  // how often the packets that came are counted
	askAfter   = 500 * time.Millisecond  // without a packet: the other side is asked whether it lives
	doubtAfter = 2250 * time.Millisecond // without a packet: whoever waits asks elsewhere, too
	askSlowly  = 4                       // looks between two asks of a link that is doubted
)

// pulse tells of a connection whether the other side lives. It counts the packets that come while
// somebody waits, and is nothing on an idle connection. The time without a packet is counted in
// looks, so a process that was stopped for a while doubts nobody.
type pulse struct {
	waiting map[*waiter]struct{}
	looking bool // a look is due
	came    uint64
	quiet   time.Duration // without a packet, while somebody waited
	slow    int           // looks since the last ask of a link that is doubted
}

// waiter is an exchange that waits. doubted is called at every look at which the connection is
// doubted; it must not wait.
type waiter struct{ doubted func() }

// await counts an exchange that waits. The caller ends it with stop.
func (c *Conn) await(w *waiter) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulse.waiting == nil {
		c.pulse.waiting = map[*waiter]struct{}{}
	}
	c.pulse.waiting[w] = struct{}{}
	if !c.pulse.looking {
		c.pulse.looking = true
		if !c.silentSince() {
			c.pulse.came, c.pulse.quiet = c.quic.ConnectionStats().PacketsReceived, 0
		}
		time.AfterFunc(lookEvery, c.look)
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pulse.waiting, w)
	}
}

// doubtful reports whether the other side gave no sign of life when it was asked, and has given
// none since.
func (c *Conn) doubtful() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silentSince()
}

// silentSince is doubtful. The caller holds c.mu.
func (c *Conn) silentSince() bool {
	if c.pulse.quiet < doubtAfter { // which is most often
		return false
	}
	s := c.quic.ConnectionStats()
	return c.pulse.quiet >= 8*s.SmoothedRTT && s.PacketsReceived == c.pulse.came // over a long line an answer takes time
}

// look counts what came since the last look, as long as somebody waits, asks for a sign of life,
// and tells those who wait that there is none.
func (c *Conn) look() {
	c.mu.Lock()
	if p := &c.pulse; len(p.waiting) == 0 || !c.alive() {
		p.looking = false
		c.mu.Unlock()
		return
	}
	if came := c.quic.ConnectionStats().PacketsReceived; came != c.pulse.came {
		c.pulse.came, c.pulse.quiet, c.pulse.slow = came, 0, 0
	} else {
		c.pulse.quiet += lookEvery
	}
	ask, doubted := c.pulse.quiet >= askAfter, c.silentSince()
	if doubted {
		ask = c.pulse.slow%askSlowly == 0
		c.pulse.slow++
	}
	waiting := slices.Collect(maps.Keys(c.pulse.waiting))
	c.mu.Unlock()
	if ask {
		c.ask()
	}
	if doubted {
		c.suspect()
		for _, w := range waiting {
			w.doubted()
		}
	}
	time.AfterFunc(lookEvery, c.look)
}

// ask has the other side send a packet, if it lives: a stream is opened and given up at once, which
// QUIC acknowledges.
func (c *Conn) ask() {
	if s, err := c.quic.OpenStream(); err == nil { // which does not wait
		abandon(s, CodeCancelled)
	}
}
