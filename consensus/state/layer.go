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

// writeLayer puts a layer into the file's transaction, bucket by bucket, its keys in order.
func (r *Registry) writeLayer(file *bolt.Tx, l *layer) (err error) {
	var name string
	var bucket *bolt.Bucket
	l.Scan(func(p *pair) bool {
		if p.bucket != name {
			if bucket, err = r.openBucket(file, p.bucket); err != nil {
				return false
			}
			name = p.bucket
		}
		if p.gone {
			err = bucket.Delete(p.key)
		} else {
			err = bucket.Put(p.key, p.value)
		}
		return err == nil
	})
	return err
}

func (r *Registry) openBucket(file *bolt.Tx, name string) (*bolt.Bucket, error) {
	b, err := file.CreateBucketIfNotExists([]byte(name))
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", name, err)
	}
	if r.buckets[name].Grows {
		b.FillPercent = 0.95
	}
	return b, nil
}

// reads is the reading half of Tx and Reader: the file, and over it the layers, which the file may
// or may not contain yet. Its methods return copies, because bbolt's own slices end with the
// transaction.
type reads struct {
	file    *bolt.Tx                // nil: no file
	buckets map[string]*bolt.Bucket // of file, once they were looked up; nil: none is kept
	layers  []*layer                // the newest first
}

// readFrom puts the transaction of a file under the layers. bbolt keeps the buckets that it opened
// for a writer only.
func (r *reads) readFrom(file *bolt.Tx) { r.file, r.buckets = file, map[string]*bolt.Bucket{} }

// bucket returns a bucket of the file, or nil.
func (r reads) bucket(name string) *bolt.Bucket {
	if r.file == nil {
		return nil
	}
	b, known := r.buckets[name]
	if !known {
		b = r.file.Bucket([]byte(name))
		if r.buckets != nil {
			r.buckets[name] = b
		}
	}
	return b
}

// Get returns a copy of the value, or nil.
func (r reads) Get(bucket string, key []byte) []byte {
	for _, l := range r.layers {
		if p, ok := l.Get(&pair{bucket: bucket, key: key}); ok {
			if p.gone {
				return nil
			}
			return append([]byte{}, p.value...)
		}
	}
	return r.inFile(bucket, key)
}

// inFile returns a copy of the value in the file, or nil.
func (r reads) inFile(bucket string, key []byte) []byte {
	defer inFile(r.file)
	b := r.bucket(bucket)
	if b == nil {
		return nil
	}
	return bytes.Clone(b.Get(key))
}

// Scan calls each for the keys that are >= from and begin with prefix, in order, until each returns
// false. The slices are copies. The bucket must not be written while it is scanned.
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
	set := func(key, value []byte) {
		c.key, c.value = nil, nil
		if bytes.HasPrefix(key, prefix) {
			c.key, c.value = key, value
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
		key, value = b.Cursor().Last()
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

// commitFile writes a layer of so many bytes to the file and flushes it to disk, whole or not at
// all. With rest it writes the list of free pages in any case. Where the database gives up, because
// a page is not what it says it is, the error is a *DamageError.
func (s *Store) commitFile(l *layer, size int, rest bool) (err error) {
	var file *bolt.Tx
	defer func() {
		if p := recover(); p != nil {
			err = s.gaveUp(file, p)
		}
	}()
	if file, err = s.db.Begin(true); err != nil {
		return err
	}
	if err := s.registry.writeLayer(file, l); err != nil {
		return errors.Join(err, file.Rollback())
	}
	s.lists(size, rest)
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
