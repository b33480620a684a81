package gather

import (
	"slices"

	"xietong/certs/identity"
)

// placesAnswered is invariant v: a group that is a place is one that an answered member counts for;
// the places of one group lie in one another.
func (c *checking) placesAnswered() error {
	var self, all []identity.Jurisdiction
	for _, p := range c.members {
		if !c.answered(p.Name) {
			continue
		}
		if all = append(all, p.Name); p.Name == c.at {
			self = append(self, p.Name)
		}
	}
	if err := c.checkPlaces(c.Own, self); err != nil {
		return err
	}
	return c.checkPlaces(c.Groups, all)
}

func (g *ground) checkPlaces(groups []Group, answered []identity.Jurisdiction) error {
	for i, b := range g.q.By {
		if b.Level == "" || !slices.ContainsFunc(groups, Group.told) {
			continue
		}
		places := g.q.counted(g.r, answered, b.Level)
		for _, group := range groups {
			if !group.told() {
				continue
			}
			place, ok := places[group.Values[i]]
			if !ok || !g.q.nested(place, group, i) {
				return wrong("the group %q is no %s of those who answered", group.Values, b.Level)
			}
		}
	}
	return nil
}

// counted returns the places that jurisdictions count for by a level, by the values of their
// groups.
func (q Question) counted(r Roster, all []identity.Jurisdiction, level string) map[string]identity.Jurisdiction {
	places, looked := map[string]identity.Jurisdiction{}, looks{}
	for _, at := range all {
		if place, err := q.countsFor(r, looked, at, level); err == nil {
			places[place.String()] = place
		}
	}
	return places
}

// nested reports whether a group's place and its place of the dimension before lie in one another.
func (q Question) nested(place identity.Jurisdiction, g Group, i int) bool {
	if i == 0 || q.By[0].Level == "" {
		return true
	}
	other, err := identity.ParseJurisdiction(g.Values[0])
	return err == nil && (place.Under(other) || other.Under(place))
}

// countsFor returns the place that the records of a jurisdiction are told under, by a level: the
// topmost of that level that it is or lies in. Where there is none, as for a county directly below
// its province by prefecture, that is the topmost place of those asked in which there is none
// either; a city, by county, counts for itself. So nobody's records are in no group.
func (q Question) countsFor(r Roster, looked looks, at identity.Jurisdiction, level string) (identity.Jurisdiction, error) {
	if in, found := r.topmost(at, level); found {
		return in, nil
	}
	if !looked.has(r, q.Below, level) {
		return at, ErrNoPlace
	}
	for {
		above, below := at.Parent()
		if !below || above == q.Below || looked.has(r, above, level) {
			return at, nil
		}
		at = above
	}
}

// NoLevel returns the first level of the dimensions that no place has, of those that may be asked
// and those above them; "": there is none.
func (q Question) NoLevel(r Roster) string {
	for _, b := range q.By {
		if _, err := q.countsFor(r, looks{}, q.Below, b.Level); b.Level != "" && err != nil {
			return b.Level
		}
	}
	return ""
}

// topmost returns the topmost place of a level that a jurisdiction is or lies in.
func (r Roster) topmost(at identity.Jurisdiction, level string) (in identity.Jurisdiction, found bool) {
	for name, more := at, true; more; name, more = name.Parent() {
		if p, listed := r.At(name); listed && p.Level == level {
			in, found = name, true
		}
	}
	return in, found
}

// looks are jurisdictions that were looked through for places of one level, with what was found.
type looks map[identity.Jurisdiction]bool

// has reports whether a place at a jurisdiction or below it has the level.
func (l looks) has(r Roster, at identity.Jurisdiction, level string) bool {
	found, looked := l[at]
	if looked {
		return found
	}
	for p := range r.Under(at) {
		if found = p.Level == level; found {
			break
		}
	}
	l[at] = found
	return found
}
