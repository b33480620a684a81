package budget

import (
	"sync"
	"time"
)

// Rate bounds how much is spent over time. What was spent is forgiven at a steady rate, of all
// payers alike. Many goroutines may use it.
type Rate struct {
	mu        sync.Mutex
	most      float64
	perSecond float64
	spent     shares  // in units
	unit      float64 // what one unit of spent is worth now: forgiving changes it instead of every share
	at        time.Time
}

// smallest is the unit below which the shares are written down anew, so that no precision is lost.
const smallest = 1e-6

// forgotten is the share of which nothing is remembered: a thousandth of one spending of 1.
const forgotten = 1e-3

// NewRate returns a budget of which most may be spent at once by all together, and perSecond more
// each second from then on.
func NewRate(most, perSecond float64) *Rate {
	return &Rate{most: most, perSecond: perSecond, unit: 1}
}

// Resize changes how much may be spent from now on. What was spent stays spent.
func (r *Rate) Resize(most, perSecond float64, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgive(now)
	r.most, r.perSecond = most, perSecond
}

// Spend takes n of the part of a payer. The error, if there is not so much left, is a *SpentError;
// nothing is taken then.
func (r *Rate) Spend(n float64, p Payer, now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgive(now)
	most := r.most / r.unit
	if room := r.spent.room(most, p); room < n/r.unit {
		return &SpentError{Payer: p, Again: r.again(n/r.unit-room, most-room)}
	}
	r.spent.add(n/r.unit, p)
	return nil
}

// again returns how long it takes until there is room for short more, where as much as in stands in
// the way of the payer now. Everything that stands in the way shrinks in proportion to what all
// have spent.
func (r *Rate) again(short, in float64) time.Duration {
	if short >= in || r.perSecond <= 0 { // more than the whole budget
		return longest
	}
	seconds := short / in * r.spent.used * r.unit / r.perSecond
	return min(longest, time.Duration(seconds*float64(time.Second))+time.Millisecond)
}

// longest is the longest time that a payer is told to wait: a day.
const longest = 24 * time.Hour

// forgive forgives what the time since the last call forgives; nothing where the clock was set
// back, from which on time counts anew.
func (r *Rate) forgive(now time.Time) {
	passed := now.Sub(r.at).Seconds()
	if r.at = now; passed <= 0 {
		return
	}
	left := r.spent.used*r.unit - passed*r.perSecond
	if left <= 0 {
		r.spent, r.unit = shares{}, 1
		return
	}
	r.unit = left / r.spent.used
	if r.unit < smallest {
		r.spent, r.unit = r.spent.times(r.unit), 1
	}
}

// times returns the shares with everything multiplied, without those that are nothing then.
func (s *shares) times(by float64) shares {
	all := shares{used: s.used * by}
	for name, c := range s.below {
		if part := c.times(by); part.used >= forgotten {
			*all.child(name) = part
		}
	}
	return all
}

// Rates is a Rate for each neighbour, which shares nothing with the others. The neighbours must be
// such as the caller knows already, because each is kept. Many goroutines may use it.
type Rates struct {
	most, perSecond float64
	mu              sync.Mutex
	of              map[string]*Rate
}

// NewRates returns a budget of which each neighbour may spend most at once, and perSecond more each
// second from then on.
func NewRates(most, perSecond float64) *Rates {
	return &Rates{most: most, perSecond: perSecond, of: map[string]*Rate{}}
}

// Spend takes n of the part of a payer, as Rate.Spend does.
func (r *Rates) Spend(n float64, p Payer, now time.Time) error {
	r.mu.Lock()
	rate := r.of[p.Neighbour]
	if rate == nil {
		rate = NewRate(r.most, r.perSecond)
		r.of[p.Neighbour] = rate
	}
	r.mu.Unlock()
	return rate.Spend(n, p, now)
}
