package trust

import (
	"errors"
	"fmt"
	"time"
)

// ErrChain is wrapped by errors about a chain that has no level, too many, or an endorsement too few or too many.
var ErrChain = errors.New("invalid chain")

// MaxChain is the number of levels of the longest chain: a name has no more labels.
const MaxChain = 8

// Level is one jurisdiction of a chain: its signed key sets, of consecutive numbers, and the proof of its endorsement of
// the next one; the last level has none.
type Level struct {
	KeySets     [][]byte `cbor:"1,keyasint"`
	Endorsement []byte   `cbor:"2,keyasint,omitempty"`
}

// Prover verifies the proof of an endorsement under the newest key set of the parent and returns the entry's payload. It
// is handed in, because proofs belong to the ledger, which stands above this room.
type Prover func(parent KeySet, proof []byte) (payload []byte, err error)

// Link is one verified level of a chain.
type Link struct {
	KeySets     []KeySet     // oldest first
	Endorsement *Endorsement // of this level by the one above; nil at the pinned one
}

// Newest returns the newest key set.
func (l Link) Newest() KeySet { return l.KeySets[len(l.KeySets)-1] }

// Descend walks from the pinned jurisdiction down: each level's key sets are walked from its pin, and the next one's pin is
// what the proven endorsement says. So whoever pins the root verifies any jurisdiction. It reads no clock: whether the
// endorsements were in force when it mattered is the caller's to judge.
func Descend(pin Pin, levels []Level, prove Prover) ([]Link, error) {
	if len(levels) == 0 || len(levels) > MaxChain {
		return nil, fmt.Errorf("%w: %d levels, not 1 to %d", ErrChain, len(levels), MaxChain)
	}
	links := make([]Link, 0, len(levels))
	var by *Endorsement
	for i, level := range levels {
		link, err := level.verify(pin, by)
		if err != nil {
			return nil, err
		}
		links = append(links, link)
		if last := i == len(levels)-1; last != (len(level.Endorsement) == 0) {
			return nil, fmt.Errorf("%w: the endorsement at level %d of %d is missing, or too many", ErrChain, i+1, len(levels))
		} else if last {
			break
		}
		if by, err = link.endorsed(level.Endorsement, prove); err != nil {
			return nil, fmt.Errorf("%w: by %s: %w", ErrEndorsement, link.Newest().Name, err)
		}
		pin = by.Pin()
	}
	return links, nil
}

// verify walks the key sets of one level, which by endorsed; nil at the pinned one.
func (l Level) verify(pin Pin, by *Endorsement) (Link, error) {
	sets, err := Walk(pin, l.KeySets)
	if err != nil {
		return Link{}, err
	}
	if at := sets[pin.number-sets[0].Number]; by != nil && at.Epoch != by.Epoch {
		return Link{}, fmt.Errorf("%w: %s in epoch %d, its key set is of %d", ErrEndorsement, by.Child, by.Epoch, at.Epoch)
	}
	return Link{KeySets: sets, Endorsement: by}, nil
}

// endorsed proves what l says of its child.
func (l Link) endorsed(proof []byte, prove Prover) (*Endorsement, error) {
	payload, err := prove(l.Newest(), proof)
	if err != nil {
		return nil, err
	}
	e, err := DecodeEndorsement(payload)
	if err != nil {
		return nil, err
	}
	if parent, _ := e.Child.Parent(); parent != l.Newest().Name {
		return nil, fmt.Errorf("%w: %s is not its child", ErrEndorsement, e.Child)
	}
	return &e, nil
}

// InForce reports whether the level was endorsed at the given time (ms since 1970 UTC), skew allowed for clocks. The
// pinned level always is.
func (l Link) InForce(at uint64, skew time.Duration) bool {
	e := l.Endorsement
	return e == nil || at+uint64(skew.Milliseconds()) >= e.Issued && at <= e.NotAfter
}
