package trust

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Limits of a standing.
const (
	MaxStandingLen = 1 << 10        // bytes
	StandingTerm   = 48 * time.Hour // the longest for which one is believed where the two sides do not both stand under the child
)

// maxTime is the last time (ms since 1970 UTC) of the year 9999.
const maxTime = 253402300799999

const standingContext = "xietong/1 standing\n"

// ErrStanding is wrapped by every error about a standing that is malformed, not proven, or not of
// the endorsement that it comes with.
var ErrStanding = errors.New("invalid standing")

// Standing is what an endorser says of its child now: which endorsement is in force, or that it was
// withdrawn. The proof of an endorsement cannot show that nothing came later, however new the
// checkpoint is; a standing says so, as of its time. Its signed form is the deterministic CBOR
// array
//
//	[standing, SHA-256 of a signing certificate, Ed25519 signature over "xietong/1 standing\n" and the standing]
//
// It is a document and no message, because it goes on from hand to hand, and anybody verifies it by
// the key sets of the endorser alone.
type Standing struct {
	Child identity.Jurisdiction `cbor:"1,keyasint"`
	Entry uint64                `cbor:"2,keyasint"`           // index of the endorsement in force, or of the withdrawal
	Hash  []byte                `cbor:"3,keyasint,omitempty"` // SHA-256 of the endorsement in force; none: withdrawn
	Size  uint64                `cbor:"4,keyasint"`           // of the endorser's ledger when that was read
	Time  uint64                `cbor:"5,keyasint"`           // ms since 1970 UTC, by the endorser's clock
}

// Signer signs with a signing key; *authority.Signer is one.
type Signer interface {
	SigningCert() []byte
	SignStatement(message []byte) []byte
}

// Withdrawn reports whether no endorsement is in force.
func (s Standing) Withdrawn() bool { return len(s.Hash) == 0 }

// At returns when the endorser said so.
func (s Standing) At() time.Time { return time.UnixMilli(int64(s.Time)) }

// Sign returns the signed standing. The error wraps ErrStanding when the standing is impossible.
func (s Standing) Sign(by Signer) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	data, err := canon.Marshal(s)
	if err != nil {
		return nil, err
	}
	return signDocument(standingContext, data, by)
}

// OpenStanding verifies a signed standing by the key sets of the endorser. One of them must list
// the certificate and count, and the certificate be in force, at the time that the standing names.
// Every error wraps ErrStanding.
func OpenStanding(data []byte, by []Believed) (s Standing, err error) {
	signed, err := openDocument(data, MaxStandingLen, &s)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrStanding, err)
	}
	if err := s.check(); err != nil {
		return s, err
	}
	if parent, _ := s.Child.Parent(); len(by) == 0 || parent != by[0].Name {
		return s, fmt.Errorf("%w: %s is not a child of whoever signed", ErrStanding, s.Child)
	}
	if err := signed.by(standingContext, by, s.At()); err != nil {
		return s, fmt.Errorf("%w: of %s: %w", ErrStanding, s.Child, err)
	}
	return s, nil
}

func (s Standing) check() error {
	_, below := s.Child.Parent()
	if !below || s.Entry >= s.Size || s.Time == 0 || s.Time > maxTime || len(s.Hash) != 0 && len(s.Hash) != sha256.Size {
		return fmt.Errorf("%w: of %q, entry %d of %d, hash of %d bytes, at %d ms", ErrStanding, s.Child, s.Entry, s.Size, len(s.Hash), s.Time)
	}
	return nil
}

// of refuses a standing of another child or of another endorsement, and one that is older than the
// endorsement. payload is that of the endorsement.
func (s Standing) of(e Endorsement, payload []byte) error {
	hash := sha256.Sum256(payload)
	switch {
	case s.Child != e.Child:
		return fmt.Errorf("%w: of %s, not of %s", ErrStanding, s.Child, e.Child)
	case s.Time < e.Issued:
		return fmt.Errorf("%w: of %s, older than the endorsement", ErrStanding, s.Child)
	case !s.Withdrawn() && !bytes.Equal(s.Hash, hash[:]):
		return fmt.Errorf("%w: of %s, for another endorsement", ErrStanding, s.Child)
	}
	return nil
}
