package door

import (
	"strconv"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// What a child may present at the door: burst presentations at once, and one more every refill. It
// presents every ten minutes, and more often only where the link is refused.
const (
	burst  = 8
	refill = time.Minute
)

// Budget meters what each child presents at the door. Only who has proven to be the child spends
// it, so a stranger can spend nobody's; and it holds no name that is not a child's. Many goroutines
// may use it.
type Budget struct {
	mu   sync.Mutex
	full map[identity.Jurisdiction]time.Time // when the budget will be whole again
}

// NewBudget returns the budget of all children, whole.
func NewBudget() *Budget { return &Budget{full: map[identity.Jurisdiction]time.Time{}} }

// spend takes one presentation from the budget of a child. The error is text.Busy, in the name of
// the jurisdiction whose door it is, where nothing is left.
func (b *Budget) spend(child, of identity.Jurisdiction, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	full := b.full[child]
	if full.Before(now) {
		full = now
	}
	full = full.Add(refill)
	if most := now.Add(burst * refill); full.After(most) {
		b.full[child] = most // never later, also where the clock was set back
		return text.Fail(text.Busy, text.Args{"jurisdiction": of.String(), "again": strconv.FormatInt(int64(refill/time.Second), 10)}, nil)
	}
	b.full[child] = full
	return nil
}
