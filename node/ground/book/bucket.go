package book

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"reflect"
	"strconv"

	"xietong/certs/canon"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// Bucket holds values of one type. Max bounds the encoding of a value, in bytes, both for writing
// and for reading, and MaxKey that of a key, so that every kept value can be read again.
type Bucket[V any] struct {
	Name   string
	Max    int
	MaxKey int  // 0: defaultMaxKey
	Grows  bool // see state.Bucket,
	Large  bool // likewise
}

// defaultMaxKey is enough for a key of two names and a number.
const defaultMaxKey = 512

// Keep declares the bucket; without that nothing can be saved in it. A room declares its buckets
// where it registers its commands.
func (b Bucket[V]) Keep(r *state.Registry) {
	r.Keep(state.Bucket{Name: b.Name, MaxKey: cmp.Or(b.MaxKey, defaultMaxKey), MaxValue: b.Max, Grows: b.Grows, Large: b.Large})
	r.Holds(b.Name, reflect.TypeFor[V]())
}

// Load returns the value under a key; ok is false where there is none. A value that cannot be read
// is not taken for an absent one: the command is refused, or the view ends with the error; see
// state.Unreadable.
func (b Bucket[V]) Load(r Reads, key []byte) (v V, ok bool) {
	data := r.Get(b.Name, key)
	if data == nil {
		return v, false
	}
	return b.Decode(key, data), true
}

// Decode decodes the value that Save has kept under a key; where it cannot, it ends as Load does.
func (b Bucket[V]) Decode(key, data []byte) V {
	v, err := b.decode(data)
	if err != nil {
		state.Unreadable(b.Name, key, err)
	}
	return v
}

func (b Bucket[V]) decode(data []byte) (v V, err error) {
	err = canon.Unmarshal(data, b.Max, &v)
	return v, err
}

// Read is Load for a value whose damage concerns no more than itself: where it cannot be decoded,
// Read returns an error, and the caller takes what the value was of out of service.
func (b Bucket[V]) Read(r Reads, key []byte) (v V, ok bool, err error) {
	data := r.Get(b.Name, key)
	if data == nil {
		return v, false, nil
	}
	if v, err = b.decode(data); err != nil {
		return v, true, fmt.Errorf("damaged value of %s: %w", b.Name, err)
	}
	return v, true, nil
}

// All gives the values whose keys begin with prefix, in the order of the keys. A value that cannot
// be read is left out: only what it is about is out of service. Where the values count together, as
// the versions of a record do, scan and Decode. The caller must write nothing while it ranges.
func (b Bucket[V]) All(r Reads, prefix []byte) iter.Seq2[[]byte, V] {
	return b.from(r, prefix, prefix)
}

// After gives the values whose keys come after key, as All does.
func (b Bucket[V]) After(r Reads, key []byte) iter.Seq2[[]byte, V] {
	return b.from(r, nil, append(bytes.Clone(key), 0))
}

func (b Bucket[V]) from(r Reads, prefix, from []byte) iter.Seq2[[]byte, V] {
	return func(yield func([]byte, V) bool) {
		r.Scan(b.Name, prefix, from, func(k, data []byte) bool {
			v, err := b.decode(data)
			return err != nil || yield(k, v)
		})
	}
}

// Save keeps the value under a key. It refuses a value that is longer than Max, with text.TooLarge,
// and fails for a value that could not be decoded again.
func (b Bucket[V]) Save(tx *state.Tx, key []byte, v V) error {
	data, err := b.encode(v)
	if err != nil {
		return err
	}
	return tx.Put(b.Name, key, data)
}

// Check refuses every value that Save would refuse, and writes nothing.
func (b Bucket[V]) Check(v V) error {
	_, err := b.encode(v)
	return err
}

func (b Bucket[V]) encode(v V) ([]byte, error) {
	data, err := canon.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode value of %s: %w", b.Name, err)
	}
	if len(data) > b.Max {
		return nil, Refuse(text.TooLarge, b.Name, strconv.Itoa(len(data)), strconv.Itoa(b.Max))
	}
	if _, err := b.decode(data); err != nil {
		return nil, fmt.Errorf("keep value of %s: it cannot be read again: %w", b.Name, err)
	}
	return data, nil
}

// Has reports whether there is a value under a key.
func (b Bucket[V]) Has(r Reads, key []byte) bool { return r.Get(b.Name, key) != nil }

// Be64 returns a number as eight bytes, the most significant first: in keys, in its order.
func Be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Joined returns a key of several parts, each with a zero byte after it. No part holds a zero byte.
func Joined(parts ...string) (key []byte) {
	for _, p := range parts {
		key = append(append(key, p...), 0)
	}
	return key
}

// Down64 is Be64 of the complement of a number: in keys, the largest comes first.
func Down64(n uint64) []byte { return Be64(^n) }
