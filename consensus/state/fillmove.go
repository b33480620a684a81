package state

import (
	"cmp"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/canon"
	"xietong/consensus/bundle"
)

// A file that is filled has its old entries in files from the beginning, so it does not grow to
// what the ledger is. The files are in the same folder as those of the state in whose place it
// comes: of one history they are the same, and those that are there and whole are not written
// again.

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
	return nil
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
	err := f.db.View(func(tx *bolt.Tx) (err error) {
		r := readerOf(tx, meta{Size: f.size, filed: f.filed}, f.files)
		if id, err = at.fileID(at.Files, r); err != nil {
			return err
		}
		return r.view(func(r *Reader) error {
			return f.files.Put(id, func(n int) (bundle.Block, error) { return r.block(at.Files*at.Blocks + uint64(n)) })
		})
	})
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
