package envelope

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// The plaintext of a body is the salt, the length of the content in four bytes (big endian), the
// content, and zero bytes.
const (
	lengthLen = 4
	headLen   = saltLen + lengthLen
	minSealed = 256 // bytes of the shortest encrypted body
)

// padded returns the bytes of an encrypted body that needs at least n: minSealed, and from there
// steps of an eighth of the power of two below. So the length tells nothing finer than a step.
func padded(n int) int {
	if n <= minSealed {
		return minSealed
	}
	step := 1 << (bits.Len(uint(n-1)) - 4)
	return (n + step - 1) &^ (step - 1)
}

// sizeOf returns the bytes of the body that holds a content of n bytes.
func sizeOf(n int, encrypted bool) int {
	if encrypted {
		return padded(headLen + n + tagLen)
	}
	return headLen + n
}

// plain writes a plaintext of size bytes, and leaves room for the tag.
func plain(salt, content []byte, size int) []byte {
	out := make([]byte, size, size+tagLen)
	copy(out, salt)
	binary.BigEndian.PutUint32(out[saltLen:], uint32(len(content)))
	copy(out[headLen:], content)
	return out
}

var errPadding = errors.New("not padded with zero bytes, and to the size that it must have")

// takeApart is the inverse of plain.
func takeApart(plain []byte, encrypted bool) (salt, content []byte, err error) {
	if len(plain) < headLen {
		return nil, nil, fmt.Errorf("%d bytes", len(plain))
	}
	n := binary.BigEndian.Uint32(plain[saltLen:])
	if n > MaxContent || int(n) > len(plain)-headLen {
		return nil, nil, fmt.Errorf("a content of %d bytes, it says", n)
	}
	size := sizeOf(int(n), encrypted)
	if encrypted {
		size -= tagLen
	}
	if len(plain) != size {
		return nil, nil, errPadding
	}
	end := headLen + int(n)
	for _, b := range plain[end:] {
		if b != 0 {
			return nil, nil, errPadding
		}
	}
	return plain[:saltLen], plain[headLen:end], nil
}

// preimage is what a statement commits to.
type preimage struct {
	_           struct{} `cbor:",toarray"`
	Salt        []byte
	ContentType string
	Content     []byte
}

// commitment returns the SHA-256 of the preimage.
func (p preimage) commitment() [32]byte { return sha256.Sum256(mustEncode(p)) }
