// Package witness is the rule by which a jurisdiction cosigns the checkpoints of another one's log
// (C2SP tlog-witness): it keeps the largest that it saw, and cosigns a larger one only where a
// proof shows that the log goes on from what is kept. So no log can be rewritten unseen by whoever
// is witnessed, and a copy that was put back to an older state is found.
//
// The package is pure: it has no key, clock, file or network, and keeps nothing. Whoever uses it
// keeps what Judge found larger before the cosignature leaves, and in one step with the judging:
// of two larger checkpoints that are judged against the same, the second must be judged anew.
//
// A log states with each checkpoint the root of the older tree that its proof begins with. Where
// that is not the root that is kept, and the proof holds all the same, the log has signed two
// histories: a Fork, which anybody can verify who has the log's key sets. A proof that does not
// hold proves nothing, against nobody: it is refused.
//
// A ledger that lost entries goes on in a later epoch, as another log with the same tree up to what
// is lost. It is held against what was kept of the epoch before in the same way; see Later.
//
// A witness trusts the first checkpoint of a ledger that it sees. What it vouches for begins there.
package witness

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
)

// MaxNote is the longest note that is kept, in bytes: the lines of nine replicas with the longest
// names are shorter.
const MaxNote = 4 << 10

// MaxOfferLen is the longest offer, in bytes.
const MaxOfferLen = MaxNote + 63*45 + 128

// Offer is what a log shows to a witness.
type Offer struct {
	_      struct{}  `cbor:",toarray"`
	Growth []byte    // ledger.Growth, in its form
	Was    tlog.Hash // root of the older tree, as the log has it; of none: zeroes
	Begun  []Begun   // to a witness that keeps an epoch before, and nothing of this one; see Later
}

// Verdict is what a witness finds in an offer.
type Verdict int

// The verdicts.
const (
	Larger    Verdict = 1 // goes on from what is kept: keep it, and then cosign it
	Same      Verdict = 2 // it is what is kept: cosign it
	Elsewhere Verdict = 3 // its proof does not begin at the size that is kept
	Behind    Verdict = 4 // it is smaller than what is kept
	Forked    Verdict = 5 // the log has signed two histories: see Fork
	Noted     Verdict = 6 // larger, and kept soon: it is not cosigned yet; Judge finds no such
)

// Shown is an offer that was read and whose checkpoint was verified.
type Shown struct {
	Checkpoint ledger.Checkpoint
	Growth     ledger.Growth
	Was        tlog.Hash
	Begun      []Begun
	lost       []ledger.Head // of the entries of Begun
}

// Open reads an offer of a log, and verifies its checkpoint by the key sets of one of which a
// majority signed it. The error wraps ledger.ErrMalformed or ledger.ErrNotProven.
func Open(o Offer, of identity.Jurisdiction, keys []trust.KeySet) (s Shown, err error) {
	if len(o.Growth) > MaxOfferLen {
		return s, fmt.Errorf("%w: an offer of %d bytes, more than %d", ledger.ErrMalformed, len(o.Growth), MaxOfferLen)
	}
	if s.Growth, err = ledger.ParseGrowth(o.Growth); err != nil {
		return s, err
	}
	s.Was, s.Begun = o.Was, o.Begun
	if s.Checkpoint, err = OpenNote(s.Growth.Note, of, keys); err == nil {
		s.lost, err = openBegun(o.Begun, s.Checkpoint)
	}
	return s, err
}

// OpenNote verifies a note of the jurisdiction's log by one of the key sets, all of whose epochs
// may differ. The error wraps ledger.ErrMalformed or ledger.ErrNotProven.
func OpenNote(note []byte, of identity.Jurisdiction, keys []trust.KeySet) (c ledger.Checkpoint, err error) {
	if len(note) > MaxNote {
		return c, fmt.Errorf("%w: a note of %d bytes, more than %d", ledger.ErrMalformed, len(note), MaxNote)
	}
	says, err := ledger.Growth{Note: note}.Checkpoint()
	switch {
	case err != nil:
		return c, err
	case says.Log.Jurisdiction() != of:
		return c, fmt.Errorf("%w: the checkpoint is of %s, not of %s", ledger.ErrNotProven, says.Log, of)
	case says.Size == 0 || says.Size > identity.MaxIndex:
		return c, fmt.Errorf("%w: a checkpoint of %d entries", ledger.ErrMalformed, says.Size)
	}
	err = fmt.Errorf("%w: no key set of epoch %d is believed", ledger.ErrNotProven, says.Log.Epoch())
	for i := len(keys) - 1; i >= 0; i-- {
		if k := keys[i]; k.Name == of && k.Epoch == says.Log.Epoch() {
			if c, err = ledger.OpenCheckpoint(note, says.Log, k); err == nil {
				return c, nil
			}
		}
	}
	return ledger.Checkpoint{}, err
}

// Judge compares an offer with the largest checkpoint of the same log that is kept; nil: none is.
// The error wraps ledger.ErrNotProven where the proof does not hold.
func Judge(kept *ledger.Checkpoint, s Shown) (Verdict, error) {
	switch {
	case kept == nil && s.Growth.Old != 0:
		return Elsewhere, nil
	case kept == nil:
		return Larger, nothingBefore(s)
	case kept.Log != s.Checkpoint.Log:
		return 0, fmt.Errorf("%w: %s is kept, and %s shown", ledger.ErrNotProven, kept.Log, s.Checkpoint.Log)
	case s.Checkpoint == *kept:
		return Same, nil
	case s.Checkpoint.Size == kept.Size:
		return Forked, nil
	case s.Checkpoint.Size < kept.Size:
		return Behind, nil
	case s.Growth.Old != kept.Size:
		return Elsewhere, nil
	}
	if err := s.follows(); err != nil {
		return 0, err
	}
	if s.Was != kept.Root {
		return Forked, nil
	}
	return Larger, nil
}

// nothingBefore refuses a proof, or a root, of no older tree.
func nothingBefore(s Shown) error {
	if len(s.Growth.Path) > 0 || s.Was != (tlog.Hash{}) {
		return fmt.Errorf("%w: a proof from a tree of nothing", ledger.ErrNotProven)
	}
	return nil
}

// follows verifies that the checkpoint goes on from the older tree that the log says it had.
func (s Shown) follows() error {
	was := ledger.Checkpoint{Log: s.Checkpoint.Log, Size: s.Growth.Old, Root: s.Was}
	if was.Size == 0 {
		was.Root = sha256.Sum256(nil)
	}
	return s.Checkpoint.Follows(was, s.Growth.Path)
}

// Fork proves that a log has signed two histories: of the tree of Shown, the first entries are not
// those of the tree of Kept, which is of the same epoch or of one before, and of which the entries
// of Begun name none as lost. Its form is the deterministic CBOR of this type.
type Fork struct {
	_     struct{} `cbor:",toarray"`
	Kept  []byte   // a note
	Shown Offer    // goes on from a tree of the size of Kept, with another root
}

// ForkOf returns the evidence of what Judge found to be a fork.
func ForkOf(kept []byte, s Shown, at ledger.Checkpoint) Fork {
	if s.Checkpoint.Size == at.Size { // two roots of one size need no proof
		s.Growth, s.Was = ledger.Growth{Old: at.Size, Note: s.Growth.Note}, s.Checkpoint.Root
	}
	return Fork{Kept: kept, Shown: Offer{Growth: s.Growth.Encode(), Was: s.Was, Begun: s.begunAfter(at.Log)}}
}

// MaxForkLen is the longest evidence of a fork, in bytes.
const MaxForkLen = MaxNote + MaxOfferLen + maxBegunLen + 64

// Encode returns the evidence as it is kept and handed on.
func (f Fork) Encode() []byte {
	data, err := canon.Marshal(f)
	if err != nil {
		panic(err) // byte strings always have an encoding
	}
	return data
}

// NotesIn returns the notes of both histories, of evidence that was verified.
func NotesIn(fork []byte) (kept, shown []byte, err error) {
	var f Fork
	if err = canon.Unmarshal(fork, MaxForkLen, &f); err != nil {
		return nil, nil, err
	}
	g, err := ledger.ParseGrowth(f.Shown.Growth)
	return f.Kept, g.Note, err
}

// OpenFork reads and verifies the evidence that a log of the jurisdiction forked: both checkpoints
// are signed by a majority, and no log has both. It returns them. The error wraps
// ledger.ErrMalformed or ledger.ErrNotProven.
func OpenFork(data []byte, of identity.Jurisdiction, keys []trust.KeySet) (kept, shown ledger.Checkpoint, err error) {
	var f Fork
	if err = canon.Unmarshal(data, MaxForkLen, &f); err != nil {
		return kept, shown, fmt.Errorf("%w: fork: %w", ledger.ErrMalformed, err)
	}
	if kept, err = OpenNote(f.Kept, of, keys); err != nil {
		return kept, shown, err
	}
	s, err := Open(f.Shown, of, keys)
	switch {
	case err != nil:
	case !s.holds(kept) || s.Growth.Old != kept.Size || s.Was == kept.Root:
		err = errors.New("the two checkpoints are of one history, or of two logs")
		err = fmt.Errorf("%w: fork: %w", ledger.ErrNotProven, err)
	default:
		err = s.follows()
	}
	return kept, s.Checkpoint, err
}
