package trust

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// MaxConfirmationLen is the largest length of a signed confirmation, in bytes.
const MaxConfirmationLen = 1 << 10

const confirmationContext = "xietong/1 confirmation\n"

// ErrConfirmation is wrapped by every error about a confirmation that is malformed, or not signed
// by the jurisdiction two levels above the one that it names.
var ErrConfirmation = errors.New("invalid confirmation")

// Confirmation is the word of the level above the endorser: the key set is truly that of the
// jurisdiction two levels below it. Somebody there has compared the fingerprint with the
// jurisdiction itself. It ends the wait for a key set that broke with the one before (see
// node/tree/breaks). Like a standing it is signed anew, by the keys of the day, whenever it is
// shown. Its signed form is the deterministic CBOR array
//
//	[confirmation, SHA-256 of a signing certificate, Ed25519 signature over "xietong/1 confirmation\n" and the confirmation]
//	confirmation = {1: "nanming.guiyang.guizhou", 2: 1, 3: hash of the key set, 4: decided, 5: signed}
type Confirmation struct {
	Child  identity.Jurisdiction `cbor:"1,keyasint"` // of a child of whoever signs
	Number uint64                `cbor:"2,keyasint"` // of the key set
	Hash   []byte                `cbor:"3,keyasint"` // of the key set
	Since  uint64                `cbor:"4,keyasint"` // when that was decided, ms since 1970 UTC
	Time   uint64                `cbor:"5,keyasint"` // when it was signed, ms since 1970 UTC, by the clock of whoever signs
}

// Pin returns the pin of the confirmed key set.
func (c Confirmation) Pin() Pin { return Pin{c.Child, c.Number, Hash(c.Hash)} }

// SignConfirmation returns the signed confirmation of a key set that was confirmed at a time, as of
// the time at. The error wraps ErrConfirmation when the jurisdiction has no level two above it, or
// at is before since.
func SignConfirmation(pin Pin, since, at time.Time, by Signer) ([]byte, error) {
	c := Confirmation{Child: pin.name, Number: pin.number, Hash: pin.hash[:], Since: uint64(since.UnixMilli()), Time: uint64(at.UnixMilli())}
	if err := c.check(); err != nil {
		return nil, err
	}
	data, err := canon.Marshal(c)
	if err != nil {
		return nil, err
	}
	return signDocument(confirmationContext, data, by)
}

// OpenConfirmation verifies a signed confirmation by the key sets of whoever stands two levels
// above the jurisdiction that it names. One of them must list the certificate and count, and the
// certificate be in force, at the time that the confirmation names. Every error wraps
// ErrConfirmation.
func OpenConfirmation(data []byte, by []Believed) (c Confirmation, err error) {
	signed, err := openDocument(data, MaxConfirmationLen, &c)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrConfirmation, err)
	}
	if above, ok := grandparent(c.Child); !ok || len(by) == 0 || above != by[0].Name {
		return c, fmt.Errorf("%w: %s does not stand two levels below whoever signed", ErrConfirmation, c.Child)
	}
	if err := signed.by(confirmationContext, by, time.UnixMilli(int64(c.Time))); err != nil {
		return c, fmt.Errorf("%w: of %s: %w", ErrConfirmation, c.Child, err)
	}
	return c, nil
}

func (c Confirmation) check() error {
	if _, ok := grandparent(c.Child); !ok || c.Number == 0 || len(c.Hash) != sha256.Size || c.Since == 0 || c.Since > c.Time || c.Time > maxTime {
		return fmt.Errorf("%w: of %q, number %d, hash of %d bytes, at %d and %d ms", ErrConfirmation, c.Child, c.Number, len(c.Hash), c.Since, c.Time)
	}
	return nil
}

// grandparent returns the jurisdiction two levels above.
func grandparent(of identity.Jurisdiction) (above identity.Jurisdiction, ok bool) {
	parent, ok := of.Parent()
	if !ok {
		return above, false
	}
	return parent.Parent()
}
