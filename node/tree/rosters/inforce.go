package rosters

import (
	"context"
	"crypto/sha256"
	"slices"

	"xietong/certs/identity"
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

// base is what a list follows: the roster in force or, where that cannot be read, what is known of
// it, with an earlier one with which the places are compared.
type base struct{ Current }

// next returns the list of the places that would follow.
func (b base) next(places *roster.Roster) *roster.Roster {
	if b.Lost != nil {
		return b.Lost.manifest.Next(places)
	}
	return b.Next(places)
}

// same reports whether the places are those of the list in force, as a root published it.
func (b base) same(places *roster.Roster) bool {
	if b.Lost != nil {
		return b.Lost.manifest != nil && b.Lost.manifest.Of(places)
	}
	return b.Number() > 0 && b.Diff(places).None()
}

func (b base) entry() identity.Entry {
	if b.Lost != nil {
		return b.Lost.entry
	}
	return b.Entry
}

func (b base) plan(places *roster.Roster) Plan {
	p := Plan{Diff: b.Diff(places), Same: b.same(places), Lost: b.Lost, Number: b.Number() + 1}
	old, fresh := b.Hash(), places.Hash()
	if b.Lost != nil {
		p.Number, old = b.Lost.Number+1, b.Lost.manifest.Hash()
	}
	if p.Same {
		p.Number--
	}
	p.Hash = sha256.Sum256(slices.Concat(old[:], fresh[:]))
	return p
}

// before returns what places would follow. The error is text.RosterNotRoot where this jurisdiction
// is not the root of its tree, text.RosterRootOther where the places begin elsewhere, that of
// Trouble where nothing can follow, and that of follows.
func (s *Store) before(ctx context.Context, places *roster.Roster) (b base, err error) {
	_, root, err := s.own.Chain(ctx)
	if err != nil {
		return b, err
	}
	first, _ := places.Of(places.Root())
	switch {
	case root.Name() != s.own.Name():
		return b, text.Fail(text.RosterNotRoot, text.Args{"jurisdiction": s.own.Name().String(), "root": root.Name().String()}, nil)
	case first.Name != root.Name():
		return b, text.Fail(text.RosterRootOther, text.Args{"name": first.Name.String(), "title": first.DisplayName, "label": root.Name().String(), "root": root.Name().String()}, nil)
	}
	if b.Current, err = s.InForce(ctx); err != nil {
		return b, err
	}
	if b.Lost != nil && b.Lost.manifest == nil {
		return b, s.Trouble()
	}
	return b, b.follows(places)
}

// follows refuses places that cannot come after a list.
func (b base) follows(places *roster.Roster) error {
	if b.same(places) {
		return nil
	}
	if was, now, moved := b.Moved(places); moved {
		return text.Fail(text.RosterCodeMoved, text.Args{"code": now.Code, "title": now.DisplayName, "was": was.Name.String(), "now": now.Name.String()}, nil)
	}
	next := b.next(places)
	_, err := next.Encode()
	if err == nil && b.Number() > 0 && b.Lost == nil {
		err = next.Follows(b.Roster)
	}
	if err != nil {
		return text.Fail(text.RosterInvalid, text.Args{"reason": err.Error()}, err)
	}
	return nil
}
