package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/note"

	"xietong/certs/identity"
	"xietong/certs/trust"
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
	return ed25519.Verify(c.of.key, cosigned(binary.BigEndian.Uint64(sig), msg), sig[8:])
}

// cosignedAt returns the time of a cosignature that was verified, in seconds since 1970 UTC.
func cosignedAt(s note.Signature) uint64 {
	data, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(data) != 4+cosignatureLen {
		return 0 // note.Open decoded it already
	}
	return binary.BigEndian.Uint64(data[4:])
}

// WitnessName returns the name of the keys with which a jurisdiction cosigns the checkpoints of
// others. It is no name of a log, so a line of a witness never counts as one of a replica.
func WitnessName(j identity.Jurisdiction) string { return j.String() + "/witness" }

// WitnessKey returns the verifier key by which tools of others know the cosignatures that a replica
// of the jurisdiction makes with its log key.
func WitnessKey(j identity.Jurisdiction, key ed25519.PublicKey) string {
	return verifierKey{WitnessName(j), noteAlgCosignature, key}.String()
}

// cosigning lets package note sign with a LogSigner as a witness at a time. What is signed begins
// with a line that is no origin of a log, and has two lines more than a checkpoint: so it is never
// taken for a checkpoint of the witness's own log, though the key is the same.
type cosigning struct {
	name string
	at   uint64
	by   LogSigner
}

func (s cosigning) Name() string    { return s.name }
func (s cosigning) KeyHash() uint32 { return keyHash(s.name, noteAlgCosignature, s.by.LogPublic()) }
func (s cosigning) Sign(msg []byte) ([]byte, error) {
	return append(binary.BigEndian.AppendUint64(nil, s.at), s.by.SignLog(cosigned(s.at, msg))...), nil
}

// cosigned returns what a witness signs of a note's text.
func cosigned(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// Cosign returns the line with which a replica of a jurisdiction, as a witness, cosigns a
// checkpoint at a time, in seconds since 1970 UTC. It says: of all trees of this log that this
// jurisdiction saw, this is the largest, and each began with the one before.
func Cosign(c Checkpoint, witness identity.Jurisdiction, at uint64, by LogSigner) (line []byte, err error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, cosigning{WitnessName(witness), at, by})
	if err != nil {
		return nil, fmt.Errorf("cosign checkpoint: %w", err)
	}
	return signed[len(c.text())+1:], nil
}

// OpenCosignature verifies the line of a witness for a checkpoint, by the log keys of one of its
// key sets, and returns when it was made, in seconds since 1970 UTC. The error wraps ErrMalformed
// or ErrNotProven.
func OpenCosignature(line []byte, c Checkpoint, witness identity.Jurisdiction, keys trust.KeySet) (at uint64, err error) {
	if len(line) > MaxNoteLen {
		return 0, malformed("cosignature", fmt.Errorf("%d bytes, more than %d", len(line), MaxNoteLen))
	}
	var known []note.Verifier
	for _, r := range keys.Replicas {
		known = append(known, cosigner{verifierKey{WitnessName(witness), noteAlgCosignature, r.LogKey}})
	}
	data := append([]byte(c.text()+"\n"), line...)
	n, err := note.Open(data, note.VerifierList(known...))
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: cosignature of %s: %w", ErrNotProven, witness, err)
	case len(n.Sigs) != 1 || len(n.UnverifiedSigs) > 0:
		return 0, fmt.Errorf("%w: the cosignature of %s is not one line", ErrNotProven, witness)
	case !bytes.Equal(respell(n), data):
		return 0, malformed("cosignature", errors.New("another spelling of the same line"))
	}
	return cosignedAt(n.Sigs[0]), nil
}
