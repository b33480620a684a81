package state

import (
	"bytes"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// DecayError says of a bucket that it does not hold what was written. It is wrapped in a
// *DamageError.
type DecayError struct {
	Bucket  string
	Pairs   uint64   // that are there,
	Written uint64   // and that were written
	Keys    [][]byte // of values that are not as they were written, the first few
	Bad     uint64   // how many of these there are
}

func (e *DecayError) Error() string {
	return fmt.Sprintf("%s does not hold what was written: %d values of %d are there, and %d of them were changed", e.Bucket, e.Pairs, e.Written, e.Bad)
}

// maxBadKeys is how many keys are named of one bucket.
const maxBadKeys = 16

func (e *DecayError) bad(key []byte) {
	if e.Bad++; len(e.Keys) < maxBadKeys {
		e.Keys = append(e.Keys, bytes.Clone(key))
	}
}

// checkContents reads the sums of the buckets that decide, and compares each with what its bucket
// holds: a permission that was changed, or a revocation that is missing, is never acted upon. The
// position of the state is compared, too.
func (m *meta) checkContents(file *bolt.Tx) error {
	return m.compare(file, func(bucket string, large bool) bool { return !large || bucket == bucketMeta }, unheard)
}

// checkAll compares everything that a file holds, each bucket once.
func checkAll(file *bolt.Tx) error {
	return new(meta).compare(file, func(string, bool) bool { return true }, unheard)
}

// beats is told of each part of a file that was read, how many bytes it had. Its error ends the
// reading.
type beats func(bytes int) error

func unheard(int) error { return nil }

// compare compares some of the buckets with their sums; large is true of those that do not decide.
func (m *meta) compare(file *bolt.Tx, which func(bucket string, large bool) bool, beat beats) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damageIn("", p)
		}
	}()
	m.contents = contents{}
	summed := map[string]bool{bucketSums: true}
	if in := file.Bucket([]byte(bucketSums)); in != nil {
		sums := keptIn(bucketSums, in)
		err := sums.ForEach(func(k, stored []byte) error {
			bucket, first, large := sumOf(k)
			summed[bucket] = true
			value, ok := sums.open(k, stored)
			if !ok {
				return decayed(&DecayError{Bucket: bucketSums, Bad: 1, Keys: [][]byte{bytes.Clone(k)}})
			}
			switch {
			case large && len(value) != groupLen:
				return decayed(&DecayError{Bucket: bucketSums})
			case !which(bucket, large):
				return nil
			case large:
				return checkGroup(file, bucket, first, decodeGroup(value), beat)
			}
			return m.checkContent(file, bucket, value, beat)
		})
		if err != nil {
			return err
		}
	}
	return notSummed(file, summed)
}

// notSummed returns the damage of a file with a bucket that holds something, and has no sum.
func notSummed(file *bolt.Tx, summed map[string]bool) error {
	return file.ForEach(func(name []byte, b *bolt.Bucket) error {
		if k, _ := b.Cursor().First(); k != nil && !summed[string(name)] {
			return decayed(&DecayError{Bucket: bucketSums})
		}
		return nil
	})
}

func decayed(e *DecayError) error { return &DamageError{Err: e} }

// checkContent compares a bucket that decides with its sum.
func (m *meta) checkContent(file *bolt.Tx, bucket string, sum []byte, beat beats) error {
	want, err := decodeContentSum(sum)
	if err != nil {
		return decayed(&DecayError{Bucket: bucketSums})
	}
	m.contents[bucket] = want
	return compareContent(file, bucket, want, beat)
}

func compareContent(file *bolt.Tx, bucket string, want *contentSum, beat beats) (err error) {
	have, e := new(contentSum), &DecayError{Bucket: bucket, Written: want.count}
	if in := file.Bucket([]byte(bucket)); in != nil {
		b := keptIn(bucket, in)
		err = b.ForEach(func(k, stored []byte) error {
			value, ok := b.open(k, stored)
			if !ok {
				e.bad(k)
			}
			have.add(&pair{bucket: bucket, key: k, value: value})
			return beat(len(k) + len(stored))
		})
	}
	if e.Pairs = have.count; err == nil && *have != *want {
		err = decayed(e)
	}
	return err
}

// checkPage is how many bytes of a large bucket are read at once.
const checkPage = 1 << 20

// checkGroup compares a group of a large bucket with its sum.
func checkGroup(file *bolt.Tx, bucket string, first byte, want groupSum, beat beats) error {
	p := groupPass{bucket: bucket, first: first}
	for !p.done {
		p.page(file, checkPage)
		if err := beat(checkPage); err != nil {
			return err
		}
	}
	return p.compare(want)
}
