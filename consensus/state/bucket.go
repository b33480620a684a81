package state

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	// Large: what it holds grows with records and use, and no permission hangs on it alone. Such a
	// bucket is compared with its sums by the scrub; any other decides, is compared whole whenever
	// the file is opened, and is part of the digest.
	Large bool
}

// maxName bounds the parts of keys that name something: a jurisdiction, an agency, a message of an
// origin.
const maxName = 512

// own are the buckets of this room.
var own = []Bucket{
	{Name: bucketMeta, MaxKey: 8, MaxValue: maxMetaLen, Large: true},
	{Name: bucketLeaf, MaxKey: 8, MaxValue: ledger.MaxLeafLen, Grows: true, Large: true},
	{Name: bucketTile, MaxKey: 9, MaxValue: 8 << 10, Large: true},
	{Name: bucketSealed, MaxKey: 8, MaxValue: MaxCommandLen, Grows: true, Large: true},
	{Name: bucketSeq, MaxKey: maxName, MaxValue: 8},
	{Name: bucketKeySets, MaxKey: 8, MaxValue: maxKeySetValue},
	{Name: bucketMarks, MaxKey: 8, MaxValue: maxMarkLen, Large: true},
	{Name: bucketLines, MaxKey: 8, MaxValue: maxLinesLen, Large: true},
	{Name: bucketCheckpoints, MaxKey: 8, MaxValue: maxPublishedLen, Grows: true, Large: true},
	{Name: bucketEpochs, MaxKey: 8, MaxValue: maxBegunLen},
	{Name: bucketFormer, MaxKey: 16, MaxValue: maxKeySetValue},
	{Name: bucketSeen, MaxKey: maxName, MaxValue: maxSeenLen, Large: true},
	{Name: bucketExpiry, MaxKey: 8 + maxName, MaxValue: 0, Large: true},
	{Name: bucketSums, MaxKey: maxBucketName + 2, MaxValue: contentLen, Large: true},
}

// maxBucketName is the longest name of a bucket, in bytes.
const maxBucketName = 64

// Keep declares buckets. It panics for one that is declared already, and for bounds that the file
// cannot hold.
func (r *Registry) Keep(buckets ...Bucket) {
	for _, b := range buckets {
		if _, taken := r.buckets[b.Name]; taken || b.Name == "" || b.MaxKey < 1 || b.MaxKey > bolt.MaxKeySize || b.MaxValue > MaxCommandLen || !nameable(b.Name) {
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

// nameable reports whether a bucket's name can be part of a key of the sums.
func nameable(name string) bool { return len(name) <= maxBucketName && !strings.Contains(name, "\x00") }

// decides reports whether what a bucket holds decides by itself.
func (r *Registry) decides(bucket string) bool {
	b, declared := r.buckets[bucket]
	return declared && !b.Large
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
