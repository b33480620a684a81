package trust

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"slices"
)

// errWeakKey says that an Ed25519 public key fits any message, or is a second spelling of another.
var errWeakKey = errors.New("an Ed25519 key of small order, or not in its one spelling")

// smallOrder are the y-coordinates (little-endian) of the eight points of Ed25519 whose order
// divides 8: those of order 4, the neutral one, the one of order 2, and those of order 8. Two
// points share a y-coordinate and differ in the sign of x, which is the highest bit of an encoding.
// The values are those of section 4.2 of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko,
// 2020); a test computes the orders anew.
var smallOrder = [][]byte{
	unhex("0000000000000000000000000000000000000000000000000000000000000000"),
	unhex("0100000000000000000000000000000000000000000000000000000000000000"),
	unhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
	unhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
	unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
}

// prime is 2^255 - 19 (little-endian). An encoding of y that is not below it is a second spelling.
var prime = unhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// checkKey refuses an Ed25519 public key of small order, under which one signature fits every
// message, so that whoever has it can deny all that it signed; and a key that is not in its one
// spelling (RFC 8032 §5.1.3), because crypto/ed25519 takes both spellings for the same key.
func checkKey(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return errWeakKey
	}
	y := bytes.Clone(key)
	y[31] &= 0x7f // without the sign of x
	if slices.ContainsFunc(smallOrder, func(weak []byte) bool { return bytes.Equal(weak, y) }) || !below(y, prime) {
		return errWeakKey
	}
	return nil
}

// below reports whether a < b, both little-endian and of one length.
func below(a, b []byte) bool {
	for i, x := range slices.Backward(a) {
		if x != b[i] {
			return x < b[i]
		}
	}
	return false
}
