package tree

import (
	"bytes"

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
)

// Register adds this room's commands.
func Register(r *state.Registry) {
	commandInvite.Handle(r, applyInvite)
	commandEndorse.Handle(r, applyEndorse)
	commandWithdraw.Handle(r, applyWithdraw)
	commandJoin.Handle(r, applyJoin)
}

type inviteBody struct {
	_          struct{} `cbor:",toarray"`
	Invitation invitation
	Statement  book.Statement
}

// endorseBody is the body of commandEndorse. The proposer has verified that the key sets follow one
// another from First, and, for a redemption, that the child that brought them holds their keys.
type endorseBody struct {
	_         struct{} `cbor:",toarray"`
	Child     identity.Label
	Secret    []byte // hash of the secret that is redeemed; empty: a renewal
	First     []byte // hash of number 1
	Number    uint64
	Hash      []byte
	KeySets   [][]byte
	NotAfter  uint64 // ms since 1970 UTC
	Statement book.Statement
}

type withdrawBody struct {
	_         struct{} `cbor:",toarray"`
	Child     identity.Label
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
	case known && child.Joined() && !v.Rekey:
		return ledger.None, book.Refuse(text.AlreadyJoined, v.Place.DisplayName, tx.Log().Jurisdiction().String())
	case v.Until <= tx.Time():
		return ledger.None, book.Refuse(text.Expired)
	}
	child.Place, child.Invitation, child.Secret, child.Until = v.Place, book.Next(tx), v.Secret, v.Until
	if v.Rekey {
		child.First = []byte{}
	}
	if err := child.save(tx); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindInvitation, Code: v.Place.Name.Label()})
}

// applyEndorse redeems an invitation, or renews an endorsement. The child that redeemed the
// invitation may repeat the redemption, also after the invitation has ended, while it brings no
// later key set than the endorsed one; the result is then the existing entry.
func applyEndorse(tx *state.Tx, b endorseBody) (ledger.Ref, error) {
	child, known := ChildOf(tx, b.Child)
	in, called := tx.Log().Jurisdiction().String(), child.Place.DisplayName
	redeems, bound := len(b.Secret) > 0, len(child.First) > 0
	switch {
	case !known, redeems && !bytes.Equal(child.Secret, b.Secret):
		return ledger.None, book.Refuse(text.InvitationUnknown, in)
	case redeems && bound && !bytes.Equal(child.First, b.First), !redeems && child.Joined() && !bytes.Equal(child.Endorsed, b.First):
		return ledger.None, book.Refuse(text.InvitationRedeemed, called, in)
	case redeems && bound && child.Joined() && child.Number >= b.Number:
		return child.Endorsement, nil
	case redeems && tx.Time() > child.Until:
		return ledger.None, book.Refuse(text.InvitationExpired, called, in)
	case !redeems && !child.Joined():
		return ledger.None, book.Refuse(text.NotEndorsed, called, in)
	case !redeems && b.Number < child.Number:
		return ledger.None, book.Refuse(text.KeySetOld, called)
	}
	if redeems { // a renewal binds no invitation: one for other keys may be pending
		child.First = b.First
	}
	child.Endorsed, child.Number, child.Hash, child.KeySets = b.First, b.Number, b.Hash, b.KeySets
	child.Endorsement, child.NotAfter, child.Withdrawn = book.Next(tx), b.NotAfter, ledger.None
	if err := child.save(tx); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindEndorsement, Code: b.Child, About: child.Invitation})
}

// applyWithdraw ends an endorsement, and the invitation that led to it. Only the parent can undo a
// withdrawal, by a new invitation. A second withdrawal changes nothing; its result is the entry of
// the first.
func applyWithdraw(tx *state.Tx, b withdrawBody) (ledger.Ref, error) {
	child, known := ChildOf(tx, b.Child)
	switch {
	case !known || child.Endorsement == ledger.None:
		return ledger.None, book.Refuse(text.NotEndorsed, b.Child.String(), tx.Log().Jurisdiction().String())
	case child.Withdrawn != ledger.None:
		return child.Withdrawn, nil
	}
	child.Withdrawn, child.Secret = book.Next(tx), []byte{}
	if err := child.save(tx); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindWithdrawal, Code: b.Child, About: child.Endorsement})
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
