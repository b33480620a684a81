package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// StateDigest is what a replica says of its state beside the checkpoint that it signs: at an index
// of raft's log, everything that was written so far has the digest. The checkpoint covers the
// entries; the digest covers what stands beside them, such as grants and records.
type StateDigest struct {
	Log    identity.Log
	Index  uint64 // of raft's log
	Digest []byte // 32 bytes
}

// stateContext keeps a signature of a digest from ever being one of a checkpoint, or of anything
// else that a log key signs.
const stateContext = "xietong/1 state\n"

// line returns the line that tells the digest, as in:
//
//	state 4711 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
func (d StateDigest) line() string {
	return fmt.Sprintf("state %d %s\n", d.Index, base64.StdEncoding.EncodeToString(d.Digest))
}

func (d StateDigest) message() []byte {
	return []byte(stateContext + d.Log.String() + "\n" + d.line())
}

// Sign returns the signature of a replica's log key.
func (d StateDigest) Sign(by LogSigner) []byte { return by.SignLog(d.message()) }

// DigestLine is one replica's signature of a digest.
type DigestLine struct {
	_         struct{} `cbor:",toarray"`
	Replica   identity.Replica
	Signature []byte
}

// CheckMajority verifies that a majority of the key set's replicas signed the digest: each listed,
// each once, and every line good. The error wraps ErrNotProven.
func (d StateDigest) CheckMajority(lines []DigestLine, keys trust.KeySet) error {
	by := map[identity.Replica]bool{}
	for _, line := range lines {
		at := slices.IndexFunc(keys.Replicas, func(r trust.ReplicaKeys) bool { return r.Replica == line.Replica })
		switch {
		case at < 0:
			return fmt.Errorf("%w: digest of the state: %s is not listed", ErrNotProven, line.Replica)
		case by[line.Replica]:
			return fmt.Errorf("%w: digest of the state: %s signed twice", ErrNotProven, line.Replica)
		case !d.Verify(keys.Replicas[at].LogKey, line.Signature):
			return fmt.Errorf("%w: digest of the state: the signature of %s does not hold", ErrNotProven, line.Replica)
		}
		by[line.Replica] = true
	}
	if len(by) < keys.Majority() {
		return fmt.Errorf("%w: %d of %d replicas signed the digest of the state", ErrNotProven, len(by), len(keys.Replicas))
	}
	return nil
}

// Verify reports whether the signature is one of the log key.
func (d StateDigest) Verify(key ed25519.PublicKey, signature []byte) bool {
	return len(key) == ed25519.PublicKeySize && len(d.Digest) == 32 && ed25519.Verify(key, d.message(), signature)
}
