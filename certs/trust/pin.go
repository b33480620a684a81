package trust

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"xietong/certs/identity"
)

// A Pin names one key set that a verifier trusts: the root's, one in an invitation, one in an old
// receipt.
type Pin struct {
	name   identity.Jurisdiction
	number uint64
	hash   Hash
}

// Pin returns the pin of the key set.
func (k KeySet) Pin() Pin { return Pin{k.Name, k.Number, k.Hash()} }

// NewPin returns the pin of the key set of name with the given number and hash. The error wraps
// identity.ErrMalformed when one of the three is missing or the hash is not 32 bytes long.
func NewPin(name identity.Jurisdiction, number uint64, hash []byte) (Pin, error) {
	if name.IsZero() || number == 0 || len(hash) != len(Hash{}) {
		return Pin{}, fmt.Errorf("%w: pin of %q, number %d, with a hash of %d bytes", identity.ErrMalformed, name, number, len(hash))
	}
	return Pin{name, number, Hash(hash)}, nil
}

// ParsePin parses the one spelling of a pin. The error wraps identity.ErrMalformed.
func ParsePin(s string) (Pin, error) {
	name, rest, ok := strings.Cut(s, "/keys/")
	count, digest, ok2 := strings.Cut(rest, "/")
	j, err := identity.ParseJurisdiction(name)
	number, err2 := strconv.ParseUint(count, 10, 64)
	hash, err3 := hex.DecodeString(digest)
	if !ok || !ok2 || err != nil || err2 != nil || err3 != nil || len(hash) != len(Hash{}) {
		return Pin{}, fmt.Errorf("%w: pin %.300q has not the form NAME/keys/NUMBER/HASH", identity.ErrMalformed, s)
	}
	p := Pin{j, number, Hash(hash)}
	if number == 0 || p.String() != s {
		return Pin{}, fmt.Errorf("%w: pin %.300q is not spelled as it must be", identity.ErrMalformed, s)
	}
	return p, nil
}

func (p Pin) String() string {
	return fmt.Sprintf("%s/keys/%d/%x", p.name, p.number, p.hash[:])
}

// Name returns the jurisdiction whose key set is pinned.
func (p Pin) Name() identity.Jurisdiction { return p.name }

// Number returns the number of the pinned key set.
func (p Pin) Number() uint64 { return p.number }

// Hash returns the hash of the pinned key set.
func (p Pin) Hash() Hash { return p.hash }

// Reopen returns a signed key set that the caller has verified before. It verifies nothing; the
// error wraps ErrInvalid when the key set is malformed.
func Reopen(signed []byte) (KeySet, error) {
	k, err := open(signed)
	return k.KeySet, err
}

// PinOf returns the pin of a signed key set without verifying it, for a caller that compares it
// with a trusted pin. The error wraps ErrInvalid when the key set is malformed.
func PinOf(signed []byte) (Pin, error) {
	k, err := open(signed)
	if err != nil {
		return Pin{}, err
	}
	return Pin{k.Name, k.Number, k.hash}, nil
}
