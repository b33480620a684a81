package join

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Cut is what the withdrawal of a child would do.
type Cut struct {
	Name  identity.Jurisdiction
	Below []identity.Jurisdiction // whom the roster lists below it: whoever of them joined is cut off as well
	Open  bool                    // an invitation for other keys, which waits, ends too
	keys  []byte                  // hash of the first of its endorsed key sets
}

// Hash returns what a person agreed to: it changes when somebody else would be cut off.
func (c Cut) Hash() (string, error) {
	below := make([]string, len(c.Below))
	for i, name := range c.Below {
		below[i] = name.String()
	}
	raw, err := canon.Marshal([]any{c.Name.String(), below, c.Open, c.keys})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), err
}

// Cut tells what the withdrawal of a child would do; typed is the child as a person names it. The
// error is text.InvitedOnly for one that has not joined, text.CutAlready for one that is withdrawn,
// and text.NotEndorsed for one that was never invited.
func (d *Desk) Cut(ctx context.Context, typed string) (c Cut, err error) {
	label, err := d.Standing.ChildCalled(ctx, typed)
	if err != nil {
		return c, err
	}
	child, err := d.child(ctx, label)
	if err != nil {
		return c, err
	}
	return d.cut(label, child)
}

// cut tells what the withdrawal of a child that stands so would do.
func (d *Desk) cut(label identity.Label, child tree.Child) (c Cut, err error) {
	in := d.Own.Name()
	switch {
	case child.Damaged:
		return c, text.Fail(text.ChildDamaged, text.Args{"name": label.String(), "jurisdiction": in.String()}, nil)
	case child.Joined():
	case child.Open() && len(child.Endorsed) == 0:
		return c, text.Fail(text.InvitedOnly, text.Args{"name": child.Place.DisplayName, "jurisdiction": in.String()}, nil)
	case child.Withdrawn != ledger.None:
		return c, d.cutAlready(child)
	default:
		return c, text.Fail(text.NotEndorsed, text.Args{"name": child.Place.DisplayName, "jurisdiction": in.String()}, nil)
	}
	c = Cut{Name: child.Place.Name, Open: child.Open(), keys: child.Endorsed}
	for _, p := range d.Standing.Current().Places() {
		if p.Name.Under(c.Name) && p.Name != c.Name {
			c.Below = append(c.Below, p.Name)
		}
	}
	return c, nil
}

// cutAlready returns the error of a child that was withdrawn before.
func (d *Desk) cutAlready(child tree.Child) error {
	args := text.Args{"name": child.Place.Name.String(), "jurisdiction": d.Own.Name().String(), "entry": child.Withdrawn.In(d.Own.Names()).String()}
	if why, ok := errors.AsType[*text.Failure](d.Standing.Absent(child.Place.Name)); ok {
		args["when"] = why.Args["when"]
	}
	return text.Fail(text.CutAlready, args, nil)
}

// Withdraw ends the endorsement of a child; typed is the child as a person names it. agreed is the
// hash of what the person saw of it; the error is text.EndPlanNeeded without one, and
// text.PlanMoved where it is another by now. The same request again has its answer, whatever became
// of the child since.
func (d *Desk) Withdraw(ctx context.Context, id identity.Message, typed, reason, agreed string) (identity.Entry, error) {
	return d.end(ctx, typed, func(label identity.Label) (identity.Entry, error) {
		return tree.WithdrawShown(ctx, d.Own, id, label, reason, func(c tree.Child) error { return d.stillAgreed(label, c, agreed) })
	})
}

// CutOff is Withdraw as a part of something greater, of which a person saw what it does: shown
// refuses it where that is otherwise by now, and is not asked where the same request came before.
// One that came before the child joined anew is refused as text.HostEndOver: the rest of it is over
// too.
func (d *Desk) CutOff(ctx context.Context, id identity.Message, name identity.Jurisdiction, reason string, shown func(tree.Child) error) (identity.Entry, error) {
	entry, err := d.end(ctx, name.String(), func(label identity.Label) (identity.Entry, error) {
		return tree.WithdrawShown(ctx, d.Own, id, label, reason, shown)
	})
	if err != nil {
		return identity.Entry{}, err
	}
	child, err := d.child(ctx, name.Label())
	if err == nil && (child.Joined() || child.Withdrawn.In(d.Own.Names()) != entry) {
		err = text.Fail(text.HostEndOver, text.Args{"name": name.String(), "entry": entry.String()}, nil)
	}
	return entry, err
}

// child returns what this jurisdiction keeps of a child.
func (d *Desk) child(ctx context.Context, label identity.Label) (child tree.Child, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) error {
		child, _ = tree.ChildOf(r, label)
		return nil
	})
	return child, err
}

// end has a child end as the function does it. Of one that was never endorsed the error says what
// it is instead.
func (d *Desk) end(ctx context.Context, typed string, does func(identity.Label) (identity.Entry, error)) (identity.Entry, error) {
	label, err := d.Standing.ChildCalled(ctx, typed)
	if err != nil {
		return identity.Entry{}, err
	}
	entry, err := does(label)
	if failure.Is(err, text.NotEndorsed) {
		_, why := d.Cut(ctx, typed)
		return identity.Entry{}, cmp.Or(why, err)
	}
	if err != nil {
		return identity.Entry{}, err
	}
	return entry, d.Changed(ctx)
}

// agrees refuses what nobody was shown, or what is otherwise by now: of is whom it is about, and is
// the hash of how it is.
func (d *Desk) agrees(of identity.Jurisdiction, is, agreed string) error {
	switch called := d.Standing.Called(of); agreed {
	case is:
		return nil
	case "":
		return text.Fail(text.EndPlanNeeded, text.Args{"what": called}, nil)
	default:
		return text.Fail(text.PlanMoved, text.Args{"name": called}, nil)
	}
}

// stillAgreed refuses a withdrawal that would do something else than what the person saw, and one
// of which nobody can be shown anything, as of a child that is cut off already.
func (d *Desk) stillAgreed(label identity.Label, child tree.Child, agreed string) error {
	c, err := d.cut(label, child)
	if err != nil {
		return err
	}
	hash, err := c.Hash()
	if err == nil {
		err = d.agrees(c.Name, hash, agreed)
	}
	return err
}
