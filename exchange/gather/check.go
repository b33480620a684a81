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

// Check holds what must be true of a share of the jurisdiction at, whatever those below it answered: see the package comment.
func (s Share) Check(q Question, r Roster, at identity.Jurisdiction) error {
	if err := s.checkMembers(q, r, at); err != nil {
		return err
	}
	if err := checkGroups(q, r, at, s.Own); err != nil {
		return err
	}
	if err := checkGroups(q, r, at, s.Groups); err != nil {
		return err
	}
	return s.checkShares(at)
}

// checkMembers holds that everybody is answered or missing, once.
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

// checkGroups holds that the groups are in order, none twice, and their counts a number.
func checkGroups(q Question, r Roster, at identity.Jurisdiction, groups []Group) error {
	total := uint64(0)
	places := placesOf(q, r, at)
	for i, g := range groups {
		if i > 0 && compareGroups(groups[i-1], g) >= 0 {
			return wrong("the group %q is twice, or out of order", g.Values)
		}
		if total += min(g.Count, MaxCount+1); total > MaxCount {
			return wrong("the counts are more than can be")
		}
		if q.By != "" && !g.Suppressed && (len(g.Values) != 1 || !places[g.Values[0]]) {
			return wrong("the group %q is no %s here", g.Values, q.By)
		}
	}
	return nil
}

// placesOf returns the places of the level by which is grouped, with which the jurisdiction has to do.
func placesOf(q Question, r Roster, at identity.Jurisdiction) map[string]bool {
	if q.By == "" {
		return nil
	}
	places := map[string]bool{}
	for _, p := range r.Places {
		if p.Level == q.By && (p.Name.Under(at) || at.Under(p.Name)) {
			places[p.Name.String()] = true
		}
	}
	return places
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

// checkShares holds that what is listed are children, in order, none twice.
func (s Share) checkShares(at identity.Jurisdiction) error {
	for i, l := range s.Shares {
		above, ok := l.Child.Parent()
		if !ok || above != at || i > 0 && s.Shares[i-1].Child.String() >= l.Child.String() {
			return wrong("%s is listed, and no child, twice, or out of order", l.Child)
		}
	}
	return nil
}
