package standing

import (
	"cmp"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/gather"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Place returns the description of a place: by the roster now in force; or else, for this
// jurisdiction, by the configuration; or else, for a neighbour, by its parent, without the words
// that mean another place. For any other place it holds the name alone.
func (s *Standing) Place(name identity.Jurisdiction) roster.Place {
	if p, listed := s.Current().Of(name); listed && p.DisplayName != "" {
		return p
	}
	if name == s.Name() {
		return s.config
	}
	if n, known := s.table.Known(name); known {
		p := s.unmistakable(n.Place)
		return roster.Place{Name: name, Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, ShortName: p.ShortName}
	}
	return roster.Place{Name: name}
}

// unmistakable returns what an endorser says of a place that the roster does not list, without what
// means another: no endorser gives a place of its own the name or the code of somebody else.
func (s *Standing) unmistakable(p tree.Place) tree.Place {
	for _, said := range []*string{&p.Code, &p.DisplayName, &p.ShortName} {
		_, whole := s.whole(*said)
		others := slices.ContainsFunc(s.Current().Meant(*said), func(o roster.Place) bool { return o.Name != p.Name })
		if whole || others {
			*said = ""
		}
	}
	return p
}

// Called returns the name that people use for a place, such as 南明区.
func (s *Standing) Called(name identity.Jurisdiction) string {
	return cmp.Or(s.Place(name).DisplayName, name.String())
}

// CalledShort returns the short name that people use for a place, such as 南明.
func (s *Standing) CalledShort(name identity.Jurisdiction) string {
	p := s.Place(name)
	return cmp.Or(p.ShortName, p.DisplayName, name.String())
}

// CalledChain returns the names that people use for the levels of a chain, from the root down.
func (s *Standing) CalledChain(chain []trust.Link) (names []string) {
	for _, l := range chain {
		names = append(names, s.Called(l.Newest().Name))
	}
	return names
}

// named are the values of sentences that name a jurisdiction.
var named = []string{"jurisdiction", "destination", "neighbour", "origin", "peer", "name", "parent", "root", "claimed", "about", "by", "hop"}

// Worded returns the values of a sentence as people read them: the names of jurisdictions become
// those that people use, and times, which travel in RFC 3339, those of the zone of this node, where
// whoever reads them stands. All other values are left.
func (s *Standing) Worded(args text.Args) text.Args {
	out := text.Args{}
	for arg, value := range args {
		out[arg] = text.InZone(value, s.zone)
		if name, err := identity.ParseJurisdiction(value); err == nil && slices.Contains(named, arg) {
			out[arg] = s.Called(name)
		}
	}
	return out
}

// LevelBelow returns the level below this jurisdiction that a person means by a word of either
// language: one that a place below it has by the roster now in force. Where the roster lists none
// below, it is one of the usual ones. Else levels are those that it may be.
func (s *Standing) LevelBelow(typed string) (level string, levels []string, ok bool) {
	for p := range s.Roster().Places.Under(s.Name()) {
		if p.Name != s.Name() && p.Level != "" && !slices.Contains(levels, p.Level) {
			levels = append(levels, p.Level)
		}
	}
	if len(levels) == 0 {
		levels = text.Levels
	}
	level = text.LevelCalled(strings.TrimSpace(typed))
	for _, known := range levels {
		if strings.EqualFold(known, level) {
			return known, levels, true
		}
	}
	return "", levels, false
}

// Titles returns what people call each of the jurisdictions, by its name.
func (s *Standing) Titles(lists ...[]identity.Jurisdiction) map[string]string {
	titles := map[string]string{}
	for _, name := range slices.Concat(lists...) {
		if !name.IsZero() {
			titles[name.String()] = s.CalledShort(name)
		}
	}
	return titles
}

// By returns the groups by which a measure is told. A name stands for the places of a level where
// the roster has that level, and for the values of a field otherwise.
func (s *Standing) By(names []string) (by []gather.By) {
	current := s.Current()
	for _, name := range names {
		if current.HasLevel(name) {
			by = append(by, gather.By{Level: name})
			continue
		}
		by = append(by, gather.By{Field: name})
	}
	return by
}
