package tree

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Content types of the payloads of this room's entries.
const (
	InvitationType = "application/vnd.xietong.invitation+cbor"
	WithdrawalType = "text/plain"
	JoinedType     = "application/vnd.xietong.joined+cbor"
)

const (
	secretContext     = "xietong/1 invitation\n"
	possessionContext = "xietong/1 join\n"
)

// SecretHash returns the hash that is kept in place of an invitation's secret.
func SecretHash(secret []byte) Hash { return sha256.Sum256(append([]byte(secretContext), secret...)) }

// PossessionInput returns the bytes that the log key of the child's replica signs to prove that the
// child holds its keys. They name the connection, by 32 bytes that both ends derive from its TLS
// session, and the invitation, by the hash of its secret.
func PossessionInput(binding [32]byte, secret Hash) []byte {
	return slices.Concat([]byte(possessionContext), binding[:], secret[:])
}

// invitation is the payload of an invitation's entry.
type invitation struct {
	_      struct{} `cbor:",toarray"`
	Place  Place
	Secret []byte // hash
	Until  uint64
	Rekey  bool
}

// Invitation is the parent's decision about one invitation: the place that is invited, the hash of
// the secret, the end (kept to the millisecond), and whether the child may come with other keys
// than before.
type Invitation struct {
	Place  Place
	Secret Hash
	Until  time.Time
	Rekey  bool
}

// Invite records an invitation and returns its entry.
func Invite(ctx context.Context, l book.Ledger, id identity.Message, v Invitation) (identity.Entry, error) {
	b := inviteBody{Invitation: invitation{
		Place: v.Place, Secret: v.Secret[:], Until: uint64(v.Until.UnixMilli()), Rekey: v.Rekey,
	}}
	payload, err := canon.Marshal(b.Invitation)
	if err != nil {
		return identity.Entry{}, err
	}
	if b.Statement, err = l.Note(InvitationType, payload); err != nil {
		return identity.Entry{}, err
	}
	return book.Enter(ctx, l, commandInvite, id, payload, b)
}

// Redemption is the request by which a child redeems an invitation.
type Redemption struct {
	_          struct{} `cbor:",toarray"`
	Child      identity.Jurisdiction
	Secret     []byte
	KeySets    [][]byte // signed, from number 1
	Replica    identity.Replica
	Possession []byte // signature of PossessionInput by the replica's log key
}

// Redeem endorses the child that brings the secret of an invitation and holds the keys that it
// shows. It returns the entry of the endorsement. binding belongs to the connection over which the
// redemption came. The error is text.InvitationUnknown, ChildMismatch, NotPossessed,
// InvitationRedeemed, InvitationExpired or TooLarge where the redemption is refused.
func Redeem(ctx context.Context, l book.Ledger, r Redemption, binding [32]byte, now time.Time) (identity.Entry, error) {
	secret := SecretHash(r.Secret)
	child, err := invited(ctx, l, r.Child, secret)
	if err != nil {
		return identity.Entry{}, err
	}
	_, sets, err := walkFromFirst(r.KeySets)
	if err != nil {
		return identity.Entry{}, text.Fail(text.NotPossessed, text.Args{"name": child.Place.DisplayName}, err)
	}
	newest := sets[len(sets)-1]
	key := newest.LogKey(r.Replica)
	switch {
	case newest.Name != r.Child:
		return identity.Entry{}, text.Fail(text.ChildMismatch, text.Args{"name": r.Child.String(), "claimed": newest.Name.String()}, nil)
	case key == nil || !ed25519.Verify(key, PossessionInput(binding, secret), r.Possession):
		return identity.Entry{}, text.Fail(text.NotPossessed, text.Args{"name": child.Place.DisplayName}, nil)
	}
	return endorse(ctx, l, child.Place, secret[:], r.KeySets, newest, now)
}

// invited returns the child that the secret invites. The secret of no invitation is refused as
// text.InvitationUnknown, the secret of another child as text.ChildMismatch, which tells the name
// of that child. The difference helps no guesser, because a secret is 16 random bytes.
func invited(ctx context.Context, l book.Ledger, name identity.Jurisdiction, secret Hash) (found Child, err error) {
	err = l.View(ctx, func(r *state.Reader) error {
		for _, c := range Children(r) {
			if bytes.Equal(c.Secret, secret[:]) {
				found = c
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return found, err
	case found.Place.Name.IsZero():
		return found, text.Fail(text.InvitationUnknown, text.Args{"jurisdiction": l.Log().Jurisdiction().String()}, nil)
	case found.Place.Name != name:
		return found, text.Fail(text.ChildMismatch, text.Args{"name": found.Place.DisplayName, "claimed": name.String()}, nil)
	}
	return found, nil
}

// walkFromFirst verifies key sets that begin with number 1, which vouches for itself. first is the
// pin of number 1.
func walkFromFirst(signed [][]byte) (first trust.Pin, sets []trust.KeySet, err error) {
	if len(signed) == 0 {
		return first, nil, errors.New("no key set")
	}
	if first, err = trust.PinOf(signed[0]); err != nil {
		return first, nil, err
	}
	if sets, err = trust.Walk(first, signed); err == nil && sets[0].Number != 1 {
		err = fmt.Errorf("the key sets begin with number %d", sets[0].Number)
	}
	return first, sets, err
}

// endorse records that the parent believes newest, the last of the key sets, which begin with
// number 1. secret is the hash of the secret that is redeemed; empty: a renewal.
func endorse(ctx context.Context, l book.Ledger, p Place, secret []byte, sets [][]byte, newest trust.KeySet, now time.Time) (identity.Entry, error) {
	first, err := trust.PinOf(sets[0])
	if err != nil {
		return identity.Entry{}, err
	}
	hash, firstHash := newest.Hash(), first.Hash()
	statement := trust.Endorsement{
		Child: p.Name, Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, Number: newest.Number, Hash: hash[:],
		Epoch: newest.Epoch, Issued: uint64(now.UnixMilli()), NotAfter: uint64(now.Add(trust.EndorsementTerm).UnixMilli()),
	}
	payload, err := statement.Encode()
	if err != nil {
		return identity.Entry{}, err
	}
	note, err := l.Note(trust.EndorsementType, payload)
	if err != nil {
		return identity.Entry{}, err
	}
	return book.Enter(ctx, l, commandEndorse, identity.Message{}, nil, endorseBody{
		Child: p.Name.Label(), Secret: append([]byte{}, secret...), First: firstHash[:], Number: newest.Number, Hash: hash[:],
		KeySets: sets, NotAfter: statement.NotAfter, Statement: note,
	})
}

// Withdraw ends the endorsement of a child, for the given reason, and returns the entry. A child
// that was never endorsed is refused with text.NotEndorsed.
func Withdraw(ctx context.Context, l book.Ledger, id identity.Message, child identity.Label, reason string) (identity.Entry, error) {
	note, err := l.Note(WithdrawalType, []byte(reason))
	if err != nil {
		return identity.Entry{}, err
	}
	asked := []byte(child.String() + "\n" + reason)
	return book.Enter(ctx, l, commandWithdraw, id, asked, withdrawBody{Child: child, Statement: note})
}

// Record writes down, on the side of the child, the parent that it joined under, and returns the
// entry. The caller has verified all of up. A child that joined another tree or another parent
// before is refused with text.OtherTree.
func Record(ctx context.Context, l book.Ledger, up Upstream) (identity.Entry, error) {
	up.Entry = ledger.None
	payload, err := canon.Marshal(up)
	if err != nil {
		return identity.Entry{}, err
	}
	note, err := l.Note(JoinedType, payload)
	if err != nil {
		return identity.Entry{}, err
	}
	return book.Enter(ctx, l, commandJoin, identity.Message{}, nil, joinBody{Upstream: up, Statement: note})
}
