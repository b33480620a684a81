package trust

import (
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
)

// ErrChain is wrapped by errors about a chain with no level or more than MaxChain levels, about an
// endorsement that is missing or one too many, and about a recovery statement that is too long.
var ErrChain = errors.New("invalid chain")

// MaxChain is the largest number of levels of a chain: a name has no more labels.
const MaxChain = 8

// Level is one jurisdiction of a chain: its signed key sets, with consecutive numbers, the proof of
// its endorsement of the next level, and its newest signed standing of that, where there is one.
// The last level has neither. Where a key set of the level has no log key of the one before, or
// began a new chain, the recovery statement for it may stand there too (see SignRecovery).
type Level struct {
	KeySets     [][]byte `cbor:"1,keyasint"`
	Endorsement []byte   `cbor:"2,keyasint,omitempty"`
	Standing    []byte   `cbor:"3,keyasint,omitempty"`
	Recovery    []byte   `cbor:"4,keyasint,omitempty"` // of the key sets of this very level
	Confirmed   []byte   `cbor:"5,keyasint,omitempty"` // by this level, of the level two below it: see Confirmation
}

// Size returns how many bytes the level holds.
func (l Level) Size() (n int) {
	for _, k := range l.KeySets {
		n += len(k)
	}
	return n + len(l.Endorsement) + len(l.Standing) + len(l.Recovery) + len(l.Confirmed)
}

// Lasting returns what of the level is for ever, and can stand in a receipt: all but statements of
// now.
func (l Level) Lasting() Level { return Level{KeySets: l.KeySets, Endorsement: l.Endorsement} }

// IsLasting reports whether the level holds nothing but what is for ever.
func (l Level) IsLasting() bool { return l.Standing == nil && l.Recovery == nil && l.Confirmed == nil }

// Prover verifies the proof of an endorsement under the newest key set of the parent and returns
// the entry's payload. The caller passes it in, because proofs belong to the ledger, which stands
// above this room.
type Prover func(parent KeySet, proof []byte) (payload []byte, err error)

// Link is one verified level of a chain.
type Link struct {
	KeySets     []KeySet      // oldest first
	Endorsement *Endorsement  // of this level by the one above; nil at the pinned one
	Standing    *Standing     // what the level above last said of that; nil: nothing
	Recovery    []byte        // of the level, as it came, at most MaxRecoveryLen bytes; not judged: see OpenRecovery
	Confirmed   *Confirmation // of a key set of this level, by the level two above; nil: none
}

// Newest returns the newest key set.
func (l Link) Newest() KeySet { return l.KeySets[len(l.KeySets)-1] }

// Descend verifies a chain from the pinned jurisdiction down. It walks the key sets of each level
// from the pin of that level, and takes the pin of the next level from the proven endorsement. So a
// verifier that pins the root can verify any jurisdiction. Descend reads no clock: the caller must
// judge whether the endorsements were in force at the time that matters, what the standings say,
// and whether a recovery statement is one. Errors wrap ErrChain, ErrInvalid, ErrEndorsement,
// ErrStanding or ErrConfirmation.
func Descend(pin Pin, levels []Level, prove Prover) ([]Link, error) {
	if len(levels) == 0 || len(levels) > MaxChain {
		return nil, fmt.Errorf("%w: %d levels, not 1 to %d", ErrChain, len(levels), MaxChain)
	}
	links := make([]Link, 0, len(levels))
	var by Link // what the level above says of the next
	for i, level := range levels {
		link, err := level.verify(pin, by)
		if err != nil {
			return nil, err
		}
		if link.Confirmed, err = confirmed(levels, links, link.Newest().Name); err != nil {
			return nil, err
		}
		links = append(links, link)
		if last := i == len(levels)-1; last != (len(level.Endorsement) == 0) || last && len(level.Standing) > 0 {
			return nil, fmt.Errorf("%w: the endorsement at level %d of %d is missing, or too many", ErrChain, i+1, len(levels))
		} else if last {
			break
		}
		if by, err = link.endorsed(level, prove); err != nil {
			return nil, fmt.Errorf("%w: by %s: %w", ErrEndorsement, link.Newest().Name, err)
		}
		pin = by.Endorsement.Pin()
	}
	return links, nil
}

// CheckHanded refuses levels of which one holds more key sets than a jurisdiction hands another at
// once. It reads none of them. The first level has no such limit: it holds all key sets of the
// root, for those who pin number 1. The error wraps ErrChain.
func CheckHanded(levels []Level) error {
	for i, l := range levels {
		if some := Some(l.KeySets); i > 0 && some < len(l.KeySets) {
			return fmt.Errorf("%w: %d key sets at level %d, where %d may be handed on at once", ErrChain, len(l.KeySets), i+1, some)
		}
	}
	return nil
}

// confirmed returns what the level two above the next one confirmed of it, or nil.
// links are the levels above, verified. No level confirms for one that the chain does not have.
func confirmed(levels []Level, links []Link, name identity.Jurisdiction) (*Confirmation, error) {
	at := len(links)
	if last := len(levels) - 1; at == last && (len(levels[at].Confirmed) > 0 || at > 0 && len(levels[at-1].Confirmed) > 0) {
		return nil, fmt.Errorf("%w: a confirmation for a level that is not there", ErrChain)
	}
	if at < 2 || len(levels[at-2].Confirmed) == 0 {
		return nil, nil
	}
	c, err := OpenConfirmation(levels[at-2].Confirmed, links[at-2].Believed())
	if err == nil && c.Child != name {
		err = fmt.Errorf("%w: of %s, not of %s", ErrConfirmation, c.Child, name)
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// verify walks the key sets of one level. by holds what the level above says of it; nothing at the
// pinned level.
func (l Level) verify(pin Pin, by Link) (Link, error) {
	sets, err := Walk(pin, l.KeySets)
	if err != nil {
		return Link{}, err
	}
	if e := by.Endorsement; e != nil {
		for _, k := range sets[pin.number-sets[0].Number:] { // what follows the endorsed one opens no epoch by itself
			if k.Epoch != e.Epoch {
				return Link{}, fmt.Errorf("%w: %s in epoch %d, its key set %d is of %d", ErrEndorsement, e.Child, e.Epoch, k.Number, k.Epoch)
			}
		}
	}
	if len(l.Recovery) > MaxRecoveryLen {
		return Link{}, fmt.Errorf("%w: a recovery statement of %d bytes, more than %d", ErrChain, len(l.Recovery), MaxRecoveryLen)
	}
	by.KeySets, by.Recovery = sets, l.Recovery
	return by, nil
}

// endorsed verifies the proof of the endorsement that l makes and the standing, and returns both,
// without the key sets of the next level.
func (l Link) endorsed(level Level, prove Prover) (next Link, err error) {
	payload, err := prove(l.Newest(), level.Endorsement)
	if err != nil {
		return next, err
	}
	e, err := DecodeEndorsement(payload)
	if err != nil {
		return next, err
	}
	if parent, _ := e.Child.Parent(); parent != l.Newest().Name {
		return next, fmt.Errorf("%w: %s is not its child", ErrEndorsement, e.Child)
	}
	next.Endorsement = &e
	if len(level.Standing) == 0 {
		return next, nil
	}
	s, err := OpenStanding(level.Standing, l.Believed())
	if err == nil {
		err = s.of(e, payload)
	}
	next.Standing = &s
	return next, err
}

// InForce reports whether the level was endorsed at the given time (ms since 1970 UTC). The
// endorsement counts from skew before it was issued, because clocks differ; its end is exact. The
// pinned level is always in force.
func (l Link) InForce(at uint64, skew time.Duration) bool {
	e := l.Endorsement
	return e == nil || at+uint64(skew.Milliseconds()) >= e.Issued && at <= e.NotAfter
}

// WalkFirst is Walk of key sets that begin with number 1, which vouches for itself.
func WalkFirst(signed [][]byte) ([]KeySet, error) {
	if len(signed) == 0 {
		return nil, fmt.Errorf("%w: none was shown", ErrInvalid)
	}
	pin, err := PinOf(signed[0])
	if err == nil && pin.Number() != 1 {
		err = fmt.Errorf("%w: it begins with number %d", ErrInvalid, pin.Number())
	}
	if err != nil {
		return nil, err
	}
	return Walk(pin, signed)
}
