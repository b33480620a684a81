package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// sumLen is how many bytes follow each value in the file: its checksum, a CRC-32C (big endian) of
// the bucket's name, the key and the value.
const sumLen = 4

var errSum = errors.New("it is not as it was written")

// kept is a bucket of the file, whose values have checksums. It withstands decay, not a writer who
// means harm: who can write the file can write the checksum.
type kept struct {
	*bolt.Bucket
	seed uint32 // the checksum of the name
}

func keptIn(name string, b *bolt.Bucket) *kept {
	return &kept{b, crc32.Checksum([]byte(name), castagnoli)}
}

// sum returns the checksum of a pair. Keys of two lengths do not give one by a byte that moved.
func (k *kept) sum(key, value []byte) uint32 {
	return crc32.Update(crc32.Update(k.seed, castagnoli, key), castagnoli, value) ^ uint32(len(key))*0x9E3779B1
}

// seal appends to a buffer a value as it stands in the file.
func (k *kept) seal(to, key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(append(to, value...), k.sum(key, value))
}

// open returns the value of what stands in the file, which is not a copy. ok is false where it is
// not as it was written.
func (k *kept) open(key, stored []byte) (value []byte, ok bool) {
	sum, ok := sumIn(stored)
	if !ok {
		return nil, false
	}
	value = stored[: len(stored)-sumLen : len(stored)-sumLen]
	if k.sum(key, value) != sum {
		return nil, false
	}
	return value, true
}

// sumIn returns the checksum that stands behind a value.
func sumIn(stored []byte) (sum uint32, ok bool) {
	if len(stored) < sumLen {
		return 0, false
	}
	return binary.BigEndian.Uint32(stored[len(stored)-sumLen:]), true
}

// slab is where values are sealed in one commit: bbolt keeps them until then.
type slab []byte

const slabLen = 64 << 10

// seal returns a value as it stands in the file.
func (s *slab) seal(k *kept, key, value []byte) []byte {
	n := len(value) + sumLen
	if cap(*s)-len(*s) < n {
		*s = make([]byte, 0, max(slabLen, n))
	}
	at := len(*s)
	*s = k.seal(*s, key, value)
	return (*s)[at:len(*s):len(*s)]
}

// notAsWritten ends the handler or the view that met a value which is not as it was written. Where
// the ledger itself is read the file is damaged; else what the value is about is out of service.
func notAsWritten(bucket string, key []byte) {
	if slices.ContainsFunc(own, func(b Bucket) bool { return b.Name == bucket }) && bucket != bucketSeen && bucket != bucketSealed {
		panic(&DamageError{Err: fmt.Errorf("the value %x of %s: %w", key, bucket, errSum)})
	}
	Unreadable(bucket, key, errSum)
}
