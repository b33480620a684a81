package state

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/canon"
	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// Old entries lie in files beside the state file, 65,536 in each (see bundle): their leaves, and
// the tiles of level 0 over them. The tiles above stay in the state file, and say which root each
// of the files has, so the state file alone says which files are its own: one that belongs to
// another history has another name. Payloads stay in the state file, because records are erased.
//
// Up to where the entries are in files stands in the state file. It is this replica's own matter:
// no command moves entries, and neither the digest nor what others are told depends on it. It is
// noted before anything is removed from the state file, and files stay, so every view finds each
// entry. A command's handler reads no file: what it needs of the tree is the edge, and the newest
// entries stay in the state file.

// FilesFolder is the name of the folder with the files, beside the state file.
const FilesFolder = "files"

// keyFiles is where the state file says up to where entries are in files.
var keyFiles = []byte("files")

// filed is up to where entries are in files.
type filed struct {
	_      struct{} `cbor:",toarray"`
	Files  uint64
	Blocks uint64 // of each
}

// maxFiledLen bounds what filed is encoded as, in bytes.
const maxFiledLen = 32

// entries returns how many entries are in files: those below that index.
func (f filed) entries() uint64 { return f.Files * f.Blocks * bundle.BlockLen }

// readFiled reads up to where entries of a state are in files.
func (m *meta) readFiled(r reads) (err error) {
	m.filed, err = readFiled(r)
	if err == nil && m.filed.entries() > m.Size {
		err = &DamageError{Err: fmt.Errorf("%d of %d entries are in files", m.filed.entries(), m.Size)}
	}
	return err
}

func readFiled(r reads) (f filed, err error) {
	data, ok := r.sound(bucketMeta, keyFiles)
	switch {
	case !ok:
		return f, &DamageError{Err: &UnreadableError{bucketMeta, keyFiles, errSum}}
	case data == nil:
		return f, nil
	}
	if err = canon.Unmarshal(data, maxFiledLen, &f); err == nil && !bundle.Fits(int(min(f.Blocks, bundle.MaxBlocks+1))) {
		err = fmt.Errorf("files of %d blocks", f.Blocks)
	}
	if err != nil {
		return filed{}, &DamageError{Err: &UnreadableError{bucketMeta, keyFiles, err}}
	}
	return f, nil
}

// isFiled reports whether a tile is in a file.
func (m *meta) isFiled(id ledger.TileID) bool {
	return id.Level == 0 && id.N < m.filed.entries()/bundle.BlockLen
}

// fileID returns which file has a number, as the tree says that is in the state file.
func (f filed) fileID(number uint64, tiles ledger.TileReader) (bundle.ID, error) {
	id := bundle.ID{Number: number, Blocks: int(f.Blocks)}
	root, err := ledger.NodeAt(ledger.TileHeight+bits.TrailingZeros64(f.Blocks), number, tiles)
	id.Root = root
	return id, err
}

// fileOf returns which file of the view has a number.
func (r *Reader) fileOf(number uint64) (bundle.ID, error) {
	if r.old.named != nil {
		return r.old.named(number)
	}
	return r.meta.filed.fileID(number, r)
}

// fileNames returns the names of a view's files.
func (r *Reader) fileNames() (names map[string]bool, err error) {
	names = map[string]bool{}
	for n := range r.meta.filed.Files {
		id, err := r.fileOf(n)
		if err != nil {
			return names, err
		}
		names[id.Name()] = true
	}
	return names, nil
}

// fileNames returns the names of the store's files, as far as its tree says them. Of no store there
// are none.
func (s *Store) fileNames() (names map[string]bool) {
	if s == nil {
		return map[string]bool{}
	}
	_ = s.View(func(r *Reader) (err error) { names, err = r.fileNames(); return err }) // damage is noted
	return names
}

// old is what a view sees of the entries that are in files.
type old struct {
	in *bundle.Folder
	// read reads in a file. Whoever opens a view hands it in, so the code that handlers share with
	// views leads to no file.
	read func(id bundle.ID, do func(*bundle.File) error) error
	// named returns which file has a number; nil: the tree in the state file says it. See naming.
	named  func(number uint64) (bundle.ID, error)
	block  uint64         // whose leaves these are
	leaves *bundle.Leaves // that were read last; nil: none
}

func oldIn(in *bundle.Folder) old { return old{in: in, read: in.With} }

func folderBeside(path string) *bundle.Folder {
	return bundle.At(filepath.Join(filepath.Dir(path), FilesFolder))
}

// readerOf returns a view of a transaction of the file alone.
func readerOf(file *bolt.Tx, m meta, in *bundle.Folder) *Reader {
	return &Reader{reads: reads{file: file}, meta: m, old: oldIn(in)}
}

// inFile has do read a block of the files. The error is a *DamageError, which names the file and,
// where it does not hold what was written, its first entry and how many.
func (r *Reader) inFile(block uint64, bucket string, do func(f *bundle.File, block int) error) error {
	f := r.meta.filed
	id, err := r.fileOf(block / f.Blocks)
	if err != nil {
		return err
	}
	err = r.old.read(id, func(file *bundle.File) error { return do(file, int(block%f.Blocks)) })
	if err != nil {
		return hurtFile(r.old.in, id, bucket, block*bundle.BlockLen, bundle.BlockLen, err)
	}
	return nil
}

// hurtFile returns an error of a file as damage: of so many entries from the first on or, where the
// file is missing or another, of all of its entries.
func hurtFile(in *bundle.Folder, id bundle.ID, bucket string, first, entries uint64, err error) *DamageError {
	bad := entries
	if errors.Is(err, fs.ErrNotExist) {
		first, entries, bad = id.First(), id.Entries(), 0
	}
	decay := &DecayError{Bucket: bucket, Pairs: bad, Written: entries, Bad: bad, Keys: [][]byte{be64(first)}}
	return &DamageError{File: in.Path(id), Err: fmt.Errorf("%w: %w", decay, err)}
}

// oldTile returns a tile of level 0 that is in a file.
func (r *Reader) oldTile(n uint64) (tile []byte, err error) {
	err = r.inFile(n, bucketTile, func(f *bundle.File, block int) (err error) { tile, err = f.Tile(block); return err })
	return tile, err
}

// oldLeaf returns a leaf that is in a file, which is not a copy. The leaves of a block are read at
// once and kept, because entries are often read one after the other.
func (r *Reader) oldLeaf(index uint64) (leaf []byte, err error) {
	block := index / bundle.BlockLen
	if r.old.leaves == nil || r.old.block != block {
		var leaves *bundle.Leaves
		err := r.inFile(block, bucketLeaf, func(f *bundle.File, block int) (err error) { leaves, err = f.Leaves(block); return err })
		if err != nil {
			return nil, err
		}
		r.old.leaves, r.old.block = leaves, block
	}
	return r.old.leaves.Leaf(int(index % bundle.BlockLen)), nil
}

// checkFiles looks whether every file is there, and is the one that its name says and as long as it
// was written, without reading its blocks. It returns what is damaged, in their order.
func (r *Reader) checkFiles() (damaged []*DamageError) {
	for n := range r.meta.filed.Files {
		id, err := r.fileOf(n)
		if err != nil {
			return append(damaged, damageOf(err))
		}
		err = r.old.read(id, func(*bundle.File) error { return nil })
		if err != nil {
			damaged = append(damaged, hurtFile(r.old.in, id, bucketLeaf, id.First(), id.Entries(), err))
		}
	}
	return damaged
}

// harms notes damage, and returns the first.
func (s *Store) harms(damaged []*DamageError) error {
	for _, damage := range damaged {
		s.noteDamage(damage)
	}
	if len(damaged) == 0 {
		return nil
	}
	return damaged[0]
}

// checkBlock reads a block of the files, and holds it against the tree that the state file has. It
// returns how many bytes it read. The error is a *DamageError where the block is damaged.
func (r *Reader) checkBlock(block uint64) (bytes int, err error) {
	want, err := ledger.NodeAt(ledger.TileHeight, block, r)
	if err != nil {
		return 0, &DamageError{Err: err}
	}
	err = r.inFile(block, bucketLeaf, func(f *bundle.File, block int) error {
		root, err := f.CheckBlock(block)
		if err == nil && root != want {
			err = bundle.ErrNotAsWritten
		}
		bytes = int(f.Size()) / f.ID().Blocks
		return err
	})
	return bytes, err
}
