package trust

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// MaxRecoveryLen is the largest length of a signed recovery statement, in bytes.
const MaxRecoveryLen = 512

const recoveryContext = "xietong/1 recovery\n"

// ErrRecovery is wrapped by every error about a recovery statement that is malformed, or that the
// recovery key did not sign.
var ErrRecovery = errors.New("invalid recovery statement")

// recovery is what a recovery key signs: whoever holds the paper stands behind this key set, which
// begins a new chain or keeps no log key of the one before. It moves nothing alone: the parent must
// endorse the key set too. Its signed form is the deterministic CBOR array
//
//	[statement, Ed25519 signature over "xietong/1 recovery\n" and the statement]
//	statement = {1: "nanming.guiyang.guizhou", 2: 1, 3: hash of the key set}
type recovery struct {
	Name   identity.Jurisdiction `cbor:"1,keyasint"`
	Number uint64                `cbor:"2,keyasint"`
	Hash   []byte                `cbor:"3,keyasint"`
}

type signedRecovery struct {
	_         struct{} `cbor:",toarray"`
	Statement []byte
	Signature []byte
}

// SignRecovery returns the recovery statement for the key set that pin names. sign signs with the
// recovery key of the key set that was believed before. The error wraps ErrRecovery when pin names
// nothing or the signature has not the length of one.
func SignRecovery(pin Pin, sign func(message []byte) []byte) ([]byte, error) {
	if pin.name.IsZero() || pin.number == 0 {
		return nil, fmt.Errorf("%w: it names no key set", ErrRecovery)
	}
	statement, err := canon.Marshal(recovery{Name: pin.name, Number: pin.number, Hash: pin.hash[:]})
	if err != nil {
		return nil, err
	}
	signature := sign(append([]byte(recoveryContext), statement...))
	if len(signature) != ed25519.SignatureSize {
		return nil, fmt.Errorf("%w: a signature of %d bytes", ErrRecovery, len(signature))
	}
	return canon.Marshal(signedRecovery{Statement: statement, Signature: signature})
}

// OpenRecovery verifies a recovery statement by a recovery key, and returns the pin of the key set
// that it is for. The caller compares the pin with the key set that it asks about. Every error
// wraps ErrRecovery.
func OpenRecovery(doc []byte, key ed25519.PublicKey) (Pin, error) {
	signed, pin, err := decodeRecovery(doc)
	if err == nil {
		err = checkKey(key)
	}
	if err != nil {
		return Pin{}, fmt.Errorf("%w: %w", ErrRecovery, err)
	}
	if !ed25519.Verify(key, append([]byte(recoveryContext), signed.Statement...), signed.Signature) {
		return Pin{}, fmt.Errorf("%w: of %s number %d, not signed by the recovery key", ErrRecovery, pin.name, pin.number)
	}
	return pin, nil
}

// RecoveryFor returns the pin of the key set that a recovery statement says it is for, and verifies
// nothing. It is for whoever keeps the statement, and does not know the key. Every error wraps
// ErrRecovery.
func RecoveryFor(doc []byte) (Pin, error) {
	_, pin, err := decodeRecovery(doc)
	if err != nil {
		return Pin{}, fmt.Errorf("%w: %w", ErrRecovery, err)
	}
	return pin, nil
}

func decodeRecovery(doc []byte) (signed signedRecovery, pin Pin, err error) {
	var s recovery
	err = canon.Unmarshal(doc, MaxRecoveryLen, &signed)
	if err == nil {
		err = canon.Unmarshal(signed.Statement, MaxRecoveryLen, &s)
	}
	if err == nil && (s.Name.IsZero() || s.Number == 0 || len(s.Hash) != sha256.Size) {
		err = fmt.Errorf("of %q, number %d, hash of %d bytes", s.Name, s.Number, len(s.Hash))
	}
	if err != nil {
		return signed, Pin{}, err
	}
	return signed, Pin{s.Name, s.Number, Hash(s.Hash)}, nil
}
