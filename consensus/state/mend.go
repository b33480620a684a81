package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"xietong/consensus/ledger"
)

// MendTree derives the stored tree anew from the entries, and puts right what differs. It does so
// only where the entries give the root that was signed last: then they are what was signed, and
// the tree is what was damaged. It returns how many tiles it put right. Nothing may be applied
// meanwhile: it is for a store that was just opened. The error is a *DamageError where the entries
// are damaged, too. Tiles are no part of the digest, so a mended replica agrees with the others.
func (s *Store) MendTree(ctx context.Context) (mended int, err error) {
	tiles := memTiles{}
	err = s.View(func(r *Reader) error {
		if err := tiles.derive(ctx, r); err != nil {
			return err
		}
		p, _ := r.Published()
		root, err := ledger.Root(p.Mark.Size, tiles)
		if err == nil && p.Mark.Size > 0 && !bytes.Equal(root[:], p.Mark.Root) {
			err = errors.New("its entries do not give the root that was signed")
		}
		if err != nil {
			return &DamageError{Err: fmt.Errorf("mend tree: %w", err)}
		}
		for id, tile := range tiles {
			if stored, ok := r.sound(bucketTile, tileKey(id)); ok && bytes.Equal(stored, tile) {
				delete(tiles, id)
			}
		}
		return nil
	})
	if err != nil || len(tiles) == 0 {
		return 0, err
	}
	if err := s.putTiles(tiles); err != nil {
		return 0, err
	}
	s.damage.Store(nil)
	return len(tiles), nil
}

// derive makes the tiles of a view's ledger from its entries.
func (t memTiles) derive(ctx context.Context, r *Reader) error {
	for from := uint64(0); from < r.Size(); from += verifyBatch {
		if err := ctx.Err(); err != nil {
			return err
		}
		hashes, err := r.leafHashes(from, min(from+verifyBatch, r.Size()))
		if err == nil {
			err = t.grow(from, hashes)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putTiles writes tiles that were derived anew, and commits them.
func (s *Store) putTiles(tiles memTiles) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	s.begin()
	var err error
	for id, tile := range tiles { // each tile has its own key: the order does not matter
		err = errors.Join(err, s.open.Put(bucketTile, tileKey(id), tile))
	}
	s.open.fresh = nil // all entries are in these tiles
	s.mu.Unlock()
	return errors.Join(err, s.mustCommit(false))
}
