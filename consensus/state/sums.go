package state

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Sums say what a bucket holds, so that what is missing is found, too. Each is written in the
// transaction that changes its bucket.
//
// A bucket that decides has one sum of all its content: how many pairs, and LtHash (Bellare,
// Micciancio; Lewi and others 2019) of them, which also withstands whoever chooses pairs so that
// their sum stays the same. Each pair gives 1,024 numbers of 16 bits, AES-256 in counter mode under
// SHA-256 of the pair, and those of all pairs are added up. It is kept while commands are applied,
// is part of the digest of a mark, and is compared with the content whenever a file is opened.
//
// A large bucket has, for each first byte of a key, how many pairs there are and the sum of their
// checksums. That is found by decay and not by malice, and is compared by the scrub.
const (
	bucketSums = "sums"
	sumLanes   = 1024
	groupLen   = 8 + 8
	contentLen = 8 + 2*sumLanes
)

// contentSum is the sum of a bucket that decides.
type contentSum struct {
	count uint64
	lanes [sumLanes]uint16
}

// add adds a pair.
func (s *contentSum) add(p *pair) {
	s.count++
	for i, lane := range lanesOf(p) {
		s.lanes[i] += lane
	}
}

// remove takes a pair away that was added.
func (s *contentSum) remove(p *pair) {
	s.count--
	for i, lane := range lanesOf(p) {
		s.lanes[i] -= lane
	}
}

func lanesOf(p *pair) (lanes [sumLanes]uint16) {
	h := sha256.New()
	p.digest(h)
	block, err := aes.NewCipher(h.Sum(nil))
	if err != nil {
		panic(err) // the key is of 32 bytes
	}
	var stream [2 * sumLanes]byte
	var begin [aes.BlockSize]byte
	cipher.NewCTR(block, begin[:]).XORKeyStream(stream[:], stream[:])
	for i := range lanes {
		lanes[i] = binary.LittleEndian.Uint16(stream[2*i:])
	}
	return lanes
}

// encode returns the sum as it is kept.
func (s *contentSum) encode() []byte {
	b := be64(s.count)
	for _, lane := range s.lanes {
		b = binary.LittleEndian.AppendUint16(b, lane)
	}
	return b
}

func decodeContentSum(b []byte) (*contentSum, error) {
	if len(b) != contentLen {
		return nil, fmt.Errorf("a sum of %d bytes", len(b))
	}
	s := &contentSum{count: binary.BigEndian.Uint64(b)}
	for i := range s.lanes {
		s.lanes[i] = binary.LittleEndian.Uint16(b[8+2*i:])
	}
	return s, nil
}

// contents are the sums of the buckets that decide, by name. A bucket that never held anything has
// none.
type contents map[string]*contentSum

// of returns the sum of a bucket, to be changed.
func (c contents) of(bucket string) *contentSum {
	s := c[bucket]
	if s == nil {
		s = new(contentSum)
		c[bucket] = s
	}
	return s
}

// hash commits to what all buckets that decide hold. An empty one is as one that never was.
func (c contents) hash() []byte {
	h := sha256.New()
	var names []string
	for name, s := range c { // they are put in order below
		if s.count > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		h.Write(be64(uint64(len(name))))
		h.Write([]byte(name))
		h.Write(c[name].encode())
	}
	return h.Sum(nil)
}

// spot is the place of a pair.
type spot struct{ bucket, key string }

// touch notes a pair of a bucket that decides, as its sum counts it, before it is changed first in
// this transaction.
func (tx *Tx) touch(bucket string, key []byte) {
	if !tx.registry.decides(bucket) {
		return
	}
	at := spot{bucket, string(key)}
	if _, known := tx.counted[at]; !known {
		tx.counted[at] = tx.pairAt(at)
	}
}

// pairAt returns the pair at a place as it is now, or nil.
func (r reads) pairAt(at spot) *pair {
	value := r.Get(at.bucket, []byte(at.key))
	if value == nil {
		return nil
	}
	return &pair{bucket: at.bucket, key: []byte(at.key), value: value}
}

func samePair(a, b *pair) bool {
	return (a == nil) == (b == nil) && (a == nil || bytes.Equal(a.value, b.value))
}

// sum brings the sums of the buckets that decide up to what the transaction holds now, and returns
// them. What is undone later it counts back the next time.
func (tx *Tx) sum() contents {
	for at, counted := range tx.counted { // a sum is the same in any order
		now := tx.pairAt(at)
		if samePair(counted, now) {
			continue
		}
		s := tx.meta.contents.of(at.bucket)
		if counted != nil {
			s.remove(counted)
		}
		if now != nil {
			s.add(now)
		}
		tx.counted[at], tx.resummed[at.bucket] = now, true
	}
	return tx.meta.contents
}

// saveSums writes the sums that changed in the transaction.
func (tx *Tx) saveSums() (err error) {
	all := tx.sum()
	for bucket := range tx.resummed { // each has its own key: the order does not matter
		if sum := all[bucket]; sum.count > 0 {
			err = errors.Join(err, tx.Put(bucketSums, []byte(bucket), sum.encode()))
		} else {
			err = errors.Join(err, tx.Delete(bucketSums, []byte(bucket)))
		}
	}
	return err
}

// groupKey is the key of the sum of a large bucket's pairs whose keys begin with a byte.
func groupKey(bucket string, first byte) []byte { return append([]byte(bucket), 0, first) }

// sumOf returns what a key of the sums is of: a bucket and, where that is a large one, the byte
// with which the keys begin.
func sumOf(key []byte) (bucket string, first byte, large bool) {
	if n := len(key) - 2; n > 0 && key[n] == 0 {
		return string(key[:n]), key[n+1], true
	}
	return string(key), 0, false
}

func (g groupSum) encode() []byte { return append(be64(g.count), be64(g.sum)...) }

func decodeGroup(b []byte) groupSum {
	return groupSum{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}
