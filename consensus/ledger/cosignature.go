package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/note"
)

const cosignatureLen = 8 + ed25519.SignatureSize

// cosigner verifies the lines of one witness (C2SP tlog-cosignature, cosignature/v1).
type cosigner struct{ of verifierKey }

// Name implements note.Verifier.
func (c cosigner) Name() string { return c.of.name }

// KeyHash implements note.Verifier.
func (c cosigner) KeyHash() uint32 { return c.of.hash() }

// Verify implements note.Verifier: the signature is a time and an Ed25519 signature over that time
// and the note's text.
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != cosignatureLen || binary.BigEndian.Uint64(sig) > math.MaxInt64 {
		return false
	}
	said := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(sig), msg)
	return ed25519.Verify(c.of.key, []byte(said), sig[8:])
}

// cosignedAt returns the time of a cosignature that was verified, in seconds since 1970 UTC.
func cosignedAt(s note.Signature) uint64 {
	data, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(data) != 4+cosignatureLen {
		return 0 // note.Open decoded it already
	}
	return binary.BigEndian.Uint64(data[4:])
}
