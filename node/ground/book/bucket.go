package book

import (
	"fmt"
	"iter"
	"strconv"

	"xietong/certs/canon"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// Bucket holds values of one type. Max bounds the encoding of a value, in bytes, both for writing
// and for reading, so that every kept value can be read again.
type Bucket[V any] struct {
	Name string
	Max  int
}

// Load returns the value under a key; ok is false where there is none. The room wrote the value
// itself, so a value that cannot be decoded means a damaged file: Load panics, which stops the
// node.
func (b Bucket[V]) Load(r Reads, key []byte) (v V, ok bool) {
	data := r.Get(b.Name, key)
	if data == nil {
		return v, false
	}
	return b.Decode(data), true
}

// Decode decodes a value that Save has kept; like Load, it panics where it cannot.
func (b Bucket[V]) Decode(data []byte) (v V) {
	if err := canon.Unmarshal(data, b.Max, &v); err != nil {
		panic(fmt.Sprintf("book: damaged state: bucket %s: %v", b.Name, err))
	}
	return v
}

// Read is Load for a value whose damage concerns no more than itself: where it cannot be decoded,
// Read returns an error, and the caller takes what the value was of out of service.
func (b Bucket[V]) Read(r Reads, key []byte) (v V, ok bool, err error) {
	data := r.Get(b.Name, key)
	if data == nil {
		return v, false, nil
	}
	if err := canon.Unmarshal(data, b.Max, &v); err != nil {
		return v, true, fmt.Errorf("damaged value of %s: %w", b.Name, err)
	}
	return v, true, nil
}

// All gives the values whose keys begin with prefix, in the order of the keys. The caller must
// write nothing while it ranges over them.
func (b Bucket[V]) All(r Reads, prefix []byte) iter.Seq2[[]byte, V] {
	return func(yield func([]byte, V) bool) {
		r.Scan(b.Name, prefix, prefix, func(k, data []byte) bool { return yield(k, b.Decode(data)) })
	}
}

// Save keeps the value under a key. It refuses a value that is longer than Max, with text.TooLarge;
// so a handler calls Save, or Check, before it has written anything.
func (b Bucket[V]) Save(tx *state.Tx, key []byte, v V) error {
	data, err := b.encode(v)
	if err != nil {
		return err
	}
	return tx.Put(b.Name, key, data)
}

// Check refuses every value that Save would refuse, and writes nothing. A handler that has to
// append before it can save calls Check first.
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
	return data, nil
}

// Has reports whether there is a value under a key.
func (b Bucket[V]) Has(r Reads, key []byte) bool { return r.Get(b.Name, key) != nil }
