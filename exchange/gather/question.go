package gather

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"xietong/certs/identity"
)

// Place is one place of a roster.
type Place struct {
	Name  identity.Jurisdiction
	Level string
}

// Roster is the official list of places, as far as this package needs it.
type Roster struct {
	Number uint64
	Hash   [32]byte
	Places
}

// Places are the places of a list. They do not change, and many goroutines may read them.
type Places interface {
	// At returns the place of a name; false: the list has none.
	At(name identity.Jurisdiction) (Place, bool)
	// Under gives the places at a jurisdiction and below it, each after its parent, in one order.
	Under(name identity.Jurisdiction) iter.Seq[Place]
}

// List is a short list, each place after its parent.
type List []Place

// At implements Places.
func (l List) At(name identity.Jurisdiction) (Place, bool) {
	i := slices.IndexFunc(l, func(p Place) bool { return p.Name == name })
	if i < 0 {
		return Place{}, false
	}
	return l[i], true
}

// Under implements Places.
func (l List) Under(name identity.Jurisdiction) iter.Seq[Place] { return within(l, name) }

func within(all []Place, name identity.Jurisdiction) iter.Seq[Place] {
	return func(yield func(Place) bool) {
		for _, p := range all {
			if p.Name.Under(name) && !yield(p) {
				return
			}
		}
	}
}

// Selector selects the places that a federated request asks.
type Selector struct {
	Below identity.Jurisdiction
	Deep  bool   // all below, not the children alone
	Level string // "": any
}

// String returns the selector as a person types it, *.NAME or **.NAME, without the level.
func (s Selector) String() string {
	if s.Deep {
		return "**." + s.Below.String()
	}
	return "*." + s.Below.String()
}

// Covers reports whether the selector selects a place.
func (s Selector) Covers(p Place) bool {
	return s.reaches(p.Name) && (s.Level == "" || s.Level == p.Level)
}

// reaches reports whether the selector selects a name, its level aside.
func (s Selector) reaches(name identity.Jurisdiction) bool {
	if s.Deep {
		return name != s.Below && name.Under(s.Below)
	}
	above, ok := name.Parent()
	return ok && above == s.Below
}

// Question is the question of a federated request, as far as this package needs it.
type Question struct {
	Selector
	Measure
	Groups int // that the answer may tell, if the measure has dimensions: at most MaxGroups
}

// Room returns how many groups the answer to a measure may tell unless the asker wants fewer.
func (m Measure) Room() int {
	if m.Grouped() {
		return MaxGroups
	}
	return 0
}

// Members returns the places of the roster that the question asks at a jurisdiction or below it, in
// the order of the roster.
func (q Question) Members(r Roster, at identity.Jurisdiction) []Place {
	var all []Place
	for p := range r.Under(at) {
		if q.Covers(p) {
			all = append(all, p)
		}
	}
	return all
}

// Asks reports whether a jurisdiction is asked: the roster lists it and the selector covers it, or
// it is an extra (see Extra).
func (q Question) Asks(r Roster, at identity.Jurisdiction) bool {
	if p, listed := r.At(at); listed {
		return q.Covers(p)
	}
	return q.takesExtra(at)
}

// takesExtra reports whether the question asks a jurisdiction that the roster does not list: one
// that the selector reaches, if the selector takes any level.
func (q Question) takesExtra(name identity.Jurisdiction) bool {
	return q.Level == "" && q.reaches(name)
}

// LeadsTo reports whether the question may ask a member at a child or below it.
func (q Question) LeadsTo(r Roster, child identity.Jurisdiction) bool {
	if q.Asks(r, child) {
		return true
	}
	if !q.Deep || q.Level == "" {
		return q.Deep
	}
	for p := range r.Under(child) {
		if q.Covers(p) {
			return true
		}
	}
	return false
}

// ErrNoPlace is returned if the question groups by a level that no place of the roster has, of
// those that it may ask and those above them.
var ErrNoPlace = errors.New("no place has the level that the groups are of")

// Placer finds the places that a jurisdiction counts for, once for all its groups, and returns a
// function that puts them between the values of the dimensions that are fields: it gives the values
// of a group, one for each dimension in order, and an error if the number of values is wrong. The
// error of Placer wraps ErrNoPlace.
func (q Question) Placer(r Roster, at identity.Jurisdiction) (func(values []string) ([]string, error), error) {
	places := make([]string, len(q.By))
	for i, b := range q.By {
		if b.Level == "" {
			continue
		}
		in, err := q.countsFor(r, looks{}, at, b.Level)
		if err != nil {
			return nil, fmt.Errorf("%s by %s: %w", at, b.Level, err)
		}
		places[i] = in.String()
	}
	return func(values []string) ([]string, error) {
		placed, next := make([]string, 0, len(q.By)), 0
		for i, b := range q.By {
			if b.Level != "" {
				placed = append(placed, places[i])
				continue
			}
			if next++; next <= len(values) {
				placed = append(placed, values[next-1])
			}
		}
		if next != len(values) {
			return nil, fmt.Errorf("place %s: %d values of the %d fields in %s", at, len(values), next, q.Measure)
		}
		return placed, nil
	}, nil
}
