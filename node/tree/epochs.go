package tree

import (
	"bytes"
	"context"

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

// maxFirstEpoch bounds the epoch of a child that was never endorsed here: one that comes from
// elsewhere may have opened some, and none can take all that there are.
const maxFirstEpoch = 1 << 20

// used returns what is known of a child's epochs. Where that is damaged, its record says as much,
// if it was endorsed since it was made.
func used(r book.Reads, child identity.Label) (usedEpoch, error) {
	e, _, err := epochs.Read(r, []byte(child.String()))
	if c, _ := ChildOf(r, child); err != nil && c.Epoch > 0 {
		return usedEpoch{Used: c.Epoch, First: c.Endorsed}, nil
	}
	return e, err
}

// Epoch returns the epoch with which the ledger of the child must begin that is invited by the
// secret and comes with new keys: the one after all that were endorsed. The error is
// text.InvitationUnknown for any other name or secret.
func Epoch(ctx context.Context, l book.Ledger, name identity.Jurisdiction, secret []byte) (epoch uint64, err error) {
	if _, err := invited(ctx, l, name, SecretHash(secret)); err != nil {
		return 0, err
	}
	err = l.View(ctx, func(r *state.Reader) error {
		e, err := used(r, name.Label())
		if epoch = e.Used + 1; err != nil {
			return text.Fail(text.ChildDamaged, text.Args{"name": name.String(), "jurisdiction": l.Log().Jurisdiction().String()}, err)
		}
		return nil
	})
	return epoch, err
}

// epochFits reports whether an endorsement is of an epoch that it may be of. A new chain begins
// with the epoch that Epoch tells; a child that was never endorsed here may have opened some
// before. Each key set may open one more, so that no thief of a key can use up the epochs.
func (b endorseBody) epochFits(e usedEpoch) bool {
	most := uint64(len(b.Sets))
	switch {
	case b.After > 0 || bytes.Equal(b.First, e.First):
		return b.Epoch <= e.Used+most
	case e.Used > 0:
		return b.Begins == e.Used+1 && b.Epoch <= e.Used+most
	}
	return b.Begins <= maxFirstEpoch && b.Epoch < b.Begins+most
}
