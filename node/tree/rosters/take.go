package rosters

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/roster"
	"xietong/node/tree/door"
)

// Upkeep asks the parent for a later roster than the current one. At a root, where way is nil, it
// publishes the first. A piece of the current one that was found damaged is kept again. more
// reports that a part of the roster came, and that it goes on where this ended.
func (s *Store) Upkeep(ctx context.Context, way door.Asker) (more bool, err error) {
	if s.holed.Swap(false) {
		if err := s.again(ctx, base{s.Current()}, s.Current().Roster); err != nil {
			return false, err
		}
	}
	if way == nil {
		return false, s.PublishShipped(ctx)
	}
	proof, err := door.AskRoster(ctx, way, s.Current().Number())
	if err != nil || len(proof) == 0 {
		s.none.Store(err == nil)
		return false, err
	}
	came := 0
	err = s.Take(ctx, proof, func(p roster.Piece) ([]byte, error) {
		data, err := door.AskPiece(ctx, way, p.Hash)
		if err == nil {
			came++
		}
		return data, err
	})
	if came > 1 && !errors.Is(err, roster.ErrInvalid) { // the first is kept before the second is asked for
		return err != nil, nil
	}
	return false, err
}

// Take keeps a roster that another jurisdiction handed down, whose pieces get returns. The roster
// must be proven from the root of the tree, and follow the current one if it is the next number.
// Take does nothing where the roster is not later than the current one. Pieces that have come are
// kept where a later one fails.
func (s *Store) Take(ctx context.Context, proof []byte, get func(roster.Piece) ([]byte, error)) error {
	levels, pin, err := s.own.Chain(ctx)
	if err != nil {
		return err
	}
	chain, err := trust.Descend(pin, levels, ledger.VerifyEndorsement)
	if err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	manifest, err := ledger.VerifyRoster(chain[0].KeySets, proof)
	if err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	m, err := roster.DecodeManifest(manifest)
	if err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	done, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if m.Number <= s.Current().Number() {
		return nil
	}
	if err := s.take(ctx, m, pin.Name(), proof, get); err != nil {
		return fmt.Errorf("take roster: %w", err)
	}
	return s.changed(ctx)
}

// take keeps the roster of a manifest that is proven, and later than the current one.
func (s *Store) take(ctx context.Context, m roster.Manifest, root identity.Jurisdiction, proof []byte, get func(roster.Piece) ([]byte, error)) error {
	if err := s.store(ctx, m.Pieces, get); err != nil {
		return err
	}
	var r *roster.Roster
	err := s.own.View(ctx, func(from *state.Reader) (err error) {
		r, err = listOf(from, m)
		return err
	})
	if err != nil {
		return err
	}
	if r.Root() != root {
		return fmt.Errorf("%w: of %s, in the tree of %s", roster.ErrInvalid, r.Root(), root)
	}
	if have := s.Current(); have.Number() > 0 && r.Number() == have.Number()+1 {
		if err := r.Follows(have.Roster); err != nil {
			return err
		}
	}
	_, err = commandKeep.Do(ctx, s.own, book.Request{}, keepBody{Number: m.Number, Pieces: m.Pieces, Proof: proof})
	return err
}

// turn waits until nobody else stores pieces.
func (s *Store) turn(ctx context.Context) (done func(), err error) {
	select {
	case s.storing <- struct{}{}:
		return func() { <-s.storing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// store keeps those of the pieces of a list that are not here; get returns each of them.
func (s *Store) store(ctx context.Context, of []roster.Piece, get func(roster.Piece) ([]byte, error)) error {
	var not []roster.Piece
	err := s.own.View(ctx, func(r *state.Reader) error {
		not = slices.DeleteFunc(slices.Clone(of), func(p roster.Piece) bool {
			data, _, err := pieces.Read(r, p.Hash)
			return err == nil && p.Is(data) // a damaged one comes again
		})
		return nil
	})
	if err != nil || len(not) == 0 {
		return err
	}
	if _, err := commandAwait.Do(ctx, s.own, book.Request{}, of); err != nil {
		return err
	}
	for _, p := range not {
		data, err := get(p)
		if err == nil && !p.Is(data) {
			err = fmt.Errorf("%w: %d bytes are not those of piece %x", roster.ErrInvalid, len(data), p.Hash[:4])
		}
		if err == nil {
			_, err = commandPiece.Do(ctx, s.own, book.Request{}, data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
