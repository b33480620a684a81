package join

import (
	"bytes"
	"errors"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/text"
)

// evidence is an entry's evidence with its sealed payload.
type evidence struct {
	_        struct{} `cbor:",toarray"`
	Evidence []byte
	Sealed   []byte
}

func (e evidence) append(tx *state.Tx, stated ledger.Head) (uint64, error) {
	decoded, err := ledger.DecodeEvidence(e.Evidence)
	if err != nil {
		return 0, err
	}
	return tx.Append(stated, decoded, e.Sealed)
}

// inviteBody is the body of KindInvite.
type inviteBody struct {
	_        struct{} `cbor:",toarray"`
	Place    Place
	Secret   []byte // hash
	Until    uint64 // ms since 1970 UTC
	Rekey    bool   // the child may come with other keys than before
	Evidence evidence
}

// endorseBody is the body of KindEndorse. The proposer has verified that the key sets follow one another from First, and,
// for a redemption, that whoever brought them holds their keys.
type endorseBody struct {
	_        struct{} `cbor:",toarray"`
	Child    identity.Label
	Secret   []byte // hash of the secret that is redeemed; empty: a renewal
	First    []byte // hash of number 1
	Number   uint64
	Hash     []byte
	KeySets  [][]byte
	NotAfter uint64 // ms since 1970 UTC
	Evidence evidence
}

// withdrawBody is the body of KindWithdraw.
type withdrawBody struct {
	_        struct{} `cbor:",toarray"`
	Child    identity.Label
	Evidence evidence
}

// joinBody is the body of KindJoin.
type joinBody struct {
	_        struct{} `cbor:",toarray"`
	Upstream Upstream // its Entry is given here
	Evidence evidence
}

// applyInvite keeps an invitation; the one before it is good no more. A child that has joined is invited again with rekey
// only, or after it was withdrawn, and then with the keys that it had.
func applyInvite(tx *state.Tx, body []byte) ([]byte, error) {
	var b inviteBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	child, known := ChildOf(tx, b.Place.Name.Label())
	switch {
	case known && child.Joined() && !b.Rekey:
		return nil, refuse(text.AlreadyJoined, child.Place.DisplayName, tx.Log().Jurisdiction().String())
	case b.Until <= tx.Time():
		return nil, refuse(text.Expired)
	}
	head := ledger.Head{Kind: ledger.KindInvitation, Code: b.Place.Name.Label()}
	index, err := b.Evidence.append(tx, head)
	if err != nil {
		return nil, err
	}
	child.Place, child.Invitation, child.Secret, child.Until = b.Place, index, b.Secret, b.Until
	if b.Rekey {
		child.First = []byte{}
	}
	if err := child.put(tx); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}

// applyEndorse redeems an invitation, or renews an endorsement. The key set that redeemed it first may come again, also
// after the invitation ended, and gets the entry that is there.
func applyEndorse(tx *state.Tx, body []byte) ([]byte, error) {
	var b endorseBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	child, known := ChildOf(tx, b.Child)
	redeems, bound := len(b.Secret) > 0, len(child.First) > 0
	switch {
	case !known, redeems && !bytes.Equal(child.Secret, b.Secret):
		return nil, refuse(text.InvitationUnknown, tx.Log().Jurisdiction().String())
	case redeems && bound && !bytes.Equal(child.First, b.First), !redeems && child.Joined() && !bytes.Equal(child.Endorsed, b.First):
		return nil, refuse(text.InvitationRedeemed, child.Place.DisplayName, tx.Log().Jurisdiction().String())
	case redeems && bound && child.Joined() && child.Number >= b.Number:
		return canon.Marshal(child.Endorsement - 1)
	case redeems && tx.Time() > child.Until:
		return nil, refuse(text.InvitationExpired, child.Place.DisplayName, tx.Log().Jurisdiction().String())
	case !redeems && !child.Joined():
		return nil, refuse(text.NotEndorsed, child.Place.DisplayName, tx.Log().Jurisdiction().String())
	case !redeems && b.Number < child.Number:
		return nil, refuse(text.KeySetOld, child.Place.DisplayName)
	}
	head := ledger.Head{Kind: ledger.KindEndorsement, Code: b.Child, About: child.Invitation + 1}
	index, err := b.Evidence.append(tx, head)
	if err != nil {
		return nil, err
	}
	if redeems { // a renewal binds no invitation: one for other keys may be pending
		child.First = b.First
	}
	child.Endorsed, child.Number, child.Hash, child.KeySets = b.First, b.Number, b.Hash, b.KeySets
	child.Endorsement, child.NotAfter, child.Withdrawn = index+1, b.NotAfter, 0
	if err := child.put(tx); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}

// applyWithdraw ends an endorsement, and the invitation that led to it: nobody undoes a withdrawal but the parent, by a new
// invitation. One that is withdrawn already stays so by the first entry, which is the result.
func applyWithdraw(tx *state.Tx, body []byte) ([]byte, error) {
	var b withdrawBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	child, known := ChildOf(tx, b.Child)
	switch {
	case !known || child.Endorsement == 0:
		return nil, refuse(text.NotEndorsed, b.Child.String(), tx.Log().Jurisdiction().String())
	case child.Withdrawn > 0:
		return canon.Marshal(child.Withdrawn - 1)
	}
	head := ledger.Head{Kind: ledger.KindWithdrawal, Code: b.Child, About: child.Endorsement}
	index, err := b.Evidence.append(tx, head)
	if err != nil {
		return nil, err
	}
	child.Withdrawn, child.Secret = index+1, []byte{}
	if err := child.put(tx); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}

// applyJoin records under whom this jurisdiction joined. It joins one tree; the same again is the entry that is there.
func applyJoin(tx *state.Tx, body []byte) ([]byte, error) {
	var b joinBody
	if err := canon.Unmarshal(body, state.MaxCommandLen, &b); err != nil {
		return nil, err
	}
	if have, joined := UpstreamOf(tx); joined {
		if have.Parent != b.Upstream.Parent || have.RootPin != b.Upstream.RootPin {
			return nil, refuse(text.OtherTree, tx.Log().Jurisdiction().String(), have.RootPin)
		}
		return canon.Marshal(have.Entry)
	}
	index, err := b.Evidence.append(tx, ledger.Head{Kind: ledger.KindJoined})
	if err != nil {
		return nil, err
	}
	b.Upstream.Entry = index
	data, err := canon.Marshal(b.Upstream)
	if err := errors.Join(err, tx.Put(bucketUpstream, []byte("parent"), data)); err != nil {
		return nil, err
	}
	return canon.Marshal(index)
}
