package state

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"xietong/consensus/ledger"
)

// Bucket declares a bucket of the state. A key and a value are at most so long, in bytes, as
// whoever reads them takes: Tx.Put refuses any other, so what is kept can be read again.
type Bucket struct {
	Name     string
	MaxKey   int
	MaxValue int
	// Grows: new keys come after those that are there, so the pages of the file are filled up and
	// are not split in halves.
	Grows bool
}

// maxName bounds the parts of keys that name something: a jurisdiction, an agency, a message of an
// origin.
const maxName = 512

// own are the buckets of this room.
var own = []Bucket{
	{Name: bucketMeta, MaxKey: 8, MaxValue: maxMetaLen},
	{Name: bucketLeaf, MaxKey: 8, MaxValue: ledger.MaxLeafLen, Grows: true},
	{Name: bucketTile, MaxKey: 9, MaxValue: 8 << 10},
	{Name: bucketSealed, MaxKey: 8, MaxValue: MaxCommandLen, Grows: true},
	{Name: bucketSeq, MaxKey: maxName, MaxValue: 8},
	{Name: bucketKeySets, MaxKey: 8, MaxValue: maxKeySetValue},
	{Name: bucketMarks, MaxKey: 8, MaxValue: maxMarkLen},
	{Name: bucketLines, MaxKey: 8, MaxValue: maxLinesLen},
	{Name: bucketCheckpoints, MaxKey: 8, MaxValue: maxPublishedLen, Grows: true},
	{Name: bucketSeen, MaxKey: maxName, MaxValue: maxSeenLen},
	{Name: bucketExpiry, MaxKey: 8 + maxName, MaxValue: 0},
}

// Keep declares buckets. It panics for one that is declared already, and for bounds that the file
// cannot hold.
func (r *Registry) Keep(buckets ...Bucket) {
	for _, b := range buckets {
		if _, taken := r.buckets[b.Name]; taken || b.Name == "" || b.MaxKey < 1 || b.MaxKey > bolt.MaxKeySize || b.MaxValue > MaxCommandLen {
			panic(fmt.Sprintf("state: bucket %+v declared twice, or not what a state file takes", b))
		}
		r.buckets[b.Name] = b
	}
}

// Buckets returns the declared buckets in the order of their names.
func (r *Registry) Buckets() []Bucket {
	all := make([]Bucket, 0, len(r.buckets))
	for _, b := range r.buckets {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b Bucket) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// checkPair refuses a pair outside the bounds of its bucket.
func (r *Registry) checkPair(bucket string, key, value []byte) error {
	b, declared := r.buckets[bucket]
	switch {
	case !declared:
		return fmt.Errorf("put into bucket %q: nobody declared it", bucket)
	case len(key) == 0:
		return fmt.Errorf("put into bucket %q: empty key", bucket)
	case len(key) > b.MaxKey:
		return tooLarge(bucket+": key", len(key), b.MaxKey)
	case len(value) > b.MaxValue:
		return tooLarge(bucket, len(value), b.MaxValue)
	}
	return nil
}

func tooLarge(where string, size, limit int) error {
	return &Refusal{Code: CodeTooLarge, Args: []string{where, strconv.Itoa(size), strconv.Itoa(limit)}}
}
