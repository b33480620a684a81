package trust

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Terms and limits of an endorsement.
const (
	EndorsementTerm   = 30 * 24 * time.Hour // the longest; a child that is cut off from its parent is believed for that long
	MaxEndorsementLen = 2 << 10             // bytes
	maxCodeLen        = 32                  // bytes
	maxDisplayLen     = 200                 // bytes
	// MaxSince is how many numbers an endorsement dates, at most.
	MaxSince = 16
)

// EndorsementType is the content type of an endorsement's payload.
const EndorsementType = "application/vnd.xietong.endorsement+cbor"

// ErrEndorsement is wrapped by every error about an endorsement that is malformed, or that does not
// vouch for the jurisdiction and key set that it should.
var ErrEndorsement = errors.New("invalid endorsement")

// Endorsement is the statement of a parent about its child, as a DS record is in DNSSEC: the name
// of the child and the key set that speaks for it. It is the payload of an entry of the parent's
// ledger, and is believed only with the proof of that entry.
type Endorsement struct {
	Child       identity.Jurisdiction `cbor:"1,keyasint"`
	Code        string                `cbor:"2,keyasint,omitempty"` // GB/T 2260 or any
	Level       string                `cbor:"3,keyasint,omitempty"`
	DisplayName string                `cbor:"4,keyasint"`
	Number      uint64                `cbor:"5,keyasint"` // of the child's key set
	Hash        []byte                `cbor:"6,keyasint"` // of the child's key set
	Epoch       uint64                `cbor:"7,keyasint"`
	Issued      uint64                `cbor:"8,keyasint"` // ms since 1970 UTC
	NotAfter    uint64                `cbor:"9,keyasint"` // ms since 1970 UTC
	// Since says when the parent first endorsed the last numbers, up to Number, oldest first (ms
	// since 1970 UTC). So a verifier knows when a key set of before ceased to count.
	Since []uint64 `cbor:"10,keyasint,omitempty"`
}

// Pin returns the pin of the endorsed key set.
func (e Endorsement) Pin() Pin { return Pin{e.Child, e.Number, Hash(e.Hash)} }

// UpTo returns the key sets of a chain, which begins with number 1, up to the one that is endorsed.
// The error wraps ErrEndorsement where that is not among them.
func (e Endorsement) UpTo(chain []KeySet) ([]KeySet, error) {
	if e.Number == 0 || e.Number > uint64(len(chain)) || chain[e.Number-1].Pin() != e.Pin() {
		return nil, fmt.Errorf("%w: key set %d is another one, or is not shown", ErrEndorsement, e.Number)
	}
	return chain[:e.Number], nil
}

// FirstEndorsed returns when the parent first endorsed a number; ok is false where it does not say
// so, as of one before the last MaxSince.
func (e Endorsement) FirstEndorsed(number uint64) (at time.Time, ok bool) {
	first := e.Number - uint64(len(e.Since)) + 1
	if number < first || number > e.Number {
		return at, false
	}
	return time.UnixMilli(int64(e.Since[number-first])), true
}

// SinceNewest returns when the parent first endorsed the key set; where it does not say so, when it
// made this endorsement.
func (e Endorsement) SinceNewest() time.Time {
	if at, ok := e.FirstEndorsed(e.Number); ok {
		return at
	}
	return time.UnixMilli(int64(e.Issued))
}

// Encode returns the payload. The error wraps ErrEndorsement when the endorsement is impossible.
func (e Endorsement) Encode() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(e)
}

// DecodeEndorsement decodes a payload of at most MaxEndorsementLen bytes. It proves nothing. Every
// error wraps ErrEndorsement.
func DecodeEndorsement(data []byte) (Endorsement, error) {
	var e Endorsement
	if err := canon.Unmarshal(data, MaxEndorsementLen, &e); err != nil {
		return Endorsement{}, fmt.Errorf("%w: %w", ErrEndorsement, err)
	}
	return e, e.check()
}

func (e Endorsement) check() error {
	_, below := e.Child.Parent()
	switch {
	case !below:
		return fmt.Errorf("%w: %q has no parent", ErrEndorsement, e.Child)
	case e.Number == 0 || e.Epoch == 0 || len(e.Hash) != sha256.Size:
		return fmt.Errorf("%w: number %d, epoch %d, hash of %d bytes", ErrEndorsement, e.Number, e.Epoch, len(e.Hash))
	case e.Issued == 0 || e.NotAfter <= e.Issued || e.NotAfter-e.Issued > uint64(EndorsementTerm.Milliseconds()):
		return fmt.Errorf("%w: from %d to %d ms", ErrEndorsement, e.Issued, e.NotAfter)
	case len(e.Since) > MaxSince || uint64(len(e.Since)) > e.Number || !slices.IsSorted(e.Since) ||
		len(e.Since) > 0 && (e.Since[0] == 0 || e.Since[len(e.Since)-1] > e.Issued):
		return fmt.Errorf("%w: number %d endorsed since %d ms", ErrEndorsement, e.Number, e.Since)
	}
	return CheckPlace(e.Code, e.Level, e.DisplayName)
}

// CheckPlace refuses what an endorsement cannot say of a place: whoever invites it must not learn
// of that when the place redeems the invitation. The error wraps ErrEndorsement.
func CheckPlace(code, level, displayName string) error {
	switch {
	case displayName == "" || len(displayName) > maxDisplayLen:
		return fmt.Errorf("%w: a display name of %d bytes, not 1 to %d", ErrEndorsement, len(displayName), maxDisplayLen)
	case len(code) > maxCodeLen || len(level) > maxCodeLen:
		return fmt.Errorf("%w: a code of %d bytes and a level of %d, more than %d", ErrEndorsement, len(code), len(level), maxCodeLen)
	case !utf8.ValidString(code + level + displayName):
		return fmt.Errorf("%w: not UTF-8", ErrEndorsement)
	case strings.ContainsFunc(code+level+displayName, unseen):
		return fmt.Errorf("%w: a name with a character that is not seen", ErrEndorsement)
	}
	return nil
}

// unseen reports whether a rune breaks the line, shows as nothing, or turns round what stands
// beside it: a name with one may look like the name of another place. Joiners are parts of some
// scripts.
func unseen(r rune) bool {
	const zeroWidth = "\u200b\u2060\ufeff"
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) || strings.ContainsRune(zeroWidth, r)
}
