package relay

import (
	"sync"
	"time"
)

// maxCame is how many federated requests are remembered to have come, of all neighbours.
const maxCame = 4096

// came remembers which federated requests came, whatever became of them, and since when it does.
// It is memory: who asks about a request of before is not told that it never came.
type came struct {
	now func() time.Time

	mu    sync.Mutex
	since time.Time // from when on no request is missing
	at    map[[32]byte]time.Time
	line  [][32]byte // the oldest first
}

func newCame(now func() time.Time) *came {
	return &came{now: now, since: now(), at: map[[32]byte]time.Time{}}
}

func (c *came) note(request [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.at[request]; again {
		return
	}
	if len(c.line) == maxCame {
		oldest := c.line[0]
		c.since = c.at[oldest]
		delete(c.at, oldest)
		c.line = c.line[1:]
	}
	c.at[request] = c.now()
	c.line = append(c.line, request)
}

// Came reports whether a federated request came to this jurisdiction, whatever became of it, and
// since when such requests are remembered.
func (r *Relay) Came(request [32]byte) (is bool, since time.Time) {
	r.came.mu.Lock()
	defer r.came.mu.Unlock()
	_, is = r.came.at[request]
	return is, r.came.since
}
