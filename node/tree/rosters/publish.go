package rosters

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/roster"
)

// PublishShipped publishes number 1 at a root: the list that comes with the program. It does
// nothing where a roster was published before, or where the program has no list of this tree.
func (s *Store) PublishShipped(ctx context.Context) error {
	if !roster.Ships(s.own.Name()) || s.shipped.Root() != s.own.Name() {
		return nil
	}
	return s.PublishFirst(ctx, s.shipped)
}

// PublishFirst publishes a list of the tree of this root as number 1. Where a roster was published
// before it stores that again, if it is the same list and is damaged, and otherwise does nothing.
func (s *Store) PublishFirst(ctx context.Context, places *roster.Roster) error {
	if now := s.Current(); now.Number() > 0 || now.Lost != nil {
		if b := (base{now}); now.Lost != nil && b.same(places) {
			return s.again(ctx, b, places)
		}
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
// is recorded then, and what is damaged of it is stored again. The error is text.RosterNotRoot
// where this jurisdiction is not the root of the list, RosterInvalid for a list that cannot follow
// the published one, and RosterMoved where another number was published meanwhile.
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
		return ref.In(s.own.Names()), err
	}
	if cannot != nil {
		return identity.Entry{}, cannot
	}
	plan := before.plan(places)
	switch err := shown(plan); {
	case err != nil:
		return identity.Entry{}, err
	case plan.Same:
		return before.entry(), s.again(ctx, before, places)
	}
	next := before.next(places)
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
	roster.Diff          // of the newest list that can be read
	Number      uint64   // that it would get; that of the list in force where it is the Same
	Same        bool     // it is the list in force: nothing is recorded, and what is damaged of it is stored again
	Lost        *Lost    // the list in force, where it cannot be read
	Hash        [32]byte // of the list in force and the new one
}

// Plan returns what publishing the places of a list would do. The error is that of Publish.
func (s *Store) Plan(ctx context.Context, places *roster.Roster) (p Plan, err error) {
	before, err := s.before(ctx, places)
	if err != nil {
		return p, err
	}
	return before.plan(places), nil
}

// propose stores the pieces of a list, and then publishes it.
func (s *Store) propose(ctx context.Context, q book.Request, next *roster.Roster, b publishBody) (identity.Entry, error) {
	done, err := s.turn(ctx)
	if err != nil {
		return identity.Entry{}, err
	}
	defer done()
	m, err := s.storeOf(ctx, next)
	if err != nil {
		return identity.Entry{}, err
	}
	b.Number, b.Pieces = m.Number, m.Pieces
	entry, err := book.Enter(ctx, s.own, commandPublish, q, b)
	if err != nil {
		return identity.Entry{}, err
	}
	return entry, s.changed(ctx)
}

// again stores what is damaged of the list in force, whose places these are in their order or
// another, and nothing else.
func (s *Store) again(ctx context.Context, before base, places *roster.Roster) error {
	done, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if before.Lost == nil {
		_, err := s.storeOf(ctx, before.Roster)
		return err
	}
	if _, err := s.storeOf(ctx, places); err != nil {
		return err
	}
	return s.changed(ctx)
}

// storeOf stores those pieces of a list that are not here, and returns what names them.
func (s *Store) storeOf(ctx context.Context, list *roster.Roster) (roster.Manifest, error) {
	m, err := list.Manifest()
	if err != nil {
		return m, err
	}
	all := piecesOf(list)
	return m, s.store(ctx, m.Pieces, func(p roster.Piece) ([]byte, error) { return all[string(p.Hash)], nil })
}

// piecesOf returns the pieces of a list by their hashes.
func piecesOf(list *roster.Roster) map[string][]byte {
	all := map[string][]byte{}
	for data := range list.Pieces() {
		hash := sha256.Sum256(data)
		all[string(hash[:])] = data
	}
	return all
}
