package state

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/tidwall/btree"
	bolt "go.etcd.io/bbolt"
)

// layer holds the writes that are applied and not in the file yet, in the order of buckets and
// keys. A copy costs nothing: both share their nodes until one is written.
type layer = btree.BTreeG[*pair]

// pair is one write of a layer, never changed once it is there.
type pair struct {
	bucket     string
	key, value []byte
	gone       bool // the key was deleted
}

func newLayer() *layer {
	return btree.NewBTreeGOptions(func(a, b *pair) bool {
		if a.bucket != b.bucket {
			return a.bucket < b.bucket
		}
		return bytes.Compare(a.key, b.key) < 0
	}, btree.Options{NoLocks: true})
}

// writeLayer puts a layer into the file's transaction, bucket by bucket, its keys in order. read,
// if not nil, is what a scrub has read so far.
func (r *Registry) writeLayer(file *bolt.Tx, l *layer, read *groupPass) (err error) {
	w := r.newFileWriter(file)
	w.read = read
	l.Scan(func(p *pair) bool {
		err = w.write(p)
		return err == nil
	})
	return errors.Join(err, w.end())
}

// reads is the reading half of Tx and Reader: the file, and over it the layers, which the file may
// or may not contain yet. Its methods return copies, because bbolt's own slices end with the
// transaction.
type reads struct {
	file    *bolt.Tx         // nil: no file
	buckets map[string]*kept // of file, once they were looked up; nil: none is kept
	layers  []*layer         // the newest first
	hurt    func(error)      // is told of a value that is not as it was written; nil: nobody is
}

// readFrom puts the transaction of a file under the layers. bbolt keeps the buckets that it opened
// for a writer only.
func (r *reads) readFrom(file *bolt.Tx) { r.file, r.buckets = file, map[string]*kept{} }

// bucket returns a bucket of the file, or nil.
func (r reads) bucket(name string) *kept {
	if r.file == nil {
		return nil
	}
	b, known := r.buckets[name]
	if !known {
		if in := r.file.Bucket([]byte(name)); in != nil {
			b = keptIn(name, in)
		}
		if r.buckets != nil {
			r.buckets[name] = b
		}
	}
	return b
}

// Get returns a copy of the value, or nil. One that is not as it was written ends the handler or
// the view that runs.
func (r reads) Get(bucket string, key []byte) []byte {
	value, ok := r.sound(bucket, key)
	if !ok {
		notAsWritten(bucket, key)
	}
	return value
}

// sound returns a copy of the value, or nil. ok is false where it is not as it was written.
func (r reads) sound(bucket string, key []byte) (value []byte, ok bool) {
	for _, l := range r.layers {
		if p, ok := l.Get(&pair{bucket: bucket, key: key}); ok {
			if p.gone {
				return nil, true
			}
			return append([]byte{}, p.value...), true
		}
	}
	return r.inFile(bucket, key)
}

// inFile is sound for what is in the file.
func (r reads) inFile(bucket string, key []byte) (value []byte, ok bool) {
	defer inFile(r.file)
	b := r.bucket(bucket)
	if b == nil {
		return nil, true
	}
	stored := b.Get(key)
	if stored == nil {
		return nil, true
	}
	if value, ok = b.open(key, stored); !ok {
		r.tell(bucket, key)
		return nil, false
	}
	return append([]byte{}, value...), true
}

// tell tells of a value that is not as it was written.
func (r reads) tell(bucket string, key []byte) {
	if r.hurt != nil {
		r.hurt(&UnreadableError{bucket, bytes.Clone(key), errSum})
	}
}

// Scan calls each for the keys that are >= from and begin with prefix, in order, until each returns
// false. The slices are copies. A value that is not as it was written comes empty, as none that was
// encoded is. The bucket must not be written while it is scanned.
func (r reads) Scan(bucket string, prefix, from []byte, each func(key, value []byte) (more bool)) {
	if bytes.Compare(from, prefix) < 0 {
		from = prefix
	}
	cursors := r.cursors(bucket, prefix, from)
	for {
		var least *cursor
		for _, c := range cursors {
			if c.key != nil && (least == nil || bytes.Compare(c.key, least.key) < 0) {
				least = c
			}
		}
		if least == nil {
			return
		}
		key, value, gone := least.key, least.value, least.gone
		for _, c := range cursors {
			if c.key != nil && bytes.Equal(c.key, key) {
				c.step()
			}
		}
		if !gone && !each(bytes.Clone(key), append([]byte{}, value...)) {
			return
		}
	}
}

// cursor stands at one pair of a source, which is a layer or the file.
type cursor struct {
	key, value []byte // no key: the source has no more pairs
	gone       bool
	step       func()
}

// cursors returns a cursor at the first key of each source, the newest source first: where keys are
// equal the newest counts.
func (r reads) cursors(bucket string, prefix, from []byte) []*cursor {
	var all []*cursor
	for _, l := range r.layers {
		all = append(all, layerCursor(l, &pair{bucket: bucket, key: from}, prefix))
	}
	if c := r.fileCursor(bucket, prefix, from); c != nil {
		all = append(all, c)
	}
	return all
}

func layerCursor(l *layer, from *pair, prefix []byte) *cursor {
	c, items := &cursor{}, l.Iter()
	set := func(ok bool) {
		c.key, c.value = nil, nil
		if ok && items.Item().bucket == from.bucket && bytes.HasPrefix(items.Item().key, prefix) {
			c.key, c.value, c.gone = items.Item().key, items.Item().value, items.Item().gone
		}
	}
	c.step = func() { set(items.Next()) }
	set(items.Seek(from))
	return c
}

// fileCursor returns a cursor of the file, or nil where the file has no such bucket.
func (r reads) fileCursor(bucket string, prefix, from []byte) *cursor {
	defer inFile(r.file)
	b := r.bucket(bucket)
	if b == nil {
		return nil
	}
	c, items := &cursor{}, b.Cursor()
	set := func(key, stored []byte) {
		c.key, c.value = nil, nil
		if key != nil && bytes.HasPrefix(key, prefix) {
			var ok bool
			if c.key = key; stored != nil {
				if c.value, ok = b.open(key, stored); !ok {
					r.tell(bucket, key)
				}
			}
		}
	}
	c.step = func() {
		defer inFile(r.file)
		set(items.Next())
	}
	set(items.Seek(from))
	return c
}

// last returns the pair with the highest key of a bucket from which nothing is ever deleted, or
// nil.
func (r reads) last(bucket string) (key, value []byte) {
	defer inFile(r.file)
	if b := r.bucket(bucket); b != nil {
		var stored []byte
		if key, stored = b.Cursor().Last(); key != nil {
			value, _ = b.open(key, stored)
		}
	}
	for _, l := range slices.Backward(r.layers) {
		l.Descend(&pair{bucket: bucket + "\x00"}, func(p *pair) bool {
			if p.bucket == bucket && bytes.Compare(p.key, key) >= 0 {
				key, value = p.key, p.value
			}
			return false
		})
	}
	return bytes.Clone(key), bytes.Clone(value)
}

// commitLayer writes a layer of so many bytes to the file.
func (s *Store) commitLayer(l *layer, size int, lists bool) error {
	return s.commitFile(size, lists, func(file *bolt.Tx) error { return s.registry.writeLayer(file, l, s.scrubbed) })
}

// commitFile has write put so many bytes into the file and flushes it to disk, whole or not at all,
// with flushing held. With lists it writes the list of free pages in any case. Where the database
// gives up, because a page is not what it says it is, the error is a *DamageError.
func (s *Store) commitFile(size int, lists bool, write func(file *bolt.Tx) error) (err error) {
	var file *bolt.Tx
	defer func() {
		if p := recover(); p != nil {
			err = s.gaveUp(file, p)
		}
	}()
	if file, err = s.db.Begin(true); err != nil {
		return err
	}
	if err := write(file); err != nil {
		return errors.Join(err, file.Rollback())
	}
	s.lists(size, lists)
	return s.options.commit(file)
}

// gaveUp ends a transaction amid which the database panicked. It may panic in the end, too.
func (s *Store) gaveUp(file *bolt.Tx, p any) (err error) {
	err = &DamageError{File: s.path, Err: fmt.Errorf("write state file: %v", p)}
	if file == nil {
		return err
	}
	defer func() { _ = recover() }()
	_ = file.Rollback() // that the file is damaged says more
	return err
}
