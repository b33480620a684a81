package rosters

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// PublishShipped publishes number 1 at a root: the list that comes with the program. It does
// nothing where a roster was published before, or where the program has no list of this tree.
func (s *Store) PublishShipped(ctx context.Context) error {
	if !roster.Ships(s.own.Name()) || s.shipped.Root() != s.own.Name() {
		return nil
	}
	return s.PublishFirst(ctx, s.shipped)
}

// PublishFirst publishes a list of the tree of this root as number 1. It does nothing where a
// roster was published before.
func (s *Store) PublishFirst(ctx context.Context, places *roster.Roster) error {
	if s.Current().Number() > 0 {
		return nil
	}
	first := s.shipped.Next(places)
	manifest, err := first.Encode()
	if err != nil {
		return err
	}
	note, err := s.own.Note(ledger.RosterType, manifest)
	if err == nil {
		_, err = s.propose(ctx, book.Request{}, first, publishBody{Number: 1, Statement: note})
	}
	if err != nil {
		return fmt.Errorf("publish first roster: %w", err)
	}
	return nil
}

// Publish publishes the places of a list as the next number, as an act of an agency of the root,
// and returns the entry: that of the list in force, where the places are the same, because nothing
// is recorded then. The error is text.RosterNotRoot where this jurisdiction is not the root of
// the list, RosterInvalid for a list that cannot follow the published one, and RosterMoved where
// another number was published meanwhile.
func (s *Store) Publish(ctx context.Context, id identity.Message, by operation.Actor, places *roster.Roster) (identity.Entry, error) {
	return s.PublishShown(ctx, id, by, places, func(Plan) error { return nil })
}

// PublishShown is Publish of a list of which somebody was shown the plan: shown refuses one that is
// otherwise by now. It is not asked where the same request came before, which has its answer.
func (s *Store) PublishShown(ctx context.Context, id identity.Message, by operation.Actor, places *roster.Roster, shown func(Plan) error) (identity.Entry, error) {
	before, cannot := s.before(ctx, places)
	var agency identity.Label
	err := s.own.View(ctx, func(r *state.Reader) error {
		acting, err := by.Resolve(r)
		agency = acting.Code()
		return err
	})
	if err != nil {
		return identity.Entry{}, cmp.Or(cannot, err)
	}
	asked, err := places.Encode() // as it was sent: the number is another when the same is asked again
	if err != nil {
		return identity.Entry{}, err
	}
	request := book.By(identity.NewAgency(s.own.Name(), agency), id, asked)
	if ref, came, err := commandPublish.Came(ctx, s.own, request); came || err != nil {
		return ref.In(s.own.Log()), err
	}
	if cannot != nil {
		return identity.Entry{}, cannot
	}
	plan := planOf(before, places)
	if err := shown(plan); err != nil {
		return identity.Entry{}, err
	}
	if now := s.Current(); plan.None() && now.Hash() == before.Hash() && now.Number() > 0 {
		return now.Entry, nil
	}
	next := before.Next(places)
	manifest, err := next.Encode()
	if err != nil {
		return identity.Entry{}, err
	}
	act, err := s.own.Act(ledger.Head{Kind: ledger.KindRoster, Agency: agency}, ledger.RosterType, manifest)
	if err != nil {
		return identity.Entry{}, err
	}
	return s.propose(ctx, request, next, publishBody{Agency: &agency, Statement: act})
}

// Plan is what publishing a list would do.
type Plan struct {
	roster.Diff
	Number uint64   // that it would get
	Hash   [32]byte // of the list in force and the new one
}

// Plan returns what publishing the places of a list would do. The error is that of Publish.
func (s *Store) Plan(ctx context.Context, places *roster.Roster) (p Plan, err error) {
	before, err := s.before(ctx, places)
	if err != nil {
		return p, err
	}
	return planOf(before, places), nil
}

func planOf(before, places *roster.Roster) (p Plan) {
	old, fresh := before.Hash(), places.Hash()
	p.Diff, p.Number = before.Diff(places), before.Number()+1
	p.Hash = sha256.Sum256(slices.Concat(old[:], fresh[:]))
	return p
}

// follows refuses places that cannot come after a list.
func (s *Store) follows(before, places *roster.Roster) error {
	if was, now, moved := before.Moved(places); moved {
		return text.Fail(text.RosterCodeMoved, text.Args{"code": now.Code, "title": now.DisplayName, "was": was.Name.String(), "now": now.Name.String()}, nil)
	}
	next := before.Next(places)
	_, err := next.Encode()
	if err == nil && before.Number() > 0 {
		err = next.Follows(before)
	}
	if err != nil {
		return text.Fail(text.RosterInvalid, text.Args{"reason": err.Error()}, err)
	}
	return nil
}

// propose stores the pieces of a list, and then publishes it.
func (s *Store) propose(ctx context.Context, q book.Request, next *roster.Roster, b publishBody) (identity.Entry, error) {
	m, err := next.Manifest()
	if err != nil {
		return identity.Entry{}, err
	}
	done, err := s.turn(ctx)
	if err != nil {
		return identity.Entry{}, err
	}
	defer done()
	all := map[string][]byte{}
	for data := range next.Pieces() {
		hash := sha256.Sum256(data)
		all[string(hash[:])] = data
	}
	if err := s.store(ctx, m.Pieces, func(p roster.Piece) ([]byte, error) { return all[string(p.Hash)], nil }); err != nil {
		return identity.Entry{}, err
	}
	b.Number, b.Pieces = m.Number, m.Pieces
	entry, err := book.Enter(ctx, s.own, commandPublish, q, b)
	if err != nil {
		return identity.Entry{}, err
	}
	return entry, s.changed(ctx)
}
