package standing

import (
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// Resolve returns the jurisdiction that a person means by a typed text. An empty text means this
// jurisdiction. Otherwise the first of these that finds any decides: (1) the text as the whole name
// of a jurisdiction that is known here, which nobody else can be called, (2) the places of the
// roster now in force (see roster.Meant), (3) the neighbours by the names that their parents give
// them, (4) the text as the whole name of any other. So a name that now belongs to another place
// means that other place. The error is text.JurisdictionAmbiguous where the text means several,
// text.OneJurisdiction for a selector, text.JurisdictionNear where others are spelled nearly so,
// else text.JurisdictionUnknown; and text.RosterAwaited for both where no roster has come yet.
func (s *Standing) Resolve(typed string) (identity.Jurisdiction, error) {
	if typed == "" {
		return s.Name(), nil
	}
	if Several(typed) {
		return identity.Jurisdiction{}, text.Fail(text.OneJurisdiction, text.Args{"selector": text.Short(typed)}, nil)
	}
	if name, known := s.whole(typed); known {
		return name, nil
	}
	found := s.Current().Meant(typed)
	if len(found) == 0 {
		found = s.Current().Among(s.said(), typed)
	}
	switch name, err := identity.ParseJurisdiction(roster.WholeName(typed)); {
	case len(found) == 1:
		return found[0].Name, nil
	case len(found) > 1:
		return identity.Jurisdiction{}, s.ambiguous(typed, found)
	case err == nil && strings.Contains(name.String(), "."):
		return name, nil
	}
	return identity.Jurisdiction{}, s.unresolved(typed, s.Current().Near(typed))
}

// whole returns the jurisdiction whose whole name a text is: that of a place that is known here, or
// any name of several labels in this tree.
func (s *Standing) whole(typed string) (name identity.Jurisdiction, ok bool) {
	name, err := identity.ParseJurisdiction(roster.WholeName(typed))
	if err != nil {
		return name, false
	}
	_, listed := s.Current().Of(name)
	_, neighbour := s.table.Known(name)
	_, below := name.Parent()
	return name, listed || neighbour || s.Name().Under(name) || below && rootOf(name) == rootOf(s.Name())
}

// rootOf returns the topmost level of a name.
func rootOf(name identity.Jurisdiction) identity.Jurisdiction {
	for above, below := name.Parent(); below; above, below = above.Parent() {
		name = above
	}
	return name
}

// said returns the neighbours as their parents call them, and this jurisdiction as the
// configuration does where the roster does not list it.
func (s *Standing) said() (all []roster.Place) {
	for _, name := range s.table.Neighbours() {
		n, _ := s.table.Known(name)
		p := s.unmistakable(n.Place)
		all = append(all, roster.Place{Name: name, Code: p.Code, DisplayName: p.DisplayName, ShortName: p.ShortName})
	}
	if _, listed := s.Current().Of(s.Name()); !listed {
		all = append(all, s.config)
	}
	return all
}

// Selector returns the jurisdictions that a person means by *.NAME or **.NAME, where NAME is any
// text that Resolve takes, and the level its code or its word in either language. The error is
// text.SelectorMalformed, or that of Resolve. A level that no place has selects nobody.
func (s *Standing) Selector(typed, level string) (gather.Selector, error) {
	stars, rest := cutStars(typed)
	named := strings.TrimLeft(rest, ".．。｡")
	if stars != 1 && stars != 2 || named == "" || named == rest || Several(named) {
		return gather.Selector{}, text.Fail(text.SelectorMalformed, text.Args{"selector": text.Short(typed), "below": s.example(typed)}, nil)
	}
	below, err := s.Resolve(named)
	if err != nil {
		return gather.Selector{}, err
	}
	return gather.Selector{Below: below, Deep: stars == 2, Level: text.LevelCalled(level)}, nil
}

// example returns the jurisdiction for the example of a well-formed selector: the one that the text
// names beside its stars, or else this one.
func (s *Standing) example(typed string) string {
	if name, err := s.Resolve(strings.Trim(typed, "*＊.．。｡/ ")); err == nil {
		return name.String()
	}
	return s.Name().String()
}

// Several reports whether a text is a selector, well formed or not. No name has a star in it, and
// who writes one anywhere means more than one place.
func Several(typed string) bool { return strings.ContainsAny(typed, "*＊") }

// cutStars returns how many stars a text begins with, in either width, and the rest.
func cutStars(typed string) (stars int, rest string) {
	rest = strings.TrimLeft(typed, "*＊")
	return len([]rune(typed)) - len([]rune(rest)), rest
}

// Hosted returns which of the jurisdictions that a node hosts a person means; none is named where
// there is one. The error is text.JurisdictionNeeded, JurisdictionAmbiguous or NotHosted; then the
// number is -1.
func Hosted(all []*Standing, typed string) (int, error) {
	if typed == "" && len(all) == 1 {
		return 0, nil
	}
	var places []roster.Place
	var names []string
	for _, s := range all {
		places, names = append(places, s.Place(s.Name())), append(names, s.Name().String())
	}
	hosted := text.Args{"name": text.Short(typed), "jurisdictions": strings.Join(names, ", ")}
	switch found := all[0].Current().Among(places, typed); {
	case typed == "":
		return -1, text.Fail(text.JurisdictionNeeded, hosted, nil)
	case len(found) > 1:
		return -1, all[0].ambiguous(typed, found)
	case len(found) == 0:
		return -1, text.Fail(text.NotHosted, hosted, nil)
	default:
		return slices.Index(places, found[0]), nil
	}
}
