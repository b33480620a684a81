package standing

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// ToInvite returns the place below this one that a person means. Without a label it is the one that
// the roster finds by the name; the error is text.PlaceUnknown, PlaceElsewhere, PlaceUnlisted or
// JurisdictionAmbiguous where there is not exactly one. With a label it is the place that the
// person describes; the error is text.LevelUnknown or PlaceTaken where it cannot be that.
func (s *Standing) ToInvite(named, label string, said roster.Place) (tree.Place, error) {
	if label == "" {
		found := s.Current().MeantBelow(s.Name(), named)
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
	if said.Level, err = s.Level(said.Level); err != nil {
		return tree.Place{}, err
	}
	name, err := s.Name().Child(l)
	if err == nil {
		err = s.untaken(name, named, said)
	}
	return tree.Place{
		Name: name, Code: said.Code, Level: said.Level, DisplayName: named, ShortName: cmp.Or(said.ShortName, named),
	}, err
}

// Level returns the level of the roster that a person means by its code or its word in either
// language; "" is any. The error is text.LevelUnknown.
func (s *Standing) Level(typed string) (string, error) {
	level := text.LevelCalled(strings.TrimSpace(typed))
	if levels := s.Current().Levels(); level != "" && !slices.Contains(levels, level) {
		return "", text.Fail(text.LevelUnknown, text.Args{"level": text.Short(typed), "levels": strings.Join(levels, ", ")}, nil)
	}
	return level, nil
}

// Listed reports whether the roster has the place, and else the places directly below this one that
// are spelled nearly as it is called.
func (s *Standing) Listed(p tree.Place) (listed bool, near []roster.Place) {
	if _, listed = s.Current().Of(p.Name); listed {
		return true, nil
	}
	return false, s.Current().NearBelow(s.Name(), p.DisplayName)
}

// untaken refuses a place that a person describes where the name or code is that of another place
// below this jurisdiction, by the roster or among its neighbours, or the code that of any: nobody
// could tell the two apart.
func (s *Standing) untaken(name identity.Jurisdiction, named string, said roster.Place) error {
	others := s.Current().Children(s.Name())
	for _, child := range s.Children() {
		others = append(others, s.Place(child))
	}
	if said.Code != "" {
		others = append(others, s.Current().Meant(said.Code)...)
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

// unknown returns the failure of ToInvite. It says whose child the place is, or that it is this
// one, or names the places that the roster has instead: those that the text means, or those that
// are spelled nearly so.
func (s *Standing) unknown(named string, found []roster.Place) error {
	here := s.Called(s.Name())
	if len(found) > 1 {
		return s.ambiguous(named, found)
	}
	if elsewhere, parent, ok := s.elsewhere(named); ok && elsewhere == s.Name() {
		return text.Fail(text.PlaceItself, text.Args{"name": here}, nil)
	} else if ok {
		return text.Fail(text.PlaceElsewhere, text.Args{"name": s.Called(elsewhere), "parent": s.Called(parent), "jurisdiction": here}, nil)
	}
	if all := s.Current().Meant(named); len(all) > 1 { // none of them directly below this one
		return s.ambiguous(named, all)
	}
	if near := s.Current().NearBelow(s.Name(), named); len(near) > 0 {
		return text.Fail(text.PlaceUnknown, text.Args{"name": text.Short(named), "parent": here, "near": s.near(near)}, nil)
	}
	return text.Fail(text.PlaceUnlisted, text.Args{"name": text.Short(named), "parent": here}, nil)
}

// elsewhere returns the place of the roster that a text means, and the one directly above it.
func (s *Standing) elsewhere(typed string) (place, parent identity.Jurisdiction, ok bool) {
	found := s.Current().Meant(typed)
	if len(found) != 1 {
		return place, parent, false
	}
	parent, ok = found[0].Name.Parent()
	return found[0].Name, parent, ok
}

// near lists places, at most roster.MaxNear, so that each way of naming them can be typed.
func (s *Standing) near(places []roster.Place) string {
	var all []text.Near
	for _, p := range places[:min(len(places), roster.MaxNear)] {
		n := text.Near{Called: cmp.Or(p.DisplayName, p.Name.String()), Code: p.Code, Name: p.Name.String()}
		if parent, below := p.Name.Parent(); below {
			n.Parent = s.Called(parent)
		}
		all = append(all, n)
	}
	return text.NearAll(all)
}

// ambiguous returns the failure of a text that means several places.
func (s *Standing) ambiguous(typed string, found []roster.Place) error {
	return text.Fail(text.JurisdictionAmbiguous, text.Args{
		"name": text.Short(typed), "count": strconv.Itoa(len(found)), "near": s.near(found),
	}, nil)
}

// unresolved returns the failure of a text that means no place, with the places that are spelled
// nearly so.
func (s *Standing) unresolved(typed string, near []roster.Place) error {
	name := text.Short(typed)
	switch {
	case s.rosters.Awaited():
		return text.Fail(text.RosterAwaited, text.Args{"name": name}, nil)
	case len(near) > 0:
		return text.Fail(text.JurisdictionNear, text.Args{"name": name, "near": s.near(near)}, nil)
	}
	return text.Fail(text.JurisdictionUnknown, text.Args{"name": name}, nil)
}

// ChildCalled returns the label of the child that a person means, of all that were ever invited: by
// the roster now in force, or else by the names in its invitation. The error is
// text.JurisdictionAmbiguous where there are several. Where there is none, it is
// text.ChildElsewhere for a place that stands below another or is this jurisdiction,
// text.NeverInvited for one that stands here, and JurisdictionNear or JurisdictionUnknown for a
// text that means none.
func (s *Standing) ChildCalled(ctx context.Context, typed string) (identity.Label, error) {
	var now, then []roster.Place
	err := s.own.View(ctx, func(r *state.Reader) error {
		for _, c := range tree.Children(r) {
			now = append(now, s.Place(c.Place.Name))
			then = append(then, roster.Place{Name: c.Place.Name, Code: c.Place.Code, DisplayName: c.Place.DisplayName, ShortName: c.Place.ShortName})
		}
		return nil
	})
	if err != nil {
		return identity.Label{}, err
	}
	found := s.Current().Among(now, typed)
	if len(found) == 0 {
		found = s.Current().Among(then, typed)
	}
	switch len(found) {
	case 0:
		return identity.Label{}, s.noChild(typed)
	case 1:
		return found[0].Name.Label(), nil
	}
	return identity.Label{}, s.ambiguous(typed, found)
}

// noChild returns the failure of a text that means no child that was ever invited.
func (s *Standing) noChild(typed string) error {
	here := s.Called(s.Name())
	if listed := s.Current().MeantBelow(s.Name(), typed); len(listed) == 1 {
		return text.Fail(text.NeverInvited, text.Args{"name": listed[0].DisplayName, "jurisdiction": here}, nil)
	}
	if own := s.Current().Among([]roster.Place{s.Place(s.Name())}, typed); len(own) > 0 {
		return text.Fail(text.OwnJurisdiction, text.Args{"name": here}, nil)
	}
	if place, parent, ok := s.elsewhere(typed); ok {
		return text.Fail(text.ChildElsewhere, text.Args{"name": s.Called(place), "parent": s.Called(parent), "jurisdiction": here}, nil)
	}
	return s.unresolved(typed, s.Current().NearBelow(s.Name(), typed))
}
