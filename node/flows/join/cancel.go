package join

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Waiting is an invitation that waits, as a person is shown it before it is taken back.
type Waiting struct {
	Place  tree.Place
	Entry  identity.Entry // the invitation
	Until  time.Time
	Joined bool // the place has joined, and the invitation is for other keys of it
}

// Hash returns what a person agreed to: it changes when another invitation would be taken back.
func (w Waiting) Hash() (string, error) {
	raw, err := canon.Marshal([]any{w.Place.Name.String(), w.Entry.String(), w.Joined})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), err
}

// Waiting returns the invitation of a child that waits; typed is the child as a person names it.
// The error is text.NoInvitation where none waits.
func (d *Desk) Waiting(ctx context.Context, typed string) (w Waiting, err error) {
	label, err := d.Standing.ChildCalled(ctx, typed)
	if err != nil {
		return w, err
	}
	child, err := d.child(ctx, label)
	if err != nil {
		return w, err
	}
	return d.waiting(label, child)
}

func (d *Desk) waiting(label identity.Label, child tree.Child) (w Waiting, err error) {
	in := d.Own.Name().String()
	switch {
	case child.Damaged:
		return w, text.Fail(text.ChildDamaged, text.Args{"name": label.String(), "jurisdiction": in}, nil)
	case !child.Open():
		return w, text.Fail(text.NoInvitation, text.Args{"name": d.Standing.Called(child.Place.Name), "jurisdiction": in}, nil)
	}
	return Waiting{
		Place: child.Place, Entry: child.Invitation.In(d.Own.Names()), Until: time.UnixMilli(int64(child.Until)), Joined: child.Joined(),
	}, nil
}

// Cancel takes back the invitation of a child that waits; typed is the child as a person names it.
// agreed is the hash of the invitation that the person was shown; the error is text.EndPlanNeeded
// without one, and text.PlanMoved where another one waits by now. The same request again has its
// answer, whatever became of the child since.
func (d *Desk) Cancel(ctx context.Context, id identity.Message, typed, reason, agreed string) (identity.Entry, error) {
	label, err := d.Standing.ChildCalled(ctx, typed)
	if err != nil {
		return identity.Entry{}, err
	}
	entry, err := tree.CancelShown(ctx, d.Own, id, label, reason, func(c tree.Child) error { return d.stillWaits(label, c, agreed) })
	if err != nil {
		return identity.Entry{}, err
	}
	return entry, d.Changed(ctx)
}

// stillWaits refuses to take back another invitation than the person was shown.
func (d *Desk) stillWaits(label identity.Label, child tree.Child, agreed string) error {
	w, err := d.waiting(label, child)
	if err != nil {
		return err
	}
	hash, err := w.Hash()
	if err == nil {
		err = d.agrees(w.Place.Name, hash, agreed)
	}
	return err
}
