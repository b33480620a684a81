package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// Report is the result of Verify.
type Report struct {
	Log       identity.Log
	Last      LastEntry
	Entries   uint64
	Root      tlog.Hash
	Published Published       // the newest checkpoint; without a note where none was published
	Signed    tlog.Hash       // root of the entries that it covers, derived from them
	KeySets   [][]byte        // signed, from number 1 on
	InForce   uint64          // the number of the key set by which Published is signed; 0: none of those
	Former    []FormerKeySet  // see Reader.FormerKeySets
	Sealed    []SealedPayload // see Reader.FirstSealed
}

// BadEntryError is returned by Verify. It names the entry, by its index from 0, at which the file
// does not hold together.
type BadEntryError struct {
	Index uint64
	Err   error
	// Files are the paths of all files of old entries that are missing or damaged, where the entry
	// is in one.
	Files []string
}

func (e *BadEntryError) Error() string { return fmt.Sprintf("entry %d: %v", e.Index, e.Err) }

// Unwrap returns the reason.
func (e *BadEntryError) Unwrap() error { return e.Err }

// Verify derives the whole ledger of a file anew, from its leaves alone, and compares the result
// with what the file says: every leaf and sequence number, and the stored tree. It returns the
// newest checkpoint and the root derived for its size; the caller compares the two and verifies the
// signatures. Verify opens the file for reading only, so the file may be a copy, and must not be in
// use. The file may be damaged in any way: where the database itself gives up, the error names the
// entry that was being read. Where all entries are well and another page of the file is not, the
// error is a *DamageError. Each of looks is shown the state of a file whose entries are well.
func Verify(ctx context.Context, path string, progress func(done, total uint64), looks ...func(*Reader)) (report Report, err error) {
	v := verifier{path: path, tiles: memTiles{}, progress: progress}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // a file that was cut off is mapped beyond its end
	files := folderBeside(path)
	defer files.Forget()
	var db *bolt.DB
	defer func() {
		if p := recover(); p != nil {
			report, err = Report{}, v.damaged(path, p)
			if db != nil {
				_ = db.Close() // that the file is damaged says more
			}
		}
	}()
	var m meta
	db, m, err = openFile(path, nil, true, 0)
	if err != nil {
		return Report{}, err
	}
	v.size = m.Size
	err = db.View(func(tx *bolt.Tx) error {
		if err := v.read(ctx, readerOf(tx, m, files)); err != nil {
			return err
		}
		if err := checkAll(tx); err != nil {
			return err
		}
		for _, look := range looks {
			look(readerOf(tx, m, files))
		}
		return nil
	})
	if err == nil {
		err = CheckFile(path)
	}
	if damage, ok := errors.AsType[*DamageError](err); ok {
		damage.File = cmp.Or(damage.File, path)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return Report{}, fmt.Errorf("verify %s: %w", m.Log, err)
	}
	return Report{
		Log: m.Log, Last: m.Last, Entries: m.Size, Root: v.root, Published: v.published, Signed: v.signed, KeySets: v.keySets, InForce: v.inForce,
		Former: v.former, Sealed: v.sealed,
	}, nil
}

func (v *verifier) damaged(path string, why any) error {
	err := damageIn(path, why)
	if v.reading {
		return &BadEntryError{Index: v.at, Err: err}
	}
	return err
}

type verifier struct {
	path      string
	size      uint64
	reading   bool   // an entry is being read,
	at        uint64 // this one
	progress  func(done, total uint64)
	tiles     memTiles
	order     ledger.Order
	root      tlog.Hash
	published Published
	signed    tlog.Hash
	keySets   [][]byte
	inForce   uint64
	former    []FormerKeySet
	sealed    []SealedPayload
}

// memTiles is the tree that is derived anew.
type memTiles map[ledger.TileID][]byte

func (t memTiles) Tile(id ledger.TileID) ([]byte, error) { return t[id], nil }

// grow appends leaves to a tree of the given size.
func (t memTiles) grow(size uint64, leaves []tlog.Hash) error {
	grown, err := ledger.Append(size, leaves, t)
	maps.Copy(t, grown.Tiles)
	return err
}

const verifyBatch = 4096 // leaves between two looks at the context

// read runs, with the files of old entries named also where the tree is damaged. Where one is
// missing or damaged it looks for all that are.
func (v *verifier) read(ctx context.Context, r *Reader) (err error) {
	names, err := newNaming(r)
	if err != nil {
		return err
	}
	r.old.named = names.file
	defer func() {
		if p := recover(); p != nil {
			err = v.damaged(v.path, p)
		}
		bad, ok := errors.AsType[*BadEntryError](err)
		if damage, inFile := errors.AsType[*DamageError](err); ok && inFile && r.old.in.Has(damage.File) {
			bad.Files = r.damagedFiles(ctx)
		}
	}()
	return v.run(ctx, r)
}

// damagedFiles reads all files of old entries, and returns the paths of those that are missing or
// damaged.
func (r *Reader) damagedFiles(ctx context.Context) (paths []string) {
	for n := uint64(0); n < r.meta.filed.Files && ctx.Err() == nil; n++ {
		id, err := r.fileOf(n)
		if err == nil {
			if err = r.old.read(id, (*bundle.File).Check); err != nil {
				paths = append(paths, r.old.in.Path(id))
			}
		} else if damage, ok := errors.AsType[*DamageError](err); ok && damage.File != "" {
			paths = append(paths, damage.File)
		}
	}
	return paths
}

func (v *verifier) run(ctx context.Context, r *Reader) error {
	for from := uint64(0); from < v.size; from += verifyBatch {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := v.batch(r, from, min(from+verifyBatch, v.size)); err != nil {
			return err
		}
	}
	if r.Get(bucketLeaf, be64(v.size)) != nil {
		return &BadEntryError{Index: v.size, Err: errors.New("it stands behind the end of the ledger")}
	}
	return v.tree(r)
}

func (v *verifier) batch(r *Reader, from, to uint64) error {
	hashes := make([]tlog.Hash, 0, to-from)
	for index := from; index < to; index++ {
		v.reading, v.at = true, index
		data := r.Leaf(index)
		if data == nil {
			return &BadEntryError{Index: index, Err: errors.New("it is missing")}
		}
		if _, err := v.order.Next(data); err != nil {
			return &BadEntryError{Index: index, Err: err}
		}
		hashes = append(hashes, ledger.LeafHash(data))
	}
	if err := v.tiles.grow(from, hashes); err != nil {
		return err
	}
	for i, hash := range hashes {
		v.at = from + uint64(i)
		if err := sameInTile(r, from+uint64(i), hash); err != nil {
			return &BadEntryError{Index: from + uint64(i), Err: err}
		}
	}
	v.reading = false
	if v.progress != nil {
		v.progress(to, v.size)
	}
	return nil
}

// sameInTile checks one leaf hash of the stored tree, so that the error names the bad entry and not
// only its tile.
func sameInTile(r ledger.TileReader, index uint64, hash tlog.Hash) error {
	tile, err := r.Tile(ledger.TileID{Level: 0, N: index / 256})
	at := int(index%256) * tlog.HashSize
	if err != nil {
		return err
	}
	if len(tile) < at+tlog.HashSize || tlog.Hash(tile[at:at+tlog.HashSize]) != hash {
		return errors.New("its leaf is not the one in the tree")
	}
	return nil
}

// wrong returns the damage of a file that tells two things of itself.
func (v *verifier) wrong(format string, args ...any) error {
	return &DamageError{File: v.path, Err: fmt.Errorf(format, args...)}
}

// tree compares the derived tiles with the stored ones, and derives the root of the newest
// checkpoint's size.
func (v *verifier) tree(r *Reader) (err error) {
	for id, tile := range v.tiles {
		if stored, _ := r.Tile(id); string(stored) != string(tile) {
			return v.wrong("tile %d of level %d is not the one that its entries give", id.N, id.Level)
		}
	}
	if v.root, err = ledger.Root(v.size, v.tiles); err != nil {
		return err
	}
	v.keySets, v.former = r.KeySets(), r.FormerKeySets()
	v.sealed = r.firstSealed(v.size)
	if v.published, _ = r.Published(); v.published.Mark.Size > v.size {
		return v.wrong("a checkpoint of %d entries was signed, the file has %d", v.published.Mark.Size, v.size)
	}
	v.inForce = r.InForce(v.published.Mark.Size)
	v.signed, err = ledger.Root(v.published.Mark.Size, v.tiles)
	return err
}

// RootAt returns the root of the first size entries, from the stored tree. Verify checks that this
// tree is the one that the entries give.
func (s *Reader) RootAt(size uint64) (tlog.Hash, error) { return ledger.Root(size, s) }

// GoesOn checks, in the stored tree alone, that the ledger still is what was signed: the root at
// the size of the newest published checkpoint, computed anew, is the one that was published, and
// the tree of that size is the beginning of the one of size and root. The error is a *DamageError
// where the tree tells another: nothing may be signed over it.
func (s *Reader) GoesOn(size uint64, root []byte) error {
	p, ok := s.Published()
	if !ok || p.Mark.Size > size {
		return nil
	}
	if err := s.goesOn(p.Mark, size, root); err != nil {
		return &DamageError{Err: fmt.Errorf("the tree of %d entries does not go on from the %d that were signed: %w", size, p.Mark.Size, err)}
	}
	return nil
}

func (s *Reader) goesOn(signed Mark, size uint64, root []byte) error {
	before, err := s.RootAt(signed.Size)
	if err != nil {
		return err
	}
	if string(before[:]) != string(signed.Root) {
		return errors.New("its root is not the one that was signed")
	}
	if len(root) != tlog.HashSize {
		return fmt.Errorf("a root of %d bytes", len(root))
	}
	proof, err := ledger.ProveConsistency(signed.Size, size, s)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, int64(size), tlog.Hash(root), int64(signed.Size), before)
}
