package state

import (
	"bytes"
	"errors"
	"io/fs"

	bolt "go.etcd.io/bbolt"

	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// Scrub is a round over all that a store's file holds, in which every bucket is compared with its
// sums, every value with its checksum, and every entry with the tree; then over the files of old
// entries, each block of which is compared with the tree that is in the state file. It keeps
// nothing on disk. It is of one goroutine.
//
// A large bucket is read in pages, between which others commit. What they commit to a part that was
// read is added to what was counted there, so at the end the count is that of one moment.
type Scrub struct {
	store *Store
	after []byte     // the key of the sum that was compared last
	now   *groupPass // nil: none is under way
	done  bool       // with the state file
	block uint64     // of the files that is read next
}

// Scrub begins a round.
func (s *Store) Scrub() *Scrub { return &Scrub{store: s} }

// Next reads on, at most about so many bytes, or one bucket that decides. The error is a
// *DamageError where something is found that is not as it was written; the round goes on behind it.
// more is false at the end of the round.
func (c *Scrub) Next(size int) (more bool, err error) {
	s := c.store
	if c.done {
		return c.nextBlocks(size)
	}
	s.flushing.Lock() // nothing is committed while a page is read
	defer s.flushing.Unlock()
	s.mu.Lock()
	closed, db := s.closed, s.db
	s.mu.Unlock()
	if closed {
		return false, ErrClosed
	}
	defer func() {
		if p := recover(); p != nil {
			err = damageIn(s.path, p)
			c.now, s.scrubbed = nil, nil
		}
		if damage, ok := err.(*DamageError); ok && damage.File == "" {
			damage.File = s.path
		}
		err = s.damaged(err)
	}()
	err = db.View(func(file *bolt.Tx) error { return c.next(file, size) })
	s.mu.Lock()
	more = !c.done || s.meta.filed.Files > 0
	s.mu.Unlock()
	return more, err
}

// nextBlocks reads on in the files of old entries, at least a block. Of a file that is missing it
// tells once.
func (c *Scrub) nextBlocks(size int) (more bool, err error) {
	var end uint64
	err = c.store.View(func(r *Reader) error {
		f := r.meta.filed
		end = f.entries() / bundle.BlockLen
		for c.block < end && size > 0 {
			block := c.block
			c.block++
			n, err := r.checkBlock(block)
			if size -= n; errors.Is(err, fs.ErrNotExist) {
				c.block = (block/f.Blocks + 1) * f.Blocks
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, ErrClosed) {
		return false, ErrClosed
	}
	return c.block < end, err
}

func (c *Scrub) next(file *bolt.Tx, size int) error {
	if c.now != nil && c.now == c.store.scrubbed {
		return c.page(file, size)
	}
	c.now, c.store.scrubbed = nil, nil // another file is there by now
	in := file.Bucket([]byte(bucketSums))
	if in == nil {
		c.done = true
		return decayed(&DecayError{Bucket: bucketSums})
	}
	sums := keptIn(bucketSums, in)
	k, stored := sums.Cursor().Seek(append(bytes.Clone(c.after), 0))
	if c.after == nil {
		k, stored = sums.Cursor().First()
	}
	if k == nil {
		c.done = true
		return c.unsummed(file, sums)
	}
	c.after = bytes.Clone(k)
	value, ok := sums.open(k, stored)
	bucket, first, large := sumOf(k)
	switch {
	case !ok:
		return decayed(&DecayError{Bucket: bucketSums, Bad: 1, Keys: [][]byte{c.after}})
	case large:
		c.now = &groupPass{bucket: bucket, first: first}
		c.store.scrubbed = c.now
		return c.page(file, size)
	}
	want, err := decodeContentSum(value)
	if err != nil {
		return decayed(&DecayError{Bucket: bucketSums})
	}
	return compareContent(file, bucket, want, unheard)
}

// unsummed looks for a bucket without sums at the end of a round.
func (c *Scrub) unsummed(file *bolt.Tx, sums *kept) error {
	summed := map[string]bool{bucketSums: true}
	err := sums.ForEach(func(k, _ []byte) error {
		bucket, _, _ := sumOf(k)
		summed[bucket] = true
		return nil
	})
	if err != nil {
		return err
	}
	return notSummed(file, summed)
}

// page reads on in a group and, at its end, compares it with its sum as it is by then.
func (c *Scrub) page(file *bolt.Tx, size int) error {
	p := c.now
	if p.page(file, size); !p.done {
		return nil
	}
	c.now, c.store.scrubbed = nil, nil
	var want groupSum // none is left, where others deleted them meanwhile
	value, ok := reads{file: file}.sound(bucketSums, groupKey(p.bucket, p.first))
	if len(value) == groupLen {
		want = decodeGroup(value)
	}
	if !ok {
		return decayed(&DecayError{Bucket: bucketSums, Bad: 1})
	}
	return p.compare(want)
}

// groupPass is how far a group of a large bucket was read.
type groupPass struct {
	bucket string
	first  byte
	at     []byte // the key that was read last
	have   groupSum
	bad    DecayError
	done   bool
}

// written adds what is committed to the part that was read.
func (p *groupPass) written(w *pair, change groupSum) {
	if p != nil && w.bucket == p.bucket && w.key[0] == p.first && bytes.Compare(w.key, p.at) <= 0 {
		p.have = p.have.plus(change)
	}
}

// page reads the next values of a group, up to so many bytes.
func (p *groupPass) page(file *bolt.Tx, size int) {
	in := file.Bucket([]byte(p.bucket))
	if in == nil {
		p.done = true
		return
	}
	b, tree := keptIn(p.bucket, in), &lastTile{from: soundTiles{reads{file: file}}}
	c := b.Cursor()
	from := p.at
	if from == nil {
		from = []byte{p.first}
	}
	k, stored := c.Seek(from)
	if k != nil && bytes.Equal(k, p.at) {
		k, stored = c.Next()
	}
	for ; k != nil && k[0] == p.first && size > 0; k, stored = c.Next() {
		value, ok := b.open(k, stored)
		if !ok || p.bucket == bucketLeaf && differs(tree, index64(k), value) {
			p.bad.bad(k)
		}
		sum, _ := sumIn(stored)
		p.have = p.have.plus(groupSum{1, uint64(sum)})
		p.at = append(p.at[:0], k...)
		size -= len(k) + len(stored)
	}
	p.done = k == nil || k[0] != p.first
}

// soundTiles is the stored tree without the tiles that are not as they were written: of those the
// scrub tells in their own bucket, and not of each entry below.
type soundTiles struct{ reads }

// Tile implements ledger.TileReader.
func (t soundTiles) Tile(id ledger.TileID) ([]byte, error) {
	tile, _ := t.sound(bucketTile, tileKey(id))
	return append([]byte{}, tile...), nil // not nil, so that it is kept
}

// differs reports whether a leaf is another one than the tree says.
func differs(tree *lastTile, index uint64, leaf []byte) bool {
	tile, _ := tree.Tile(ledger.TileID{Level: 0, N: index / ledger.TileWidth})
	return len(tile) > 0 && sameInTile(tree, index, ledger.LeafHash(leaf)) != nil
}

// compare returns the damage of a group that was read whole, or nil.
func (p *groupPass) compare(want groupSum) error {
	if p.have == want && p.bad.Bad == 0 {
		return nil
	}
	e := p.bad
	e.Bucket, e.Pairs, e.Written = p.bucket, p.have.count, want.count
	return decayed(&e)
}
