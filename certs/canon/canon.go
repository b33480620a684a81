// Package canon encodes and decodes deterministic CBOR (RFC 8949 §4.2.1), the form of everything
// that Xietong hashes, signs or keeps: key sets, ledger entries, receipts, commands, envelopes.
//
// A value has one encoding. Unmarshal decodes strictly, encodes again and compares, so any other
// spelling of the same value (a longer integer, another map order, an indefinite length, an unknown
// or repeated key, a trailing byte) is refused: what was signed is what was read. The cost is one
// more encoding; the gain is that no two byte strings mean the same thing anywhere in the system.
//
// The package never does I/O and keeps no state but buffers that it uses again. Example: the map
// {1: "a", 2: h'00'} is a2 01 61 61 02 41 00.
package canon

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// ErrNotCanonical is wrapped by every error of Unmarshal and UnmarshalTagged: the bytes are longer
// than the limit, or are not the one encoding of a value of that type.
var ErrNotCanonical = errors.New("not canonical CBOR")

// The modes are package variables because building one is costly and cannot fail for constant
// options.
var (
	enc = must(cbor.EncOptions{
		Sort:          cbor.SortBytewiseLexical,
		ShortestFloat: cbor.ShortestFloat16,
		IndefLength:   cbor.IndefLengthForbidden,
		Time:          cbor.TimeUnix,
		TextMarshaler: cbor.TextMarshalerTextString,
	}.UserBufferEncMode())
	dec = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8RejectInvalid,
		TextUnmarshaler:   cbor.TextUnmarshalerTextString,
		MaxNestedLevels:   16,
		MaxArrayElements:  1 << 20,
		MaxMapPairs:       1 << 16,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Marshal returns the one encoding of v. It fails only for a type that CBOR cannot hold, which is a
// programming error.
func Marshal(v any) ([]byte, error) { return enc.Marshal(v) }

// Unmarshal decodes data, of at most limit bytes, into v. The length is checked before anything is
// allocated.
func Unmarshal(data []byte, limit int, v any) error {
	if len(data) > limit {
		return fmt.Errorf("%w: %d bytes, more than the %d allowed", ErrNotCanonical, len(data), limit)
	}
	if err := dec.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	return encodesTo(data, v)
}

// UnmarshalTagged decodes, as Unmarshal does, the content of a tag whose number is at most 23.
// limit counts the byte of the tag too.
func UnmarshalTagged(data []byte, limit int, tag uint8, v any) error {
	if len(data) == 0 || tag > maxTag || data[0] != majorTag|tag {
		return fmt.Errorf("%w: no tag %d", ErrNotCanonical, tag)
	}
	return Unmarshal(data[1:], limit-1, v)
}

// A tag is major type 6 (RFC 8949 §3.1); the one encoding of a tag with a number up to 23 is a
// single byte.
const (
	majorTag = 6 << 5
	maxTag   = 23
)

// maxReused is the size, in bytes, of the largest buffer that is kept for the next comparison.
const maxReused = 64 << 10

// again holds buffers for encoding decoded values again. Their content never leaves this package.
var again = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// encodesTo checks that data is the encoding of v.
func encodesTo(data []byte, v any) error {
	b := again.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxReused {
			b.Reset()
			again.Put(b)
		}
	}()
	b.Grow(len(data))
	if err := enc.MarshalToBuffer(v, b); err != nil {
		return fmt.Errorf("%w: encode again: %w", ErrNotCanonical, err)
	}
	if !bytes.Equal(b.Bytes(), data) {
		return fmt.Errorf("%w: another encoding of the same value", ErrNotCanonical)
	}
	return nil
}
