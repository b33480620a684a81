package tree

import (
	"bytes"
	"context"
	"math"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// usedEpoch is the largest epoch of a child that was ever endorsed, and the chain that it is of. It
// is kept beside the child's record: where that is damaged, and made anew by an invitation, the
// next epoch must not be one that was used, and the chain may go on.
type usedEpoch struct {
	_     struct{} `cbor:",toarray"`
	Used  uint64   // 0: none was
	First []byte   // hash of number 1
}

var epochs = book.Bucket[usedEpoch]{Name: "child-epochs", Max: 64} // by label

// epochsEach is how many epochs of a child belong to one epoch of its parent. A parent that lost
// its ledger begins in a later epoch, by the same rule, and does not know which epochs its children
// have used: they have others from then on. So no memory is needed for an epoch to be used once. A
// root begins one by itself alone, where it lost entries. In 64 bits there is room for eight levels
// where the root is in its second epoch, and for seven up to its thousandth.
const epochsEach = 512

// maxUnknown is how many epochs a child may have begun that its parent never endorsed, before an
// invitation of a person's brings another chain.
const maxUnknown = 16

// span are the epochs of a child under one epoch of its parent: those after before, up to last. A
// chain may open those up to middle by itself; the others are for new chains, by invitation.
type span struct{ before, middle, last uint64 }

// spanOf returns the span under an epoch of the parent; ok is false where there is none.
func spanOf(parent uint64) (s span, ok bool) {
	if parent == 0 || parent > math.MaxUint64/epochsEach {
		return s, false
	}
	before := (parent - 1) * epochsEach
	return span{before, before + epochsEach/2, before + epochsEach}, true
}

// next returns the epoch of the next chain; ok is false where none is left.
func (s span) next(e usedEpoch) (epoch uint64, ok bool) {
	epoch = max(e.Used, s.before) + 1
	return epoch, epoch <= s.last
}

// used returns what is known of a child's epochs. Where that is damaged, its record says as much,
// if it was endorsed since it was made.
func used(r book.Reads, child identity.Label) (usedEpoch, error) {
	e, _, err := epochs.Read(r, []byte(child.String()))
	if c, _ := ChildOf(r, child); err != nil && c.Epoch > 0 {
		return usedEpoch{Used: c.Epoch, First: c.Endorsed}, nil
	}
	return e, err
}

// nextEpoch returns the epoch with which the next chain begins under an epoch of the parent, for a
// person to read.
func nextEpoch(e usedEpoch, parent uint64) uint64 {
	s, _ := spanOf(parent)
	next, _ := s.next(e)
	return next
}

// Epoch returns the epoch with which the ledger of the child must begin that is invited by the
// secret and comes with new keys: the one after all that were endorsed, here or in an earlier
// ledger of this jurisdiction. The error is text.InvitationUnknown for any other name or secret,
// InvitationCancelled for one that was taken back, and EpochsSpent where no epoch is left.
func Epoch(ctx context.Context, l book.Ledger, name identity.Jurisdiction, secret []byte) (epoch uint64, err error) {
	if _, err := invited(ctx, l, name, SecretHash(secret)); err != nil {
		return 0, err
	}
	err = l.View(ctx, func(r *state.Reader) error {
		args := text.Args{"name": name.String(), "jurisdiction": l.Log().Jurisdiction().String()}
		e, err := used(r, name.Label())
		if err != nil {
			return text.Fail(text.ChildDamaged, args, err)
		}
		s, ok := spanOf(l.Log().Epoch())
		if ok {
			epoch, ok = s.next(e)
		}
		if !ok {
			return text.Fail(text.EpochsSpent, args, nil)
		}
		return nil
	})
	return epoch, err
}

// Bound returns the hash of number 1 of the key sets that the invitation of the secret is bound to;
// empty: of none yet. The error is as of Epoch.
func Bound(ctx context.Context, l book.Ledger, name identity.Jurisdiction, secret []byte) (first []byte, err error) {
	c, err := invited(ctx, l, name, SecretHash(secret))
	return c.First, err
}

// epochFits reports whether an endorsement is of an epoch that it may be of, under the given epoch
// of the parent. A new chain begins with the epoch that Epoch tells, or some later: its ledger may
// have begun epochs that the parent did not believe. A child that was never endorsed in this ledger
// may have a chain from before. Each key set may open one more, within what a chain may open, so
// that no thief of a key can use up the epochs.
func (b endorseBody) epochFits(e usedEpoch, parent uint64) bool {
	s, ok := spanOf(parent)
	next, left := s.next(e)
	most := uint64(len(b.Sets))
	switch {
	case !ok:
		return false
	case b.After > 0 || bytes.Equal(b.First, e.First):
		return b.Epoch <= e.Used || b.Epoch <= min(e.Used+most, s.middle)
	case e.Used > 0:
		return left && b.Begins >= next && b.Begins-next <= maxUnknown && b.Epoch-b.Begins < most && b.Epoch <= s.last
	}
	return b.Begins <= s.middle && b.Epoch < b.Begins+most && b.Epoch <= s.last
}
