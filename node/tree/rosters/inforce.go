package rosters

import (
	"context"

	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// InForce returns the roster as this tree has it. The list of the program begins at a province, and
// the tree may begin below that: then it is the part of the list below the root of the tree. With
// it the names of places above the tree are not known, so names are looked up in Current.
func (s *Store) InForce(ctx context.Context) (Current, error) {
	now := s.Current()
	if now.Number() > 0 {
		return now, nil
	}
	_, root, err := s.own.Chain(ctx)
	if err == nil && root.Name() != now.Root() {
		now.Roster = now.Branch(root.Name())
	}
	return now, err
}

// before returns the roster that places would follow. The error is text.RosterNotRoot where this
// jurisdiction is not the root of its tree, text.RosterRootOther where the places begin elsewhere,
// and that of follows.
func (s *Store) before(ctx context.Context, places *roster.Roster) (*roster.Roster, error) {
	_, root, err := s.own.Chain(ctx)
	if err != nil {
		return nil, err
	}
	first, _ := places.Of(places.Root())
	switch {
	case root.Name() != s.own.Name():
		return nil, text.Fail(text.RosterNotRoot, text.Args{"jurisdiction": s.own.Name().String(), "root": root.Name().String()}, nil)
	case first.Name != root.Name():
		return nil, text.Fail(text.RosterRootOther, text.Args{"name": first.Name.String(), "title": first.DisplayName, "label": root.Name().String(), "root": root.Name().String()}, nil)
	}
	now, err := s.InForce(ctx)
	if err != nil {
		return nil, err
	}
	return now.Roster, s.follows(now.Roster, places)
}
