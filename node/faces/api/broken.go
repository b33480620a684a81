package api

import (
	"slices"
	"strings"

	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// Ended is a jurisdiction that cannot go on; the node serves the others.
type Ended struct {
	Place roster.Place
	Why   error
}

// ended returns why a jurisdiction is not served that was named, and ended. Where one has ended,
// none is meant that is not named: what is left might not be what was meant.
func (s *server) ended(hosted []Hosted, typed string) error {
	all := s.node.Ended()
	if len(all) == 0 || len(hosted) == 0 {
		return nil
	}
	var places []roster.Place
	for _, e := range all {
		places = append(places, e.Place)
	}
	if typed == "" {
		for _, h := range hosted {
			places = append(places, h.Standing.Place(h.Ledger.Name()))
		}
		return text.Fail(text.JurisdictionNeeded, text.Args{"jurisdictions": namedIn(places)}, nil)
	}
	found := hosted[0].Standing.Current().Among(places, typed)
	if len(found) == 0 {
		return nil
	}
	return all[slices.Index(places, found[0])].Why
}

func namedIn(places []roster.Place) string {
	var names []string
	for _, p := range places {
		names = append(names, p.Name.String())
	}
	return strings.Join(names, ", ")
}
