package state

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// FillFile is the name of a file that is filled from another replica.
const FillFile = "state.new"

// keyFilling is in a file that is being filled, in place of the position of a state.
var keyFilling = []byte("filling")

// fillingOf says for which ledger a file is being filled.
type fillingOf struct {
	_      struct{} `cbor:",toarray"`
	Format uint64
	Log    identity.Log
}

// commitFill is how many bytes are received before they are written to disk.
const commitFill = 8 << 20

// fillFile is a state file that is being filled. It is no state before it is whole: Open refuses
// it.
type fillFile struct {
	config FillConfig
	path   string
	db     *bolt.DB
	files  *bundle.Folder // for the entries that are old
	filed  filed          // up to where they are there, and on disk
	former uint64         // how many of them were there when the file was opened
	tx     *bolt.Tx       // what is not on disk yet; nil: nothing
	writer *fileWriter    // into tx
	sums   contents       // of what was received of the buckets that decide
	len    int            // its bytes
	size   uint64         // entries, those in tx included
	fresh  []tlog.Hash
}

// openFilling opens the file that is filled, with all the entries that were received before. What
// was received of the rest is dropped: it was of another moment. A file of another ledger, or one
// that is damaged, is removed.
func openFilling(c FillConfig) (*fillFile, error) {
	f := &fillFile{config: c, sums: contents{}, path: filepath.Join(c.Dir, FillFile), files: folderBeside(filepath.Join(c.Dir, FillFile))}
	f.files.Step = c.step
	err := f.open()
	if _, damaged := errors.AsType[*DamageError](err); damaged || errors.Is(err, errNotFilling) {
		err = RemoveFilling(c)
		if err == nil {
			err = f.open()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", FillFile, err)
	}
	return f, nil
}

// errNotFilling is returned for a file with which a filling cannot go on.
var errNotFilling = errors.New("it was filled for another ledger, or its files are not as they were written")

func (f *fillFile) open() (err error) {
	if info, err := os.Stat(f.path); err == nil && info.Size() > 0 {
		if err := checkBuckets(f.path, f.config.Registry.walked(info.Size())); err != nil {
			return err
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	options := boltOptions(false)
	options.NoFreelistSync, options.InitialMmapSize = false, mapFor(f.config.Hosted)
	if f.db, err = openBolt(f.path, options); err != nil {
		return err
	}
	if err = f.config.step("begin", f.begin); err != nil {
		err = errors.Join(err, f.db.Close())
	}
	return err
}

// begin drops everything but entries and tree, and notes for which ledger the file is filled.
func (f *fillFile) begin() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damageIn(f.path, p)
		}
	}()
	return f.db.Update(func(tx *bolt.Tx) error {
		if own := tx.Bucket([]byte(bucketMeta)); own != nil && !f.mine(own) {
			return errNotFilling
		}
		if err := f.readFiled(tx); err != nil {
			return err
		}
		written := writtenIn(tx)
		if err := dropRest(tx); err != nil {
			return err
		}
		f.size = f.filed.entries()
		if leaves := tx.Bucket([]byte(bucketLeaf)); leaves != nil {
			if last, _ := leaves.Cursor().Last(); last != nil {
				f.size = index64(last) + 1
			}
		}
		of, err := canon.Marshal(fillingOf{Format: Format, Log: f.config.Log})
		w := f.config.Registry.newFileWriter(tx)
		err = errors.Join(err, w.write(&pair{bucket: bucketMeta, key: keyFilling, value: of}), f.putFiled(w))
		for _, id := range written {
			err = errors.Join(err, w.noteWritten(id))
		}
		return errors.Join(err, w.end())
	})
}

// mine reports whether a file is filled, or was, for this ledger.
func (f *fillFile) mine(own *bolt.Bucket) bool {
	var of fillingOf
	in := keptIn(bucketMeta, own)
	if data, _ := in.open(keyFilling, own.Get(keyFilling)); data != nil {
		return canon.Unmarshal(data, maxMetaLen, &of) == nil && of.Format == Format && of.Log == f.config.Log
	}
	var m meta
	data, _ := in.open(keyState, own.Get(keyState))
	err := canon.Unmarshal(data, maxMetaLen, &m)
	return err == nil && m.Format == Format && m.Log == f.config.Log
}

// dropRest deletes everything but entries, tree and their sums.
func dropRest(tx *bolt.Tx) error {
	var names [][]byte
	err := tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
		if !stays(string(name)) && string(name) != bucketSums {
			names = append(names, bytes.Clone(name))
		}
		return nil
	})
	for _, name := range names {
		err = errors.Join(err, tx.DeleteBucket(name))
	}
	var over [][]byte
	if sums := tx.Bucket([]byte(bucketSums)); sums != nil && err == nil {
		err = sums.ForEach(func(k, _ []byte) error {
			if of, _, _ := sumOf(k); !stays(of) {
				over = append(over, bytes.Clone(k))
			}
			return nil
		})
		for _, k := range over {
			err = errors.Join(err, sums.Delete(k))
		}
	}
	return err
}

// stays reports whether a bucket stays when a filling goes on.
func stays(bucket string) bool { return shares[bucket] == isImmutable || shares[bucket] == isDerived }

// Tile implements ledger.TileReader: the tree of what is in tx or on disk.
func (f *fillFile) Tile(id ledger.TileID) ([]byte, error) {
	return reads{file: f.tx}.Get(bucketTile, tileKey(id)), nil
}

// root returns the root of all entries. Everything is on disk.
func (f *fillFile) root() (root tlog.Hash, err error) {
	err = f.db.View(func(tx *bolt.Tx) error {
		root, err = ledger.Root(f.size, reads{file: tx})
		return err
	})
	return root, err
}

// bytes returns the size of the file, and of those with old entries that need not be written: its
// own, and those of the store beside.
func (f *fillFile) bytes() uint64 {
	names := f.config.store.fileNames()
	_ = f.view(func(r *Reader) error { // what cannot be read counts as what is not there
		own, err := r.fileNames()
		maps.Copy(names, own)
		return err
	})
	size := f.files.Bytes(names)
	if info, err := os.Stat(f.path); err == nil {
		size += uint64(info.Size())
	}
	return size
}

// put writes one pair.
func (f *fillFile) put(bucket string, key, value []byte) (err error) {
	if f.tx == nil {
		if f.tx, err = f.db.Begin(true); err != nil {
			return err
		}
		f.writer = f.config.Registry.newFileWriter(f.tx)
	}
	p := &pair{bucket: bucket, key: key, value: value}
	if f.config.Registry.decides(bucket) {
		f.sums.of(bucket).add(p)
	}
	f.len += len(key) + len(value)
	return f.writer.write(p)
}

// add writes the next entry.
func (f *fillFile) add(e entry) error {
	key := be64(f.size)
	if err := f.put(bucketLeaf, key, e.Leaf); err != nil {
		return err
	}
	for _, sealed := range e.Sealed {
		if err := f.put(bucketSealed, key, sealed); err != nil {
			return err
		}
	}
	f.fresh = append(f.fresh, ledger.LeafHash(e.Leaf))
	f.size++
	return nil
}

// commitFull commits when enough was received.
func (f *fillFile) commitFull() error {
	if f.len < commitFill {
		return nil
	}
	if f.config.Room != nil {
		if room, err := f.config.Room(); err != nil || room < commitFill {
			return cmp.Or(err, fmt.Errorf("%w: %d bytes are free", ErrNoRoom, room))
		}
	}
	return f.commit("entries")
}

// commit writes what was received to disk, and the tree of the entries with them.
func (f *fillFile) commit(name string) error {
	if f.tx == nil {
		return nil
	}
	if len(f.fresh) > 0 {
		grown, err := ledger.Append(f.size-uint64(len(f.fresh)), f.fresh, f)
		if err != nil {
			return err
		}
		for id, tile := range grown.Tiles { // each tile has its own key: the order does not matter
			if err := f.put(bucketTile, tileKey(id), tile); err != nil {
				return err
			}
		}
	}
	tx, err := f.tx, f.writer.end()
	f.tx, f.fresh, f.len = nil, nil, 0
	if err == nil {
		err = f.config.step(name, tx.Commit)
	}
	if tx.DB() != nil { // the step was not done
		err = errors.Join(err, tx.Rollback())
	}
	if err == nil {
		err = f.move()
	}
	return err
}

// close closes the file; what is not on disk is dropped.
func (f *fillFile) close() error {
	var err error
	if f.tx != nil {
		err = f.tx.Rollback()
	}
	f.files.Forget()
	return errors.Join(err, f.db.Close())
}

// verify checks what was received: the tree is the one that was signed at the newest checkpoint,
// what follows are entries, and the checkpoint is verified. It returns the marks as this replica
// finds them. The error wraps ErrUnproven.
func (f *fillFile) verify(m meta, check func(Published, [][]byte, uint64) error) (marks map[uint64]Mark, err error) {
	tx, err := f.db.Begin(false)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	m.filed = f.filed
	r := readerOf(tx, m, f.files)
	err = r.view(func(r *Reader) error {
		p, _ := r.Published()
		sets, inForce := r.KeySets(), r.InForce(p.Mark.Size)
		if check != nil {
			if err := check(p, sets, inForce); err != nil {
				return err
			}
		}
		if err := f.proven(r, p); err != nil {
			return err
		}
		marks, err = foundMarks(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	return marks, nil
}

// proven checks the entries. Those that the checkpoint does not cover are proven by nothing yet,
// but that they follow those that it does.
func (f *fillFile) proven(r *Reader, p Published) error {
	if p.Mark.Size > r.Size() || p.Mark.Index > r.Applied() {
		return fmt.Errorf("%d entries were signed, it sent %d", p.Mark.Size, r.Size())
	}
	root, err := r.RootAt(p.Mark.Size)
	if err != nil {
		return err
	}
	if p.Note != nil && !bytes.Equal(root[:], p.Mark.Root) {
		return fmt.Errorf("the root of its first %d entries is not the one that was signed", p.Mark.Size)
	}
	for index := p.Mark.Size; index < r.Size(); index++ {
		if _, err := ledger.DecodeLeaf(r.Leaf(index)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return nil
}

// foundMarks returns the marks of the source with the roots that the entries received give: what
// this replica signs it has found itself. The digest alone goes on from the source's.
func foundMarks(r *Reader) (map[uint64]Mark, error) {
	marks := map[uint64]Mark{}
	var err error
	r.Scan(bucketMarks, nil, nil, func(k, v []byte) bool {
		var m Mark
		if err = canon.Unmarshal(v, maxMarkLen, &m); err != nil {
			return false
		}
		if m.Index != index64(k) || m.Index > r.Applied() || m.Size > r.Size() {
			err = fmt.Errorf("a mark at raft index %d of %d entries is not of its history", m.Index, m.Size)
			return false
		}
		var root tlog.Hash
		root, err = r.RootAt(m.Size)
		m.Root = root[:]
		marks[m.Index] = m
		return err == nil
	})
	return marks, err
}

// become makes the file the state of a position, in one transaction.
func (f *fillFile) become(m meta, marker Marker, marks map[uint64]Mark) error {
	for index, mark := range marks { // each has its own key: the order does not matter
		data, err := canon.Marshal(mark)
		if err == nil {
			err = f.put(bucketMarks, be64(index), data)
		}
		if err != nil {
			return err
		}
	}
	for bucket, sum := range f.sums { // each its own key
		if err := f.put(bucketSums, []byte(bucket), sum.encode()); err != nil {
			return err
		}
	}
	for key, v := range map[string]any{string(keyState): m, string(keyClock): m.clock, string(keyRaft): marker} { // each its own key
		data, err := canon.Marshal(v)
		if err == nil {
			err = f.put(bucketMeta, []byte(key), data)
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(f.writer.write(&pair{bucket: bucketMeta, key: keyFilling, gone: true}), f.forgetWritten()); err != nil {
		return err
	}
	return f.commit("become")
}
