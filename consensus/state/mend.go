package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// MendTree derives the stored tree anew from the entries, and puts right what differs. It does so
// only where the entries give the root that was signed last: then they are what was signed, and the
// tree is what was damaged. It returns how many tiles it put right. Nothing may be applied
// meanwhile: it is for a store that was just opened. Where the tree names a file of old entries
// that is not there, the file is found from what lies below (see naming): that it is the right one
// shows as all the rest does, by the root that was signed. The error is a *DamageError where the
// entries are damaged, too, and names the file where they lie in one. Tiles are no part of the
// digest, so a mended replica agrees with the others.
func (s *Store) MendTree(ctx context.Context) (mended int, err error) {
	tiles := memTiles{}
	err = s.View(func(r *Reader) error {
		names, err := newNaming(r)
		if err != nil {
			return err
		}
		r.old.named = names.file
		if err := tiles.derive(ctx, r); err != nil {
			return err
		}
		p, _ := r.Published()
		root, err := ledger.Root(p.Mark.Size, tiles)
		if err == nil && p.Mark.Size > 0 && !bytes.Equal(root[:], p.Mark.Root) {
			err = errors.New("its entries do not give the root that was signed")
			if names.missing != nil { // another one was taken in its place
				return names.missing
			}
		}
		if err != nil {
			return &DamageError{Err: fmt.Errorf("mend tree: %w", err)}
		}
		for id, tile := range tiles {
			if stored, ok := r.soundTile(id); ok && bytes.Equal(stored, tile) {
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
	if err := s.mendFiles(); err != nil {
		return 0, fmt.Errorf("mend tree: %w", err)
	}
	s.harmed.forget()
	return len(tiles), nil
}

// CheckTree looks whether the tiles in the state file fit together: each that is full gives the
// hash that stands above it. What is signed over is read at every opening anyway; a full tile is
// read by proofs alone, and nothing but its own sum tells that it is damaged. It reads 32 bytes for
// every 256 entries that are in files, and for each that is not. The error is a *DamageError.
func (r *Reader) CheckTree() error {
	for level := 0; ledger.ExtentOf(level, r.Size()).Full > 0; level++ {
		first := uint64(0)
		if level == 0 {
			first = r.meta.filed.entries() / bundle.BlockLen
		}
		for n := first; n < ledger.ExtentOf(level, r.Size()).Full; n++ {
			if err := r.fits(ledger.TileID{Level: level, N: n}); err != nil {
				return &DamageError{Err: fmt.Errorf("tile %d of level %d: %w", n, level, err)}
			}
		}
	}
	return nil
}

// fits compares a full tile with the hash above it.
func (r *Reader) fits(id ledger.TileID) error {
	tile, err := r.Tile(id)
	if err != nil {
		return err
	}
	above, err := ledger.NodeAt(ledger.TileHeight*(id.Level+1), id.N, r)
	if err == nil && (len(tile) != ledger.TileWidth*len(above) || ledger.Subroot(tile) != above) {
		err = errors.New("it does not give the hash above it")
	}
	return err
}

// soundTile returns a tile of the stored tree, or nil. ok is false where it is not as it was
// written.
func (r *Reader) soundTile(id ledger.TileID) (tile []byte, ok bool) {
	if r.meta.isFiled(id) {
		tile, err := r.oldTile(id.N)
		return tile, err == nil
	}
	return r.sound(bucketTile, tileKey(id))
}

// mendFiles writes each file anew whose tiles are damaged, from its leaves, which were found to be
// what was signed.
func (s *Store) mendFiles() error {
	s.mu.Lock()
	f := s.meta.filed
	s.mu.Unlock()
	for number := range f.Files {
		err := s.View(func(r *Reader) error {
			id, err := f.fileID(number, r)
			if err != nil {
				return err
			}
			return s.files.Put(id, func(n int) (bundle.Block, error) { return r.blockOf(number*f.Blocks + uint64(n)), nil })
		})
		if err != nil {
			return err
		}
	}
	s.files.Forget()
	return nil
}

// blockOf returns the leaves of a block, and the tile that they give.
func (r *Reader) blockOf(n uint64) (b bundle.Block) {
	for index := n * bundle.BlockLen; index < (n+1)*bundle.BlockLen; index++ {
		leaf := r.Leaf(index)
		hash := ledger.LeafHash(leaf)
		b.Leaves, b.Tile = append(b.Leaves, leaf), append(b.Tile, hash[:]...)
	}
	return b
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

// putTiles writes tiles that were derived anew, and commits them. The sums of the tiles are made
// anew from what stands there then: those of before counted what was damaged.
func (s *Store) putTiles(tiles memTiles) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	s.begin()
	var err error
	for id, tile := range tiles { // each tile has its own key: the order does not matter
		if !s.meta.isFiled(id) {
			err = errors.Join(err, s.open.Put(bucketTile, tileKey(id), tile))
		}
	}
	s.open.fresh = nil // all entries are in these tiles
	s.mu.Unlock()
	if err = errors.Join(err, s.mustCommit(false)); err != nil {
		return err
	}
	return s.mustWrite(func(file *bolt.Tx) error { return s.registry.newFileWriter(file).resum(bucketTile) })
}
