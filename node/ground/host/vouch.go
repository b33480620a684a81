package host

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// Voucher says who vouches for the clock of this machine, from the weakest on.
type Voucher int

// The vouchers.
const (
	ByNobody    Voucher = iota // nothing is proposed
	ByStart                    // it was near the last entry at the start, and went on evenly since
	ByReplica                  // that of another replica agrees, for which one of those below vouches
	ByNeighbour                // a neighbour's clock agrees
	BySystem                   // the system says that it was set by a time service
	ByOperator                 // a person accepted it
)

func (v Voucher) String() string {
	return [...]string{"nobody", "start", "replica", "neighbour", "system", "operator"}[v]
}

// clocks are the sources of time of a machine.
type clocks struct {
	now     func() time.Time     // the wall clock, which somebody may set
	elapsed func() time.Duration // see Options
	synced  func() time.Time
}

// syncedFor is how long the clock counts as set by a time service, which sets it every half hour or
// more often.
const syncedFor = time.Hour

// reading is what the clocks show at one moment, or what the clock of another showed then.
type reading struct {
	wall    time.Time
	elapsed time.Duration
}

// ahead returns how far the wall clock ran ahead of the time that passed since another reading.
func (r reading) ahead(of reading) time.Duration {
	return r.wall.Sub(of.wall) - (r.elapsed - of.elapsed)
}

// guard decides whether the wall clock is believed. It knows what others say of the time as values
// alone: who they are, and when it heard them.
//
// A reading that somebody vouched for is the base of those that follow: the clock is believed while
// it goes as evenly as the time that passes, a suspend included. At a start there is no base; then
// the last entry is a witness of the past, and a clock up to maxAhead from it is presumed to be
// true (a weekend looks so, and a wrong presumption costs nothing that lasts). A presumed clock may
// be set back, or, where it was behind the last entry, on; every other jump needs a voucher again.
type guard struct {
	clocks clocks
	parent identity.Jurisdiction // zero: the root

	mu     sync.Mutex // guards the fields below
	began  reading    // the last entry, or the clock where there is none, as if read at the start
	base   reading
	by     Voucher
	who    identity.Jurisdiction // of ByNeighbour
	synced time.Time             // as the system said at the base
	heard  map[identity.Jurisdiction]reading
	words  map[identity.Replica]heardWord // of the replicas with a vote
	differ map[differKey]differing        // of those to which there is no link because of it
	round  *time.Duration                 // when they were asked last; nil: not yet
}

// heardWord is what another replica said of its clock.
type heardWord struct {
	reading
	by Voucher
}

const maxAhead = state.MaxAhead * time.Millisecond

// newGuard returns the guard of a ledger with the given time; zero: it has no entry yet.
func newGuard(clocks clocks, parent identity.Jurisdiction, ledger time.Time) *guard {
	g := &guard{clocks: clocks, parent: parent, heard: map[identity.Jurisdiction]reading{}, words: map[identity.Replica]heardWord{}, differ: map[differKey]differing{}}
	now := g.read()
	if g.began = now; ledger.UnixMilli() > 0 {
		g.began.wall = ledger
	}
	return g
}

// read reads the clocks. The wall clock of a reading has no monotonic part.
func (g *guard) read() (r reading) {
	r.wall = g.clocks.now().Round(0)
	if g.clocks.elapsed != nil {
		r.elapsed = g.clocks.elapsed()
	}
	return r
}

// based reports whether the clock was believed at some time.
func (g *guard) based() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.by > ByNobody
}

// voucher returns the neighbour that vouches for the clock; zero: none does.
func (g *guard) voucher() identity.Jurisdiction {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.who
}

// hear notes what the clock of a neighbour says.
func (g *guard) hear(from identity.Jurisdiction, says time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard[from] = reading{says.Round(0), g.read().elapsed}
	delete(g.differ, differKey{name: from})
}

// accept makes the clock as it is now the one that a person vouches for.
func (g *guard) accept() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.base, g.by, g.who = g.read(), ByOperator, identity.Jurisdiction{}
}

// judge returns the wall clock and who vouches for it; ByNobody: it is not believed, and ahead is
// how far it is ahead of the clock that was, or of the last entry. With anew it looks for a better
// voucher than the one that there is.
func (g *guard) judge(anew bool) (now time.Time, by Voucher, ahead time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.read()
	if g.clocks.elapsed == nil {
		return r.wall, BySystem, 0
	}
	even := g.by > ByNobody && r.ahead(g.base).Abs() <= MaxBehind
	if !even || anew {
		by, who := g.vouches(r)
		switch {
		case by > ByNobody && (!even || by > g.by):
			if !even && g.by > ByNobody { // it jumped: what the replicas said of it is of before
				g.round = nil
			}
			g.by, g.who, even = by, who, true
		case g.by == ByNobody:
			return r.wall, ByNobody, r.ahead(g.began)
		case !even:
			return r.wall, ByNobody, r.ahead(g.base)
		}
		g.synced = g.said()
	}
	g.base = r
	return r.wall, g.by, 0
}

// vouches returns who vouches for a reading, whatever was before.
func (g *guard) vouches(r reading) (Voucher, identity.Jurisdiction) {
	said := g.said()
	if since := r.wall.Sub(said); !said.IsZero() && since <= syncedFor && since >= -MaxBehind && !said.Equal(g.synced) {
		return BySystem, identity.Jurisdiction{}
	}
	if who, ok := g.agrees(r); ok {
		return ByNeighbour, who
	}
	if g.replicaAgrees(r) {
		return ByReplica, identity.Jurisdiction{}
	}
	if g.presumed(r) {
		return ByStart, identity.Jurisdiction{}
	}
	return ByNobody, identity.Jurisdiction{}
}

// agrees returns the first neighbour, by its name, whose clock agrees. Of a clock that is further
// from the last entry than may be presumed, what is believed lasts: it takes the parent, or most of
// those that were heard.
func (g *guard) agrees(r reading) (who identity.Jurisdiction, ok bool) {
	agree := 0
	for name, h := range g.heard {
		if r.ahead(h).Abs() > MaxBehind {
			continue
		}
		agree++
		if !ok || cmp.Compare(name.String(), who.String()) < 0 {
			who, ok = name, true
		}
	}
	if !g.far(r) || 2*agree > len(g.heard) {
		return who, ok
	}
	above, heard := g.heard[g.parent]
	return g.parent, heard && r.ahead(above).Abs() <= MaxBehind
}

// far reports whether a reading is further from the last entry than may be presumed.
func (g *guard) far(r reading) bool { return r.ahead(g.began).Abs() > maxAhead }

// replicaAgrees reports whether the clock of another replica agrees for which somebody outside the
// group vouches. Of one that is far from the last entry neighbours decide, where any was heard.
func (g *guard) replicaAgrees(r reading) bool {
	if g.far(r) && len(g.heard) > 0 {
		return false
	}
	for _, w := range g.words {
		if w.by > ByReplica && r.elapsed-w.elapsed <= wordGood && r.ahead(w.reading).Abs() <= MaxBehind {
			return true
		}
	}
	return false
}

// hearReplica notes what another replica says of its clock, which was asked as of a reading: it
// said so half way there and back.
func (g *guard) hearReplica(from identity.Replica, w Word, asked reading) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.read().elapsed
	g.words[from] = heardWord{reading{w.Clock.Round(0).Add((now - asked.elapsed) / 2), now}, w.By}
	maps.DeleteFunc(g.differ, func(k differKey, _ differing) bool { return k.replica == from })
}

// asked reports whether the replicas were asked so lately.
func (g *guard) asked(lately time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.round != nil && g.read().elapsed-*g.round < lately
}

// askedOf notes that the replicas with a vote were asked now. What others said is forgotten.
func (g *guard) askedOf(voters []identity.Replica) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.read().elapsed
	g.round = &now
	maps.DeleteFunc(g.words, func(r identity.Replica, _ heardWord) bool { return !slices.Contains(voters, r) })
}

// lately returns what other replicas said of their clocks not long ago.
func (g *guard) lately() (all []clockWord) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.read()
	for replica, w := range g.words {
		if r.elapsed-w.elapsed <= wordGood {
			all = append(all, clockWord{replica, -r.ahead(w.reading), w.by})
		}
	}
	slices.SortFunc(all, func(a, b clockWord) int { return cmp.Compare(a.replica.Number(), b.replica.Number()) })
	return all
}

// presumed reports whether a reading is presumed to be true without a voucher.
func (g *guard) presumed(r reading) bool {
	if g.by > ByStart || g.far(r) {
		return false
	}
	return g.by == ByNobody || r.ahead(g.base) < 0 || g.base.ahead(g.began) < -MaxBehind
}

func (g *guard) said() time.Time {
	if g.clocks.synced == nil {
		return time.Time{}
	}
	return g.clocks.synced().Round(0)
}

// least returns the least that the true time can be where it is presumed to be now: that of the
// last entry, and what passed since the start. Keys that are dated so are good whatever the clock
// turns out to be. Of a clock that somebody vouches for it is now itself.
func (g *guard) least(now time.Time) time.Time {
	_, by, _ := g.judge(true)
	g.mu.Lock()
	defer g.mu.Unlock()
	if ahead := (reading{now, g.read().elapsed}).ahead(g.began); by == ByStart && ahead > 0 {
		return now.Add(-ahead)
	}
	return now
}

// Told is what a neighbour's clock says.
type Told struct {
	By     identity.Jurisdiction
	Offset time.Duration // how far it is ahead of this machine's
}

// told returns what the neighbours' clocks say now, by their names.
func (g *guard) told() (all []Told) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.read()
	for name, h := range g.heard {
		all = append(all, Told{name, -r.ahead(h)})
	}
	slices.SortFunc(all, func(a, b Told) int { return cmp.Compare(a.By.String(), b.By.String()) })
	return all
}
