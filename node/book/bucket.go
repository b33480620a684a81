package book

import (
	"fmt"
	"iter"
	"strconv"

	"xietong/certs/canon"
	"xietong/consensus/state"
	"xietong/node/text"
)

// Bucket holds values of one type. Max bounds the encoding of a value, in bytes, where it is written
// and where it is read, so that nothing can be kept that is not read again.
type Bucket[V any] struct {
	Name string
	Max  int
}

// Load returns the value under a key; ok is false where there is none. The room wrote it itself, so
// one that cannot be decoded is a damaged file, which must stop the node.
func (b Bucket[V]) Load(r Reads, key []byte) (v V, ok bool) {
	data := r.Get(b.Name, key)
	if data == nil {
		return v, false
	}
	return b.Decode(data), true
}

// Decode decodes a value that Save has kept, as Load does.
func (b Bucket[V]) Decode(data []byte) (v V) {
	if err := canon.Unmarshal(data, b.Max, &v); err != nil {
		panic(fmt.Sprintf("book: damaged state: bucket %s: %v", b.Name, err))
	}
	return v
}

// All gives the values whose keys begin with prefix, in the order of the keys. Nothing may be written
// meanwhile.
func (b Bucket[V]) All(r Reads, prefix []byte) iter.Seq2[[]byte, V] {
	return func(yield func([]byte, V) bool) {
		r.Scan(b.Name, prefix, prefix, func(k, data []byte) bool { return yield(k, b.Decode(data)) })
	}
}

// Save keeps the value under a key. A value that is too long is refused, which a handler may be only
// before it has written anything.
func (b Bucket[V]) Save(tx *state.Tx, key []byte, v V) error {
	data, err := canon.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode value of %s: %w", b.Name, err)
	}
	if len(data) > b.Max {
		return Refuse(text.TooLarge, b.Name, strconv.Itoa(len(data)), strconv.Itoa(b.Max))
	}
	return tx.Put(b.Name, key, data)
}

// Has reports whether there is a value under a key.
func (b Bucket[V]) Has(r Reads, key []byte) bool { return r.Get(b.Name, key) != nil }
