package tree

import (
	"bytes"
	"errors"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandInvite   book.Command[inviteBody, ledger.Ref]   = 14
	commandEndorse  book.Command[endorseBody, ledger.Ref]  = 15
	commandWithdraw book.Command[withdrawBody, ledger.Ref] = 16
	commandJoin     book.Command[joinBody, ledger.Ref]     = 17
	commandCancel   book.Command[withdrawBody, ledger.Ref] = 61
	commandReached  book.Command[reached, book.Nothing]    = 59
	commandHold     book.Command[holdBody, ledger.Ref]     = 82
)

// Register adds this room's commands.
func Register(r *state.Registry) {
	children.Keep(r)
	upstreams.Keep(r)
	keptSets.Keep(r)
	endorsedBy.Keep(r)
	epochs.Keep(r)
	formers.Keep(r)
	reachedAt.Keep(r)
	helds.Keep(r)
	commandInvite.Handle(r, applyInvite)
	commandEndorse.Handle(r, applyEndorse)
	commandWithdraw.Handle(r, applyWithdraw)
	commandCancel.Handle(r, applyCancel)
	commandJoin.Handle(r, applyJoin)
	commandReached.Handle(r, applyReached)
	commandHold.Handle(r, applyHold)
}

type inviteBody struct {
	_          struct{} `cbor:",toarray"`
	Invitation invitation
	Statement  book.Statement
}

// endorseBody is the body of commandEndorse. The proposer has verified that the key sets follow one
// another and the one that they come after, and, for a redemption, that the child that brought them
// holds their keys.
type endorseBody struct {
	_         struct{} `cbor:",toarray"`
	Child     identity.Label
	Secret    []byte // hash of the secret that is redeemed; empty: a renewal
	First     []byte // hash of number 1
	After     uint64 // the number that was endorsed when this was decided; 0: the key sets begin a chain
	AfterHash []byte // of that number
	Sets      []keptSet
	Number    uint64 // of the key set that is endorsed: the last of Sets, or After where there is none
	Hash      []byte
	Epoch     uint64
	Begins    uint64 // epoch of number 1, where the key sets begin a chain; otherwise 0
	Recovery  []byte // the recovery statement for number 1; empty: none
	Before    []byte // see Child
	Issued    uint64 // ms since 1970 UTC
	NotAfter  uint64 // ms since 1970 UTC
	Statement book.Statement
}

type withdrawBody struct {
	_         struct{} `cbor:",toarray"`
	Child     identity.Label
	Shown     []byte // see Child.shown; empty: nobody asked what the child is
	Statement book.Statement
}

type joinBody struct {
	_         struct{} `cbor:",toarray"`
	Upstream  Upstream // its Entry is given by the handler
	Statement book.Statement
}

// applyInvite keeps an invitation, which replaces the one before it. A child that has joined can be
// invited again with rekey only. A child that was withdrawn can be invited again without rekey; the
// new invitation then stays bound to the key set that the one before it was bound to.
func applyInvite(tx *state.Tx, b inviteBody) (ledger.Ref, error) {
	v := b.Invitation
	child, known := ChildOf(tx, v.Place.Name.Label())
	switch {
	case child.Damaged && !v.Rekey:
		return ledger.None, book.Refuse(text.ChildDamaged, v.Place.DisplayName, tx.Log().Jurisdiction().String())
	case known && child.Joined() && !v.Rekey:
		return ledger.None, book.Refuse(text.AlreadyJoined, v.Place.DisplayName, tx.Log().Jurisdiction().String())
	case v.Until <= tx.Clock():
		return ledger.None, book.Refuse(text.Expired)
	}
	child.Place, child.Invitation, child.Secret, child.Until, child.Cancelled = v.Place, book.Next(tx), v.Secret, v.Until, ledger.None
	if v.Rekey {
		child.First, child.Damaged = []byte{}, false
	}
	if err := child.save(tx); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindInvitation, Code: v.Place.Name.Label()})
}

// applyEndorse redeems an invitation, or renews an endorsement. The child that redeemed the
// invitation may repeat the redemption, also after the invitation has ended, while it brings no
// later key set than the endorsed one; the result is then the existing entry. Of two commands that
// were decided on one state, the second is refused: what it comes after is not endorsed any more.
func applyEndorse(tx *state.Tx, b endorseBody) (ledger.Ref, error) {
	child, known := ChildOf(tx, b.Child)
	if err := child.mayEndorse(tx, known, b); err != nil {
		return ledger.None, err
	}
	if len(b.Secret) > 0 && child.Joined() && len(b.Sets) == 0 {
		// A new invitation that comes to those who have the endorsed keys is for nobody else then.
		if child.recovered(b) || child.By != child.Invitation {
			child.First, child.By = b.First, child.Invitation
			return child.Endorsement, child.save(tx)
		}
		return child.Endorsement, nil
	}
	for _, s := range b.Sets {
		if err := keptSets.Check(s); err != nil {
			return ledger.None, err
		}
	}
	if len(b.Secret) > 0 { // a renewal binds no invitation: one for other keys may be pending
		child.First, child.Redeemed, child.By = b.First, book.Next(tx), child.Invitation
	}
	child.take(b, tx.Clock())
	child.Endorsement, child.NotAfter, child.Withdrawn = book.Next(tx), b.NotAfter, ledger.None
	if child.Came > MostADay {
		return ledger.None, book.Refuse(text.KeySetsTooMany, b.Child.String(), strconv.Itoa(MostADay))
	}
	if err := child.save(tx); err != nil {
		return ledger.None, err
	}
	if err := errors.Join(child.saveSets(tx, b), release(tx, b.Child)); err != nil {
		return ledger.None, err
	}
	epoch, err := used(tx, b.Child)
	if err == nil {
		err = forms(tx, b, epoch.First)
	}
	if err != nil {
		return ledger.None, err
	}
	if err := epochs.Save(tx, []byte(b.Child.String()), usedEpoch{Used: max(epoch.Used, child.Epoch), First: b.First}); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{
		Kind: ledger.KindEndorsement, Code: b.Child, To: b.Number, Root: tlog.Hash(b.Hash), About: child.By,
	})
}

// mayEndorse refuses an endorsement that the state does not allow.
func (c Child) mayEndorse(tx *state.Tx, known bool, b endorseBody) error {
	in, called := tx.Log().Jurisdiction().String(), c.Place.DisplayName
	epoch, err := used(tx, b.Child)
	redeems, again := len(b.Secret) > 0, c.Joined() && len(b.Sets) == 0
	held, _ := HeldOf(tx, b.Child)
	switch {
	case c.Damaged || err != nil:
		return book.Refuse(text.ChildDamaged, b.Child.String(), in)
	case !known, redeems && !bytes.Equal(c.Secret, b.Secret):
		return book.Refuse(text.InvitationUnknown, in)
	case redeems && len(c.First) > 0 && !bytes.Equal(c.First, b.First):
		return book.Refuse(text.InvitationRedeemed, called, in)
	case redeems && !(c.same(b.First) && again) && tx.Clock() > c.Until:
		return book.Refuse(text.InvitationExpired, called, in)
	case !redeems && !c.Joined():
		return book.Refuse(text.NotEndorsed, b.Child.String(), in)
	case !c.comesAfter(b), len(b.Hash) != tlog.HashSize:
		return book.Refuse(text.KeySetsForked, b.Child.String(), in, strconv.FormatUint(c.Number, 10))
	case !held.epochFits(b, epoch, tx.Log().Epoch()):
		return book.Refuse(text.EpochOther, called, in, strconv.FormatUint(nextEpoch(epoch, tx.Log().Epoch()), 10))
	}
	return c.mayRelease(tx, b)
}

// comesAfter reports whether the key sets come after what is endorsed. Others are taken where an
// invitation is redeemed, and nowhere else.
func (c Child) comesAfter(b endorseBody) bool {
	if !c.same(b.First) {
		return len(b.Secret) > 0 && b.After == 0
	}
	return b.After == c.Number && bytes.Equal(b.AfterHash, c.Hash)
}

// applyWithdraw ends an endorsement, and with it an invitation for other keys that is pending: an
// invitation without rekey is then for the endorsed keys again. Only the parent can undo a
// withdrawal, by a new invitation. A second withdrawal changes nothing, also where the child is
// invited anew; its result is the entry of the first. A child that is not endorsed has nothing to
// withdraw: see applyCancel.
func applyWithdraw(tx *state.Tx, b withdrawBody) (ledger.Ref, error) {
	child, known := ChildOf(tx, b.Child)
	switch {
	case child.Damaged:
		return ledger.None, book.Refuse(text.ChildDamaged, b.Child.String(), tx.Log().Jurisdiction().String())
	case known && child.Endorsement == ledger.None && child.Open():
		return ledger.None, book.Refuse(text.InvitedOnly, child.Place.DisplayName, tx.Log().Jurisdiction().String())
	case !known, child.Endorsement == ledger.None:
		return ledger.None, book.Refuse(text.NotEndorsed, b.Child.String(), tx.Log().Jurisdiction().String())
	case len(b.Shown) > 0 && !bytes.Equal(b.Shown, child.shown()):
		return ledger.None, book.Refuse(text.PlanMoved, child.Place.DisplayName)
	case !child.Joined():
		return child.Withdrawn, nil
	}
	child.Withdrawn, child.Secret, child.First = book.Next(tx), []byte{}, child.Endorsed
	if err := child.save(tx); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindWithdrawal, Code: b.Child, About: child.Endorsement})
}

// applyCancel takes back the invitation that waits, and nothing else: a child that has joined stays
// endorsed with the keys that it has.
func applyCancel(tx *state.Tx, b withdrawBody) (ledger.Ref, error) {
	child, known := ChildOf(tx, b.Child)
	switch {
	case child.Damaged:
		return ledger.None, book.Refuse(text.ChildDamaged, b.Child.String(), tx.Log().Jurisdiction().String())
	case !known:
		return ledger.None, book.Refuse(text.NotEndorsed, b.Child.String(), tx.Log().Jurisdiction().String())
	case !child.Open():
		return ledger.None, book.Refuse(text.NoInvitation, child.Place.DisplayName, tx.Log().Jurisdiction().String())
	case len(b.Shown) > 0 && !bytes.Equal(b.Shown, child.shown()):
		return ledger.None, book.Refuse(text.PlanMoved, child.Place.DisplayName)
	}
	child.Cancelled, child.Secret, child.First = book.Next(tx), []byte{}, child.Endorsed
	err := child.save(tx)
	if child.Endorsement == ledger.None { // whoever joined in lost entries is not awaited any more
		err = errors.Join(err, release(tx, b.Child))
	}
	if err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindCancellation, Code: b.Child, About: child.Invitation})
}

// applyJoin records the parent under which this jurisdiction joined. A jurisdiction joins one tree:
// to record the same parent and root again gives the existing entry, and any other is refused.
func applyJoin(tx *state.Tx, b joinBody) (ledger.Ref, error) {
	if have, joined := UpstreamOf(tx); joined {
		if have.Parent != b.Upstream.Parent || have.RootPin != b.Upstream.RootPin {
			return ledger.None, book.Refuse(text.OtherTree, tx.Log().Jurisdiction().String(), have.RootPin)
		}
		return have.Entry, nil
	}
	b.Upstream.Entry = book.Next(tx)
	if err := upstreams.Save(tx, keyParent, b.Upstream); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindJoined})
}
