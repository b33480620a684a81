package state

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/consensus/bundle"
)

// A file that is filled has its old entries in files from the beginning, so it does not grow to
// what the ledger is. The files are in the same folder as those of the state in whose place it
// comes: of one history they are the same, and those that are there and whole are not written
// again. Those that it writes are noted first, so that they go with what was received where that is
// dropped: else a source that sends another history each time would fill the disk.

// keyWritten is how the key begins under which a file is noted that the filling writes; its number
// follows. The value is its root.
var keyWritten = []byte("written")

// readFiled reads up to where entries are in files that were received before. Where one of these is
// not there any more, what was received is worth nothing.
func (f *fillFile) readFiled(tx *bolt.Tx) (err error) {
	if f.filed, err = readFiled(reads{file: tx}); err != nil {
		return err
	}
	for n := range f.filed.Files {
		id, err := f.filed.fileID(n, reads{file: tx})
		if err == nil {
			err = f.files.With(id, func(*bundle.File) error { return nil })
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errNotFilling, err)
		}
	}
	f.former = f.filed.Files
	return nil
}

// view shows what is on disk of what was received.
func (f *fillFile) view(do func(r *Reader) error) error {
	return f.db.View(func(tx *bolt.Tx) error {
		return readerOf(tx, meta{Size: f.size, filed: f.filed}, f.files).view(do)
	})
}

// checkFormer reads a whole file that was there when the filling began.
func (f *fillFile) checkFormer(number uint64) error {
	var id bundle.ID
	err := f.view(func(r *Reader) (err error) { id, err = r.fileOf(number); return err })
	if err == nil {
		err = f.files.With(id, (*bundle.File).Check)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNotFilling, err)
	}
	return nil
}

// noteWritten notes that a file will be written. One that is there is another's, or noted already.
func (f *fillFile) noteWritten(id bundle.ID) error {
	there, err := f.files.Names()
	if err != nil || there[id.Name()] {
		return err
	}
	return f.config.step("note", func() error {
		return f.db.Update(func(tx *bolt.Tx) error {
			w := f.config.Registry.newFileWriter(tx)
			return errors.Join(w.noteWritten(id), w.end())
		})
	})
}

func (w *fileWriter) noteWritten(id bundle.ID) error {
	return w.write(&pair{bucket: bucketMeta, key: writtenKey(id.Number), value: id.Root[:]})
}

func writtenKey(number uint64) []byte { return append(bytes.Clone(keyWritten), be64(number)...) }

// writtenIn returns which files were noted, without their blocks.
func writtenIn(tx *bolt.Tx) (all []bundle.ID) {
	in := tx.Bucket([]byte(bucketMeta))
	if in == nil {
		return nil
	}
	b := keptIn(bucketMeta, in)
	c := b.Cursor()
	for k, stored := c.Seek(keyWritten); bytes.HasPrefix(k, keyWritten); k, stored = c.Next() {
		if root, ok := b.open(k, stored); ok && len(root) == tlog.HashSize {
			all = append(all, bundle.ID{Number: index64(k[len(keyWritten):]), Root: tlog.Hash(root)})
		}
	}
	return all
}

// forgetWritten forgets which files were written: they are those of a state.
func (f *fillFile) forgetWritten() (err error) {
	for _, id := range writtenIn(f.tx) {
		err = errors.Join(err, f.writer.write(&pair{bucket: bucketMeta, key: writtenKey(id.Number), gone: true}))
	}
	return err
}

// RemoveFilling removes the file that is filled, if there is one, and the files of old entries that
// were written for it, but for those that the store beside has by now.
func RemoveFilling(c FillConfig) error {
	path := filepath.Join(c.Dir, FillFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if c.store != nil {
		c.store.flushing.Lock() // the store notes no file meanwhile
		defer c.store.flushing.Unlock()
	}
	own, files := c.store.fileNames(), folderBeside(path)
	for _, id := range writtenFor(path) {
		if !own[id.Name()] {
			if err := files.Remove(id); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}

// writtenFor returns the files that were written for a file that is filled; none where it is so
// damaged that it cannot tell.
func writtenFor(path string) (all []bundle.ID) {
	if checkBuckets(path, func(bucket string) bool { return bucket == bucketMeta }) != nil {
		return nil
	}
	db, err := openBolt(path, boltOptions(true))
	if err != nil {
		return nil
	}
	_ = errors.Join(db.View(func(tx *bolt.Tx) error { all = writtenIn(tx); return nil }), db.Close())
	return all
}

// putFiled writes up to where entries are in files.
func (f *fillFile) putFiled(w *fileWriter) error {
	if f.filed.Files == 0 {
		return nil
	}
	data, err := canon.Marshal(f.filed)
	return errors.Join(err, w.write(&pair{bucket: bucketMeta, key: keyFiles, value: data}))
}

// move moves old entries into files, as the mover of a store does: nothing else is written
// meanwhile.
func (f *fillFile) move() error {
	for {
		at := f.filed
		if at.Files == 0 {
			at.Blocks = uint64(cmp.Or(f.config.FileBlocks, bundle.MaxBlocks))
		}
		if f.size < at.entries()+2*at.Blocks*bundle.BlockLen {
			return nil
		}
		if err := f.moveFile(at); err != nil {
			return fmt.Errorf("move entries from %d on into a file: %w", at.entries(), err)
		}
	}
}

func (f *fillFile) moveFile(at filed) error {
	var id bundle.ID
	err := f.view(func(r *Reader) (err error) { id, err = at.fileID(at.Files, r); return err })
	if err == nil {
		err = f.noteWritten(id)
	}
	if err == nil {
		err = f.view(func(r *Reader) error {
			return f.files.Put(id, func(n int) (bundle.Block, error) { return r.block(at.Files*at.Blocks + uint64(n)) })
		})
	}
	if err != nil {
		return err
	}
	f.filed = filed{Files: at.Files + 1, Blocks: at.Blocks}
	return f.config.step("files", func() error {
		return f.db.Update(func(tx *bolt.Tx) error {
			w := f.config.Registry.newFileWriter(tx)
			return errors.Join(f.putFiled(w), w.removeFiled(f.filed, at.Blocks), w.end())
		})
	})
}
