package host

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"xietong/certs/identity"
)

// Clocks that are further apart than an hour have no link between them: each side refuses the
// certificate of the other for its time alone. So no hello says so, and the guard knows nothing.
// Whoever is refused so is asked for its time at its door, and is told the own. What it says is
// told to people, with whose clock is probably wrong, and nothing is believed from it: no clock is
// vouched for by it, and none doubted.

// differGood is how long it counts that a clock was found to differ. It is asked more often while
// there is no link.
const differGood = 3 * time.Minute

// Whose says which of two clocks that differ is probably wrong.
type Whose int

// Whose clock it is.
const (
	NobodyKnows Whose = iota
	ThisOne           // most of those that were heard agree with the other
	TheOther          // most of those that were heard, or a time service, agree with this one
)

// DifferError says that the clock of a neighbour is so far from this machine's that there is no
// link.
type DifferError struct {
	Of    identity.Jurisdiction
	Clock time.Time     // this machine's
	Ahead time.Duration // how far that is ahead of the other's; negative: behind
	Whose Whose
}

func (e *DifferError) Error() string {
	return fmt.Sprintf("the clock of %s is %s behind this machine's, and so there is no link", e.Of, e.Ahead)
}

// differing is a clock that was found to differ.
type differing struct {
	reading
	agree int // how many others agree with it, as its owner says
}

// Differs notes what the clock of a neighbour says that is refused because of it, and how many
// others agree with that one, as it says. A clock that differs by less than MaxBehind is none.
func (h *Host) Differs(from identity.Jurisdiction, says time.Time, agree int) {
	if h.guard.differs(from, identity.Replica{}, says, agree) {
		h.logger.Error("clock of neighbour differs, so there is no link", "peer", from.String(), "its clock", says.UTC().Format(time.RFC3339))
	}
}

// ReplicaDiffers is Differs for another replica of the jurisdiction.
func (h *Host) ReplicaDiffers(from identity.Replica, says time.Time) {
	if h.guard.differs(h.name, from, says, 0) {
		h.logger.Error("clock of replica differs, so there is no link", "replica", from.String(), "its clock", says.UTC().Format(time.RFC3339))
	}
}

// Agree returns how many neighbours, replicas and time services agree with this machine's clock.
func (h *Host) Agree() int {
	g := h.guard
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.near(g.read(), 0, differKey{})
}

// differKey says whose clock it is: a neighbour's, or another replica's.
type differKey struct {
	name    identity.Jurisdiction
	replica identity.Replica
}

// differs notes a clock that differs; news: it was not known to.
func (g *guard) differs(name identity.Jurisdiction, replica identity.Replica, says time.Time, agree int) (news bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key, r := differKey{name, replica}, g.read()
	d := differing{reading{says.Round(0), r.elapsed}, agree}
	if !apart(r.ahead(d.reading)) {
		delete(g.differ, key)
		return false
	}
	before, known := g.differ[key]
	g.differ[key] = d
	return !known || r.elapsed-before.elapsed > differGood
}

// near returns how many of those whose clocks are known agree with a clock that is ahead of this
// machine's by so much. The one that is left out is the one that it is of.
func (g *guard) near(r reading, ahead time.Duration, but differKey) (n int) {
	agrees := func(of reading) bool { return !apart(-r.ahead(of) - ahead) }
	for name, h := range g.heard {
		if key := (differKey{name: name}); key != but && agrees(h) {
			if _, differs := g.differ[key]; !differs {
				n++
			}
		}
	}
	for _, w := range g.words {
		if r.elapsed-w.elapsed <= wordGood && agrees(w.reading) {
			n++
		}
	}
	for key, d := range g.differ {
		if key != but && r.elapsed-d.elapsed <= differGood && agrees(d.reading) {
			n++
		}
	}
	if ahead == 0 && g.by >= BySystem {
		n++
	}
	return n
}

// differErrors returns what is known of the clocks of neighbours that differ, by their names.
func (g *guard) differErrors() (all []*DifferError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.read()
	maps.DeleteFunc(g.differ, func(_ differKey, d differing) bool { return r.elapsed-d.elapsed > differGood })
	for key, d := range g.differ {
		ahead := r.ahead(d.reading)
		if !key.replica.IsZero() || !apart(ahead) { // one that was set right meanwhile differs no more
			continue
		}
		e := &DifferError{Of: key.name, Clock: r.wall, Ahead: ahead.Round(time.Second)}
		switch here, there := g.near(r, 0, key), g.near(r, -ahead, key)+d.agree; {
		case here > there:
			e.Whose = TheOther
		case there > here:
			e.Whose = ThisOne
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *DifferError) int { return cmp.Compare(a.Of.String(), b.Of.String()) })
	return all
}

// DiffersFrom reports whether there is no link to a neighbour because of the clocks.
func (h *Host) DiffersFrom(name identity.Jurisdiction) bool {
	return slices.ContainsFunc(h.guard.differErrors(), func(e *DifferError) bool { return e.Of == name })
}

// refused returns what the clocks of other replicas say that differ.
func (g *guard) refused() (all []clockWord) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.read()
	for key, d := range g.differ {
		if !key.replica.IsZero() && r.elapsed-d.elapsed <= differGood {
			all = append(all, clockWord{key.replica, -r.ahead(d.reading), ByStart})
		}
	}
	slices.SortFunc(all, func(a, b clockWord) int { return cmp.Compare(a.replica.Number(), b.replica.Number()) })
	return all
}
