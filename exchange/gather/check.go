package gather

import (
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
)

// ErrSum is wrapped by every error about a share that does not add up.
var ErrSum = errors.New("the share does not add up")

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrSum}, args...)...)
}

// Check checks the invariants of every share of the jurisdiction at, which hold whatever the
// jurisdictions below it answered: see the package comment. It returns ErrSum if one is broken.
func (s Share) Check(q Question, r Roster, at identity.Jurisdiction) error {
	if err := s.checkMembers(q, r, at); err != nil {
		return err
	}
	places := placesOf(q, r, at)
	if err := checkGroups(q, places, s.Own); err != nil {
		return err
	}
	if err := checkGroups(q, places, s.Groups); err != nil {
		return err
	}
	if err := s.checkOwn(q); err != nil {
		return err
	}
	return s.checkShares(at)
}

// checkMembers checks that each member is answered or missing, once.
func (s Share) checkMembers(q Question, r Roster, at identity.Jurisdiction) error {
	members := q.Members(r, at)
	order := make(map[identity.Jurisdiction]int, len(members)+len(s.Extra))
	for i, p := range members {
		order[p.Name] = i
	}
	listed := map[identity.Jurisdiction]bool{}
	for _, p := range r.Places {
		listed[p.Name] = true
	}
	for i, name := range s.Extra {
		_, member := order[name]
		if member || listed[name] || !name.Under(at) || !q.reaches(name) || i > 0 && s.Extra[i-1].String() >= name.String() {
			return wrong("%s stands among those that the roster does not list", name)
		}
		order[name] = len(members) + i
	}
	last := -1
	for _, m := range s.Missing {
		place, member := order[m.Name]
		if !member || place <= last {
			return wrong("%s is missing, and no member, twice, or out of order", m.Name)
		}
		if !m.Name.Under(m.By) {
			return wrong("%s says why %s is missing, and is not on the way to it", m.By, m.Name)
		}
		last = place
	}
	if got, want := s.Answered+uint64(len(s.Missing)), uint64(len(order)); got != want {
		return wrong("%d answered and %d missing of %d", s.Answered, len(s.Missing), want)
	}
	_, member := order[at]
	missing := slices.ContainsFunc(s.Missing, func(m Missing) bool { return m.Name == at })
	if counted := s.AsOf != nil; counted != (member && !missing) || !counted && len(s.Own) > 0 || counted && s.Answered == 0 {
		return wrong("%s counted and was not asked, or was asked and neither counted nor says why", at)
	}
	return nil
}

// checkGroups checks that the groups are in order and not repeated, that their counts add up to at
// most MaxCount, and that the amount and values of each fit the question.
func checkGroups(q Question, places []map[string]identity.Jurisdiction, groups []Group) error {
	total := uint64(0)
	for i, g := range groups {
		if i > 0 && compareGroups(groups[i-1], g) >= 0 {
			return wrong("the group %q is twice, or out of order", g.Values)
		}
		if total += min(g.Count, MaxCount+1); total > MaxCount {
			return wrong("the counts are more than can be")
		}
		if err := g.checkAmount(q.Function); err != nil {
			return err
		}
		if err := g.checkValues(q, places); err != nil {
			return err
		}
	}
	return nil
}

// CheckGroups checks the groups that one jurisdiction answers of its own records: they are in
// order, none is twice, and they fit the measure. It returns ErrForm or ErrSum. No place of a level
// is known to it, so the measure may group by fields only.
func CheckGroups(m Measure, groups []Group) error {
	for _, g := range groups {
		if err := g.check(); err != nil {
			return err
		}
	}
	return checkGroups(Question{Measure: m}, make([]map[string]identity.Jurisdiction, len(m.By)), groups)
}

// SortGroups sorts groups in the order that a share needs.
func SortGroups(groups []Group) { slices.SortFunc(groups, compareGroups) }

// checkAmount checks that a group has an amount exactly if the function needs one and a record has
// a value.
func (g Group) checkAmount(f Function) error {
	switch {
	case f == None || f > Maximum:
		return wrong("the group %q is of nothing that was asked", g.Values)
	case g.With > g.Count:
		return wrong("%d of the %d records of the group %q have a value", g.With, g.Count, g.Values)
	case f == Count && g.With > 0:
		return wrong("the group %q is counted, and has values", g.Values)
	case (g.With > 0) != (g.Amount != nil):
		return wrong("the group %q has %d values, and an amount is told: %t", g.Values, g.With, g.Amount != nil)
	}
	return nil
}

// checkValues checks that a group has a value for each dimension, and that its places are among the
// given places and lie in one another.
func (g Group) checkValues(q Question, places []map[string]identity.Jurisdiction) error {
	if g.Suppressed {
		if !q.Grouped() || len(g.Values) > 0 {
			return wrong("the group %q is suppressed, and tells what it is of", g.Values)
		}
		return nil
	}
	if len(g.Values) != len(q.By) {
		return wrong("the group %q has %d values of %d", g.Values, len(g.Values), len(q.By))
	}
	var inner identity.Jurisdiction
	for i, b := range q.By {
		if b.Level == "" {
			continue
		}
		place, known := places[i][g.Values[i]]
		if !known || !inner.IsZero() && !place.Under(inner) && !inner.Under(place) {
			return wrong("the group %q is no %s here", g.Values, b.Level)
		}
		inner = place
	}
	return nil
}

// placesOf returns, for each dimension with a level, the places of that level that lie under the
// jurisdiction or above it.
func placesOf(q Question, r Roster, at identity.Jurisdiction) []map[string]identity.Jurisdiction {
	all := make([]map[string]identity.Jurisdiction, len(q.By))
	for i, b := range q.By {
		if b.Level == "" {
			continue
		}
		all[i] = map[string]identity.Jurisdiction{}
		for _, p := range r.Places {
			if p.Level == b.Level && (p.Name.Under(at) || at.Under(p.Name)) {
				all[i][p.Name.String()] = p.Name
			}
		}
	}
	return all
}

// checkOwn checks that each group of the whole covers the jurisdiction's own group: at least as
// many records, and a minimum or maximum that is no worse. A sum is not compared, since amounts may
// be negative.
func (s Share) checkOwn(q Question) error {
	for _, own := range s.Own {
		i, found := slices.BinarySearchFunc(s.Groups, own, compareGroups)
		if !found {
			return wrong("the group %q of its own is not in the whole", own.Values)
		}
		whole := s.Groups[i]
		if whole.Count < own.Count || whole.With < own.With {
			return wrong("the group %q has %d records with %d values, less than of its own", own.Values, whole.Count, whole.With)
		}
		if !q.adds() && own.Amount != nil && q.better(*own.Amount, *whole.Amount) {
			return wrong("the %s of the group %q is %s, and of its own %s", q.Function, own.Values, whole.Amount, own.Amount)
		}
	}
	return nil
}

func compareGroups(a, b Group) int {
	if c := slices.Compare(a.Values, b.Values); c != 0 {
		return c
	}
	switch {
	case a.Suppressed == b.Suppressed:
		return 0
	case b.Suppressed:
		return -1
	}
	return 1
}

// checkShares checks that the listed answers are of children, in order, none twice.
func (s Share) checkShares(at identity.Jurisdiction) error {
	for i, l := range s.Shares {
		above, ok := l.Child.Parent()
		if !ok || above != at || i > 0 && s.Shares[i-1].Child.String() >= l.Child.String() {
			return wrong("%s is listed, and no child, twice, or out of order", l.Child)
		}
	}
	return nil
}
