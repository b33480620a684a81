package trust

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// MaxObjectionLen is the largest length of a signed objection, in bytes.
const MaxObjectionLen = 2 << 10

const objectionContext = "xietong/1 objection\n"

// ErrObjection is wrapped by every error about an objection that is malformed, or that the keys
// from before did not sign.
var ErrObjection = errors.New("invalid objection")

// objection is the word of a jurisdiction, under the keys that were believed before: the key set
// that goes by its name is not its own. Its signed form is the deterministic CBOR array
//
//	[objection, [["r1", signature] …], signature by the recovery key or h'']
//	objection = {1: "nanming.guiyang.guizhou", 2: 1, 3: hash of the key set, 4: time (ms since 1970 UTC)}
//
// where each signature is Ed25519 over "xietong/1 objection\n" and the objection, by log keys in
// the order of the replicas' numbers, or by the recovery key alone.
type objection struct {
	Name   identity.Jurisdiction `cbor:"1,keyasint"`
	Number uint64                `cbor:"2,keyasint"`
	Hash   []byte                `cbor:"3,keyasint"`
	Time   uint64                `cbor:"4,keyasint"`
}

type signedObjection struct {
	_          struct{} `cbor:",toarray"`
	Objection  []byte
	Signatures []Signature
	Paper      []byte
}

// Objector signs an objection: a replica with its log key, or, where Replica is zero, whoever holds
// the recovery key.
type Objector struct {
	Replica identity.Replica
	Sign    func(message []byte) []byte
}

// Objecting are the keys that may object: the log keys of a key set, of which a majority is needed,
// or its recovery key.
type Objecting struct {
	LogKeys  []ReplicaKey // in the order of the replicas' numbers
	Recovery ed25519.PublicKey
}

// ReplicaKey is the log key of a replica.
type ReplicaKey struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	Key     []byte // Ed25519 public key
}

// SignObjection returns the objection to the key set that pin names, as of the given time. The
// error wraps ErrObjection where nobody signs.
func SignObjection(pin Pin, at time.Time, by ...Objector) ([]byte, error) {
	data, err := canon.Marshal(objection{Name: pin.name, Number: pin.number, Hash: pin.hash[:], Time: uint64(at.UnixMilli())})
	if err != nil {
		return nil, err
	}
	s := signedObjection{Objection: data, Signatures: []Signature{}, Paper: []byte{}}
	input := append([]byte(objectionContext), data...)
	for _, o := range by {
		if o.Replica.IsZero() {
			s.Paper = o.Sign(input)
		} else {
			s.Signatures = append(s.Signatures, Signature{Replica: o.Replica, Sig: o.Sign(input)})
		}
	}
	if pin.name.IsZero() || len(by) == 0 {
		return nil, fmt.Errorf("%w: to %q, signed by nobody", ErrObjection, pin.name)
	}
	slices.SortFunc(s.Signatures, func(a, b Signature) int { return cmp.Compare(a.Replica.Number(), b.Replica.Number()) })
	return canon.Marshal(s)
}

// ObjectionTo returns the key set to which a document objects. It verifies no signature; the error
// wraps ErrObjection where the document is malformed.
func ObjectionTo(doc []byte) (Pin, error) {
	_, o, err := decodeObjection(doc)
	if err != nil {
		return Pin{}, err
	}
	return Pin{o.Name, o.Number, Hash(o.Hash)}, nil
}

// OpenObjection verifies an objection by the keys that were believed before, and returns the key
// set to which it objects. paper says that the recovery key signed it; otherwise a majority of the
// log keys did. Every error wraps ErrObjection.
func OpenObjection(doc []byte, by Objecting) (pin Pin, paper bool, err error) {
	s, o, err := decodeObjection(doc)
	if err != nil {
		return pin, false, err
	}
	pin, input := Pin{o.Name, o.Number, Hash(o.Hash)}, append([]byte(objectionContext), s.Objection...)
	if len(s.Paper) > 0 {
		if len(s.Signatures) > 0 || checkKey(by.Recovery) != nil || !ed25519.Verify(by.Recovery, input, s.Paper) {
			return pin, false, fmt.Errorf("%w: to %s number %d, not signed by the recovery key", ErrObjection, o.Name, o.Number)
		}
		return pin, true, nil
	}
	for i, sig := range s.Signatures {
		at := slices.IndexFunc(by.LogKeys, func(k ReplicaKey) bool { return k.Replica == sig.Replica })
		inOrder := i == 0 || sig.Replica.Number() > s.Signatures[i-1].Replica.Number()
		if at < 0 || !inOrder || checkKey(by.LogKeys[at].Key) != nil || !ed25519.Verify(by.LogKeys[at].Key, input, sig.Sig) {
			return pin, false, fmt.Errorf("%w: to %s number %d, the signature of %s is not of a log key from before", ErrObjection, o.Name, o.Number, sig.Replica)
		}
	}
	if len(s.Signatures) < len(by.LogKeys)/2+1 {
		return pin, false, fmt.Errorf("%w: %d of %d replicas signed", ErrObjection, len(s.Signatures), len(by.LogKeys))
	}
	return pin, false, nil
}

func decodeObjection(doc []byte) (s signedObjection, o objection, err error) {
	if err = canon.Unmarshal(doc, MaxObjectionLen, &s); err == nil {
		err = canon.Unmarshal(s.Objection, MaxObjectionLen, &o)
	}
	switch {
	case err != nil:
		return s, o, fmt.Errorf("%w: %w", ErrObjection, err)
	case s.Signatures == nil || s.Paper == nil || len(s.Signatures) > MaxReplicas:
		return s, o, fmt.Errorf("%w: no list of signatures, or of more than %d", ErrObjection, MaxReplicas)
	case o.Name.IsZero() || o.Number == 0 || len(o.Hash) != sha256.Size || o.Time == 0 || o.Time > maxTime:
		return s, o, fmt.Errorf("%w: to %q, number %d, hash of %d bytes, at %d ms", ErrObjection, o.Name, o.Number, len(o.Hash), o.Time)
	}
	return s, o, nil
}
