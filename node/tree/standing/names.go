package standing

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/neighbours"
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
// names another: no endorser gives a place of its own the name or the code of somebody else.
func (s *Standing) unmistakable(p tree.Place) tree.Place {
	for _, said := range []*string{&p.Code, &p.DisplayName, &p.ShortName} {
		_, whole := s.whole(strings.TrimSpace(*said))
		others := slices.ContainsFunc(s.Current().Named(*said), func(o roster.Place) bool { return o.Name != p.Name })
		if whole || others {
			*said = ""
		}
	}
	return p
}

// whole returns the jurisdiction whose whole name a text is: of several labels, or of a place that
// the roster lists or that stands above this one.
func (s *Standing) whole(typed string) (name identity.Jurisdiction, ok bool) {
	name, err := identity.ParseJurisdiction(typed)
	if err != nil {
		return name, false
	}
	_, below := name.Parent()
	_, listed := s.Current().Of(name)
	return name, below || listed || s.Name().Under(name)
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
var named = []string{"jurisdiction", "destination", "neighbour", "origin", "peer", "name", "parent", "root", "claimed", "about"}

// Worded returns the values of a sentence as people read them: the names of jurisdictions become
// those that people use, and times, which travel in RFC 3339, those of this machine's clock, where
// whoever reads them stands. All other values are left.
func (s *Standing) Worded(args text.Args) text.Args {
	out := text.Args{}
	for arg, value := range args {
		out[arg] = value
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			out[arg] = at.Local().Format(time.DateTime)
		}
		if name, err := identity.ParseJurisdiction(value); err == nil && slices.Contains(named, arg) {
			out[arg] = s.Called(name)
		}
	}
	return out
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

// Resolve returns the jurisdiction that a person means by a typed text. An empty text means this
// jurisdiction. Otherwise the first of these that finds any decides: (1) the text as the whole name
// of a jurisdiction, which nobody else can be called, (2) the neighbours by the roster now in
// force, (3) all places of that roster, (4) the neighbours by the names that their parents give
// them. So a name that now belongs to another place means that other place. The error is
// text.JurisdictionNear where others are spelled nearly so, else text.JurisdictionUnknown, also
// where the text means several.
func (s *Standing) Resolve(typed string) (identity.Jurisdiction, error) {
	if typed == "" {
		return s.Name(), nil
	}
	if name, whole := s.whole(typed); whole {
		return name, nil
	}
	found := s.neighboursCalled(typed, func(n neighbours.Neighbour) []string {
		p, _ := s.Current().Of(n.Place.Name)
		return p.Called()
	})
	if len(found) == 0 {
		for _, p := range s.Current().Named(typed) {
			found = append(found, p.Name)
		}
	}
	if len(found) == 0 {
		found = s.neighboursCalled(typed, func(n neighbours.Neighbour) []string { return s.unmistakable(n.Place).Called() })
	}
	if len(found) == 0 {
		if whole, err := identity.ParseJurisdiction(typed); err == nil {
			return whole, nil
		}
	}
	if len(found) != 1 {
		return identity.Jurisdiction{}, s.unresolved(typed)
	}
	return found[0], nil
}

// neighboursCalled returns the neighbours that have the typed text among the texts that name them.
func (s *Standing) neighboursCalled(typed string, called func(neighbours.Neighbour) []string) (all []identity.Jurisdiction) {
	for _, name := range s.table.Neighbours() {
		n, _ := s.table.Known(name)
		if slices.Contains(called(n), typed) {
			all = append(all, name)
		}
	}
	return all
}

// Selector returns the jurisdictions that a person means by *.NAME or **.NAME, where NAME is any
// text that Resolve takes. The error is text.SelectorMalformed, or that of Resolve.
func (s *Standing) Selector(typed, level string) (gather.Selector, error) {
	stars, named, _ := strings.Cut(typed, ".")
	if stars != "*" && stars != "**" || named == "" {
		return gather.Selector{}, text.Fail(text.SelectorMalformed, text.Args{"selector": text.Short(typed)}, nil)
	}
	below, err := s.Resolve(named)
	if err != nil {
		return gather.Selector{}, err
	}
	return gather.Selector{Below: below, Deep: stars == "**", Level: level}, nil
}

// By returns the groups by which a measure is told. A name stands for the places of a level where
// the roster has that level, and for the values of a field otherwise.
func (s *Standing) By(names []string) (by []gather.By) {
	places := s.Current().Places()
	for _, name := range names {
		if slices.ContainsFunc(places, func(p roster.Place) bool { return p.Level == name }) {
			by = append(by, gather.By{Level: name})
			continue
		}
		by = append(by, gather.By{Field: name})
	}
	return by
}

// ToInvite returns the place below this one that a person means. Without a label it is the one that
// the roster finds by the name; the error is text.PlaceUnknown, PlaceElsewhere or PlaceUnlisted
// where there is not exactly one. With a label it is the place that the person describes; the error
// is text.LevelUnknown or PlaceTaken where it cannot be that.
func (s *Standing) ToInvite(named, label string, said roster.Place) (tree.Place, error) {
	if label == "" {
		found := s.Current().Find(s.Name(), named)
		if len(found) != 1 {
			return tree.Place{}, s.unknown(named, found)
		}
		p := found[0]
		return tree.Place{Name: p.Name, Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, ShortName: p.ShortName}, nil
	}
	l, err := identity.ParseLabel(label)
	if err != nil {
		return tree.Place{}, err
	}
	said.Level = text.LevelCalled(said.Level)
	if levels := s.Current().Levels(); said.Level != "" && !slices.Contains(levels, said.Level) {
		return tree.Place{}, text.Fail(text.LevelUnknown, text.Args{"level": text.Short(said.Level), "levels": strings.Join(levels, ", ")}, nil)
	}
	name, err := s.Name().Child(l)
	if err == nil {
		err = s.untaken(name, named, said)
	}
	return tree.Place{
		Name: name, Code: said.Code, Level: said.Level, DisplayName: named, ShortName: cmp.Or(said.ShortName, named),
	}, err
}

// untaken refuses a place that a person describes where the name or code is that of another place
// below this jurisdiction, by the roster or among its neighbours, or the code that of any: nobody
// could tell the two apart.
func (s *Standing) untaken(name identity.Jurisdiction, named string, said roster.Place) error {
	others := s.Current().Children(s.Name())
	for _, child := range s.Children() {
		others = append(others, s.Place(child))
	}
	if taken := s.Current().Named(said.Code); said.Code != "" && len(taken) > 0 {
		others = append(others, taken...)
	}
	for _, p := range others {
		if p.Name != name && (said.Code != "" && p.Code == said.Code || slices.Contains([]string{p.DisplayName, p.ShortName}, named)) {
			return text.Fail(text.PlaceTaken, text.Args{
				"name": text.Short(named), "taken": p.Name.String(), "place": p.DisplayName, "jurisdiction": s.Called(s.Name()),
			}, nil)
		}
	}
	return nil
}

// unknown returns the failure of ToInvite. It names the places that the roster has instead: those
// that the text may mean, or those that are spelled nearly so; or it says whose child the place is.
func (s *Standing) unknown(named string, found []roster.Place) error {
	here := s.Called(s.Name())
	if len(found) == 0 {
		found = s.Current().Suggest(s.Name(), named)
	}
	if len(found) > 0 {
		return text.Fail(text.PlaceUnknown, text.Args{"name": text.Short(named), "parent": here, "near": calledAll(found)}, nil)
	}
	if elsewhere := s.Current().Named(named); len(elsewhere) == 1 {
		if parent, below := elsewhere[0].Name.Parent(); below {
			return text.Fail(text.PlaceElsewhere, text.Args{"name": elsewhere[0].DisplayName, "parent": s.Called(parent), "jurisdiction": here}, nil)
		}
	}
	return text.Fail(text.PlaceUnlisted, text.Args{"name": text.Short(named), "parent": here}, nil)
}

func calledAll(places []roster.Place) string {
	names := make([]string, len(places))
	for i, p := range places {
		names[i] = p.DisplayName
	}
	return strings.Join(names, ", ")
}

// unresolved returns the failure of Resolve, with the places that are spelled nearly as the text.
func (s *Standing) unresolved(typed string) error {
	name := text.Short(typed)
	if near := s.Current().Near(typed); len(near) > 0 {
		return text.Fail(text.JurisdictionNear, text.Args{"name": name, "near": calledAll(near)}, nil)
	}
	return text.Fail(text.JurisdictionUnknown, text.Args{"name": name}, nil)
}

// ChildCalled returns the label of the child that a person means, of all that were ever invited: by
// the roster now in force, or else by the names in its invitation. The error is text.NotEndorsed
// where there is none, JurisdictionNear where others are spelled nearly so, and JurisdictionUnknown
// where there are several.
func (s *Standing) ChildCalled(ctx context.Context, typed string) (identity.Label, error) {
	var now, then []identity.Label
	err := s.own.View(ctx, func(r *state.Reader) error {
		for _, c := range tree.Children(r) {
			switch label := c.Place.Name.Label(); {
			case slices.Contains(s.Place(c.Place.Name).Called(), typed):
				now = append(now, label)
			case slices.Contains(c.Place.Called(), typed):
				then = append(then, label)
			}
		}
		return nil
	})
	if len(now) == 0 {
		now = then
	}
	switch {
	case err != nil:
		return identity.Label{}, err
	case len(now) > 1:
		return identity.Label{}, text.Fail(text.JurisdictionUnknown, text.Args{"name": text.Short(typed)}, nil)
	case len(now) == 0:
		if near := s.Current().Suggest(s.Name(), typed); len(near) > 0 && !slices.Contains(near[0].Called(), typed) {
			return identity.Label{}, text.Fail(text.JurisdictionNear, text.Args{"name": text.Short(typed), "near": calledAll(near)}, nil)
		}
		return identity.Label{}, text.Fail(text.NotEndorsed, text.Args{"name": text.Short(typed), "jurisdiction": s.Name().String()}, nil)
	}
	return now[0], nil
}
