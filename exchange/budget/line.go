package budget

import (
	"slices"
	"time"
)

// line is the line before the slots, as a pure value: whoever has used least is called next, first
// among the neighbours and then among the origins of that neighbour. A payer that comes back after
// a time of rest has used as much as the one that was called last, so nobody saves up for later.
//
// When nothing runs any more, nobody took anything from anybody: a new round begins, in which all
// have used nothing.
type line struct {
	all     account
	waiting int
	round   int
}

// waiter is one piece of work that waits.
type waiter struct {
	payer  Payer
	called chan struct{} // closed when its turn has come
}

// account is what somebody has used: all, a neighbour, or an origin of one.
type account struct {
	used    time.Duration
	called  time.Duration // what the one of below had used that was called last
	seen    time.Time     // of a neighbour: when work of it last came or ended
	busy    int           // pieces of work that wait or run
	waiting int           // of them, those that wait
	line    []*waiter     // of an origin: first come, first called
	round   int           // that used and called are of
	below   map[string]*account
}

// running returns how many slots are held.
func (a *account) running() int { return a.busy - a.waiting }

// maxAccounts is how many accounts there are below one before those are forgotten that ask for
// nothing now. Each call looks at all of them.
const maxAccounts = 64

// at returns the account of a name below another, which is made if there is none.
func (l *line) at(a *account, name string) *account {
	c := a.below[name]
	if c == nil {
		if a.below == nil {
			a.below = map[string]*account{}
		}
		a.sweep()
		c = &account{}
		a.below[name] = c
	}
	if c.round != l.round {
		c.used, c.called, c.round = 0, 0, l.round
	}
	if c.busy == 0 {
		c.used = max(c.used, a.called)
	}
	return c
}

// sweep forgets the accounts at rest where there are too many. Whoever is forgotten gains one turn
// by it, as anybody new does.
func (a *account) sweep() {
	if len(a.below) < maxAccounts {
		return
	}
	for name, c := range a.below {
		if c.busy == 0 {
			delete(a.below, name)
		}
	}
}

// count counts a piece of work that comes now.
func (l *line) count(p Payer, now time.Time) {
	if l.all.busy == 0 {
		l.round++
		l.all.called = 0
	}
	neighbour := l.at(&l.all, p.Neighbour)
	neighbour.seen = now
	origin := l.at(neighbour, p.Origin)
	for _, a := range []*account{&l.all, neighbour, origin} {
		a.busy++
	}
}

// join has a piece of work wait.
func (l *line) join(p Payer, now time.Time) *waiter {
	l.count(p, now)
	origin := l.all.below[p.Neighbour].below[p.Origin]
	w := &waiter{payer: p, called: make(chan struct{})}
	origin.line = append(origin.line, w)
	l.wait(p, +1)
	return w
}

// leave takes a piece of work out of the line; false: it was called already.
func (l *line) leave(w *waiter, now time.Time) bool {
	origin := l.all.below[w.payer.Neighbour].below[w.payer.Origin]
	i := slices.Index(origin.line, w)
	if i < 0 {
		return false
	}
	origin.line = slices.Delete(origin.line, i, i+1)
	l.wait(w.payer, -1)
	l.done(w.payer, 0, now)
	return true
}

// call calls whoever is next for one of the free slots; false: nobody who may have it waits.
func (l *line) call(free int, now time.Time) bool {
	neighbour := l.all.least(func(c *account) bool { return l.lends(c, free, now) })
	if neighbour == nil {
		return false
	}
	origin := neighbour.least(nil)
	w := origin.line[0]
	origin.line = origin.line[1:]
	l.wait(w.payer, -1)
	close(w.called)
	return true
}

// wait counts pieces of work of a payer that begin (1) or cease (-1) to wait.
func (l *line) wait(p Payer, n int) {
	neighbour := l.all.below[p.Neighbour]
	neighbour.below[p.Origin].waiting += n
	neighbour.waiting += n
	l.waiting += n
}

// least returns the account below that waits, may be called and has used least; of several, the
// first by name, so that a test can tell. It returns nil where there is none.
func (a *account) least(may func(*account) bool) *account {
	var first *account
	var of string
	for name, c := range a.below {
		if c.waiting > 0 && (first == nil || c.used < first.used || c.used == first.used && name < of) && (may == nil || may(c)) {
			first, of = c, name
		}
	}
	if first != nil {
		a.called = max(a.called, first.used)
	}
	return first
}

// shared reports whether another neighbour than that of the payer was here within a Step.
func (l *line) shared(p Payer, now time.Time) bool {
	for name, other := range l.all.below {
		if name != p.Neighbour && now.Sub(other.seen) < Step {
			return true
		}
	}
	return false
}

// lends reports whether a neighbour, nil: a new one, may have one of the free slots. Whoever holds
// one already does not get the last, while another that has not used more was here within a Step
// and holds none: that one is likely to come again, and would wait until the slot is given back,
// for each small piece of its work anew.
func (l *line) lends(to *account, free int, now time.Time) bool {
	if free > 1 || to == nil || to.running() == 0 {
		return true
	}
	for _, other := range l.all.below {
		if other.running() == 0 && other.used < to.used+Step && now.Sub(other.seen) < Step {
			return false
		}
	}
	return true
}

// owes reports whether another neighbour waits that holds fewer slots than that of the payer, which
// has had its turn for so long, and has used less by as much as matters.
func (l *line) owes(p Payer, took time.Duration) bool {
	mine := l.all.below[p.Neighbour]
	for _, other := range l.all.below {
		if other.waiting > 0 && other.running() < mine.running() && other.used+soon <= mine.used+took {
			return true
		}
	}
	return false
}

// spend counts time that a payer has used.
func (l *line) spend(p Payer, took time.Duration) {
	neighbour := l.all.below[p.Neighbour]
	neighbour.used += took
	neighbour.below[p.Origin].used += took
}

// done ends a piece of work.
func (l *line) done(p Payer, took time.Duration, now time.Time) {
	l.spend(p, took)
	neighbour := l.all.below[p.Neighbour]
	neighbour.seen = now
	for _, a := range []*account{&l.all, neighbour, neighbour.below[p.Origin]} {
		a.busy--
	}
}
