package gather

import (
	"errors"
	"fmt"
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
	Places []Place // each after its parent
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
	for _, p := range r.Places {
		if p.Name.Under(at) && q.Covers(p) {
			all = append(all, p)
		}
	}
	return all
}

// placesUnder returns the places at a jurisdiction and below it. It takes no memory for the others:
// most of those who answer have nobody below them, in a roster of thousands.
func placesUnder(all []Place, at identity.Jurisdiction) (under []Place) {
	for _, p := range all {
		if p.Name.Under(at) {
			under = append(under, p)
		}
	}
	return under
}

// Asks reports whether a jurisdiction is asked: the roster lists it and the selector covers it, or
// it is an extra (see Extra).
func (q Question) Asks(r Roster, at identity.Jurisdiction) bool {
	if p, listed := r.of(at); listed {
		return q.Covers(p)
	}
	return q.takesExtra(at)
}

// takesExtra reports whether the question asks a jurisdiction that the roster does not list: one
// that the selector reaches, if the selector takes any level.
func (q Question) takesExtra(name identity.Jurisdiction) bool {
	return q.Level == "" && q.reaches(name)
}

// of returns the place of a name.
func (r Roster) of(name identity.Jurisdiction) (Place, bool) {
	i := slices.IndexFunc(r.Places, func(p Place) bool { return p.Name == name })
	if i < 0 {
		return Place{}, false
	}
	return r.Places[i], true
}

// LeadsTo reports whether the question may ask a member at a child or below it.
func (q Question) LeadsTo(r Roster, child identity.Jurisdiction) bool {
	if q.Asks(r, child) {
		return true
	}
	if !q.Deep {
		return false
	}
	return q.Level == "" || slices.ContainsFunc(r.Places, func(p Place) bool { return p.Name.Under(child) && q.Covers(p) })
}

// ErrNoPlace is returned if a jurisdiction lies in no place of a level that the question groups by.
var ErrNoPlace = errors.New("it lies in no place of the level that the groups are of")

// Place returns the values of a group of a jurisdiction's records, one for each dimension in order.
// values holds the values of the dimensions that are fields; Place puts the places that the
// jurisdiction lies in between them. It returns ErrNoPlace, or an error if the number of values is
// wrong.
func (q Question) Place(r Roster, at identity.Jurisdiction, values []string) ([]string, error) {
	placed, next := make([]string, 0, len(q.By)), 0
	for _, b := range q.By {
		if b.Level == "" {
			if next++; next <= len(values) {
				placed = append(placed, values[next-1])
			}
			continue
		}
		i := slices.IndexFunc(r.Places, func(p Place) bool { return p.Level == b.Level && at.Under(p.Name) })
		if i < 0 {
			return nil, fmt.Errorf("%s by %s: %w", at, b.Level, ErrNoPlace)
		}
		placed = append(placed, r.Places[i].Name.String())
	}
	if next != len(values) {
		return nil, fmt.Errorf("place %s: %d values of the %d fields in %s", at, len(values), next, q.Measure)
	}
	return placed, nil
}
