package relay

import (
	"sync"
	"time"

	"xietong/certs/identity"
)

// budget bounds how often each jurisdiction may do something: burst times at once, and once more
// after each period of length every.
type budget struct {
	burst int
	every time.Duration
	mu    *sync.Mutex
	until map[identity.Jurisdiction]time.Time // when each jurisdiction has its whole burst again
}

func newBudget(burst int, every time.Duration) budget {
	return budget{burst: burst, every: every, mu: &sync.Mutex{}, until: map[identity.Jurisdiction]time.Time{}}
}

// spend takes one use from the budget of a jurisdiction, and reports whether one was left.
func (b budget) spend(of identity.Jurisdiction, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	until := b.until[of]
	if until.Before(now) {
		until = now
	}
	if until.Sub(now) > time.Duration(b.burst-1)*b.every {
		return false
	}
	b.until[of] = until.Add(b.every)
	return true
}
