package federated

import (
	"context"
	"time"
)

// How long a hop is asked again that did not show what it was given: AgainFor, or longer where this
// node was not there to ask, and never longer than AgainMost.
const (
	AgainFor  = 24 * time.Hour
	AgainMost = 7 * 24 * time.Hour
)

// A hop is asked again a minute after the question, then after twice the time, and from an hour on
// each hour; so many hops at once.
const (
	againFirst  = time.Minute
	againLong   = time.Hour
	againAtOnce = 4
)

// A try that came to nothing says nothing by itself: a line may be down, or this node may have just
// started. Only after leastTries of them within leastStretch at least it is recorded what they came
// to.
const (
	leastTries   = 4
	leastStretch = time.Hour
)

// stretch counts tries, and holds when the first was.
type stretch struct {
	n     int
	first time.Time
}

func (s *stretch) add(now time.Time) {
	if s.n++; s.n == 1 {
		s.first = now
	}
}

func (s stretch) isLong(now time.Time) bool {
	return s.n >= leastTries && now.Sub(s.first) >= leastStretch
}

// tries are those of one point since this node started. They are not kept: a node that was off did
// not try.
type tries struct {
	last    time.Time // or when this node started
	all     stretch   // that came to nothing
	blaming stretch   // of these, those for which nobody else than the hop can answer
}

// over reports whether a point ends, because one more try came to nothing, and returns with which
// outcome. The word of a hop that was asked too seldom is not told; what is told then blames
// nobody.
func (t *tries) over(p point, outcome Outcome, now time.Time) (Outcome, bool) {
	t.all.add(now)
	enough := t.all
	if outcome == Withheld || outcome == Silent {
		t.blaming.add(now)
		enough = t.blaming
	}
	switch {
	case now.Before(p.end()):
		return "", false
	case enough.isLong(now):
		return outcome, true
	}
	return Unreached, !now.Before(p.latest())
}

// next returns when a point that was opened at since is tried next.
func (t *tries) next(since time.Time) time.Time {
	for age := againFirst; age < AgainFor; age += min(age, againLong) {
		if at := since.Add(age); at.After(t.last) {
			return at
		}
	}
	if end := since.Add(AgainFor); end.After(t.last) {
		return end
	}
	return t.last.Add(min(againFirst<<min(t.all.n, 8), againLong))
}

// Run asks again what is open, until ctx ends. What is open stands in the ledger's state, so a
// restart loses nothing; the times of the tries follow from when a point was opened, so restarting
// makes nobody be asked more often.
func (d *Desk) Run(ctx context.Context) {
	tried, began := map[string]*tries{}, d.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.opened:
		case <-timer.C:
		}
		timer.Reset(d.tryDue(ctx, tried, began))
	}
}

// tryDue tries every point that is due, and returns how long there is nothing to do. tried holds
// the tries of each, and began when this node started.
func (d *Desk) tryDue(ctx context.Context, tried map[string]*tries, began time.Time) time.Duration {
	open, err := d.openPoints(ctx)
	if err != nil {
		return againFirst // the ledger is not ready
	}
	now, next := d.Now(), d.Now().Add(againLong)
	var due []point
	for _, p := range open {
		t := tried[string(p.key())]
		if t == nil {
			t = &tries{last: began}
			tried[string(p.key())] = t
		}
		if at := t.next(p.since()); at.After(now) {
			next = minTime(next, at)
			continue
		}
		t.last = now
		due = append(due, p)
	}
	forgetTried(tried, open)
	sideBySide(len(due), againAtOnce, func(i int) { d.try(ctx, due[i], tried[string(due[i].key())]) })
	for _, p := range due {
		next = minTime(next, tried[string(p.key())].next(p.since()))
	}
	return max(0, next.Sub(d.Now()))
}

// forgetTried drops what is open no more.
func forgetTried(tried map[string]*tries, open []point) {
	is := map[string]bool{}
	for _, p := range open {
		is[string(p.key())] = true
	}
	for key := range tried {
		if !is[key] {
			delete(tried, key)
		}
	}
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
