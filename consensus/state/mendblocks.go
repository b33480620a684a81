package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// A file of old entries never changes, and is the same on every replica. So one that is damaged or
// missing is written anew from what is left of it here and, block by block, from the others, each
// of which may have damage of its own: it is lost only where all of them have lost the same block.
// Each block is held against the tree in the state file, whoever it comes from. The state file goes
// on as it is, and so does whatever else this replica does.

// LackingError says of old entries that they are whole neither here nor with any other replica that
// answered.
type LackingError struct {
	Files  []string // their paths here
	Ranges []Range  // of entries, in their order
	Asked  []string // the others that answered,
	Away   []string // and those that did not
}

// Range is the entries from one up to another, which is not of them.
type Range struct{ From, To uint64 }

func (r Range) String() string { return fmt.Sprintf("%d-%d", r.From, r.To-1) }

func (e *LackingError) Error() string {
	return fmt.Sprintf("the entries %v are whole neither here nor on %s; not asked: %s", e.Ranges, strings.Join(e.Asked, ", "), strings.Join(e.Away, ", "))
}

// lacks adds a block.
func (e *LackingError) lacks(block uint64) {
	from := block * bundle.BlockLen
	if last := len(e.Ranges) - 1; last >= 0 && e.Ranges[last].To == from {
		e.Ranges[last].To += bundle.BlockLen
		return
	}
	e.Ranges = append(e.Ranges, Range{from, from + bundle.BlockLen})
}

// MendFiles writes each file of old entries anew that is known to be damaged or missing, from what
// is left of it and from the sources, and returns how many are whole by then, also those that a
// person put back meanwhile. The error wraps a *LackingError where some entries are with nobody:
// the other files are mended all the same.
func (s *Store) MendFiles(ctx context.Context, from []*BlockSource) (mended int, err error) {
	ids, err := s.harmedFiles()
	lacking := &LackingError{}
	for _, id := range ids {
		var whole bool
		if whole, err = s.mendFile(id, from, lacking); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			break
		}
		if whole {
			mended++
		}
	}
	for _, b := range from {
		if b.away != nil {
			lacking.Away = append(lacking.Away, b.Name)
		} else {
			lacking.Asked = append(lacking.Asked, b.Name)
		}
	}
	if err == nil && len(lacking.Ranges) > 0 {
		err = lacking
	}
	if err != nil {
		return mended, fmt.Errorf("mend files of old entries: %w", err)
	}
	return mended, nil
}

// harmedFiles returns the files that are known to be damaged or missing. One whose name the tree
// cannot tell is not mended before the tree is.
func (s *Store) harmedFiles() (ids []bundle.ID, err error) {
	harmed := s.DamagedFiles()
	err = s.View(func(r *Reader) error {
		for n := range r.meta.filed.Files {
			if id, err := r.fileOf(n); err == nil && slices.Contains(harmed, s.files.Path(id)) {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}

// mendFile mends one file, or notes what of it is with nobody. whole is true where it is mended.
func (s *Store) mendFile(id bundle.ID, from []*BlockSource, lacking *LackingError) (whole bool, err error) {
	s.files.Forget() // it may have been put back
	if s.files.With(id, (*bundle.File).Check) != nil {
		there, err := s.whereabouts(id, from, lacking)
		if err != nil || !there {
			return false, err
		}
		if err := s.room(id.Entries()); err != nil {
			return false, err
		}
		if err := s.files.Put(id, func(n int) (bundle.Block, error) { return s.anyBlock(blockIn(id, n), from) }); err != nil {
			return false, err
		}
		s.files.Forget()
	}
	s.harmed.mended(s.files.Path(id))
	return true, nil
}

func blockIn(id bundle.ID, n int) uint64 { return id.Number*uint64(id.Blocks) + uint64(n) }

// whereabouts looks, before anything is sent, whether each block of a file is somewhere, and notes
// those that are not.
func (s *Store) whereabouts(id bundle.ID, from []*BlockSource, lacking *LackingError) (all bool, err error) {
	all = true
	for n := range id.Blocks {
		block := blockIn(id, n)
		_, ask, err := s.ownBlock(block)
		switch {
		case err == nil:
		case ask.Root == nil:
			return false, err
		case !slices.ContainsFunc(from, func(b *BlockSource) bool { return b.has(ask) }):
			lacking.lacks(block)
			all = false
		}
	}
	if !all {
		lacking.Files = append(lacking.Files, s.files.Path(id))
	}
	return all, nil
}

// ownBlock returns a block as it is here, or why it is not whole, and how others are asked for it;
// its root is nil where the tree cannot tell it.
func (s *Store) ownBlock(block uint64) (b bundle.Block, ask askBlock, err error) {
	err = s.View(func(r *Reader) error {
		var root tlog.Hash
		if root, err = ledger.NodeAt(ledger.TileHeight, block, r); err != nil {
			return err
		}
		ask = askBlock{Version: fillVersion, Log: r.Log(), Block: block, Root: root[:]}
		b, err = r.wholeBlock(block, root)
		return err
	})
	return b, ask, err
}

// anyBlock returns a block as it is here, or else as it comes from one of the sources.
func (s *Store) anyBlock(block uint64, from []*BlockSource) (bundle.Block, error) {
	b, ask, err := s.ownBlock(block)
	if err == nil || ask.Root == nil {
		return b, err
	}
	for _, source := range from {
		leaves := source.take(ask)
		if leaves == nil {
			continue
		}
		b = bundle.Block{Leaves: leaves}
		for _, leaf := range leaves {
			hash := ledger.LeafHash(leaf)
			b.Tile = append(b.Tile, hash[:]...)
		}
		return b, nil
	}
	return b, errors.Join(err, fmt.Errorf("block %d came from nobody", block))
}
