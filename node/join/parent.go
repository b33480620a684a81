package join

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
	"xietong/consensus/state"
	"xietong/node/text"
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

// SecretHash stands for an invitation's secret wherever it is kept.
func SecretHash(secret []byte) Hash { return sha256.Sum256(append([]byte(secretContext), secret...)) }

// PossessionInput is what the log key of the child's replica signs to prove that it holds its keys: the connection, by 32
// bytes that both ends derive from its TLS session, and the invitation.
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

// Invitation is what the parent decides when it invites.
type Invitation struct {
	Place  Place
	Secret Hash
	Until  time.Time
	Rekey  bool
}

// Invite records an invitation and returns the index of its entry.
func Invite(ctx context.Context, l Ledger, id identity.Message, v Invitation) (uint64, error) {
	payload, err := canon.Marshal(invitation{Place: v.Place, Secret: v.Secret[:], Until: uint64(v.Until.UnixMilli()), Rekey: v.Rekey})
	if err != nil {
		return 0, err
	}
	e, sealed, err := l.Note(InvitationType, payload)
	if err != nil {
		return 0, err
	}
	body, err := canon.Marshal(inviteBody{
		Place: v.Place, Secret: v.Secret[:], Until: uint64(v.Until.UnixMilli()), Rekey: v.Rekey,
		Evidence: evidence{Evidence: e.Encode(), Sealed: sealed},
	})
	if err != nil {
		return 0, err
	}
	return propose(ctx, l, KindInvite, id, payload, body)
}

func propose(ctx context.Context, l Ledger, kind state.Kind, id identity.Message, asked, body []byte) (uint64, error) {
	result, err := l.Propose(ctx, kind, id, asked, body)
	if err != nil {
		return 0, err
	}
	return DecodeIndex(result)
}

// Redemption is what a child brings.
type Redemption struct {
	_          struct{} `cbor:",toarray"`
	Child      identity.Jurisdiction
	Secret     []byte
	KeySets    [][]byte // signed, from number 1
	Replica    identity.Replica
	Possession []byte // signature of PossessionInput by the replica's log key
}

// Redeem endorses whoever brings an invitation's secret and holds the keys it shows, and returns the index of the
// endorsement's entry. binding is of the connection that the redemption came over.
func Redeem(ctx context.Context, l Ledger, r Redemption, binding [32]byte, now time.Time) (uint64, error) {
	secret := SecretHash(r.Secret)
	child, err := invited(ctx, l, r.Child, secret)
	if err != nil {
		return 0, err
	}
	first, sets, err := walkFromFirst(r.KeySets)
	if err != nil {
		return 0, text.Fail(text.NotPossessed, text.Args{"name": child.Place.DisplayName}, err)
	}
	newest := sets[len(sets)-1]
	key := newest.LogKey(r.Replica)
	switch {
	case newest.Name != r.Child:
		return 0, text.Fail(text.ChildMismatch, text.Args{"name": r.Child.String(), "claimed": newest.Name.String()}, nil)
	case key == nil || !ed25519.Verify(key, PossessionInput(binding, secret), r.Possession):
		return 0, text.Fail(text.NotPossessed, text.Args{"name": child.Place.DisplayName}, nil)
	}
	return endorse(ctx, l, child.Place, secret[:], first, newest, r.KeySets, now)
}

// invited returns the child that the secret invites. A secret that is nobody's and one of another child are told alike:
// whoever guesses learns nothing.
func invited(ctx context.Context, l Ledger, name identity.Jurisdiction, secret Hash) (found Child, err error) {
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

// walkFromFirst verifies key sets that begin with number 1, which vouches for itself.
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

func endorse(ctx context.Context, l Ledger, p Place, secret []byte, first trust.Pin, newest trust.KeySet, sets [][]byte, now time.Time) (uint64, error) {
	hash, firstHash := newest.Hash(), first.Hash()
	statement := trust.Endorsement{
		Child: p.Name, Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, Number: newest.Number, Hash: hash[:],
		Epoch: newest.Epoch, Issued: uint64(now.UnixMilli()), NotAfter: uint64(now.Add(trust.EndorsementTerm).UnixMilli()),
	}
	payload, err := statement.Encode()
	if err != nil {
		return 0, err
	}
	e, sealed, err := l.Note(trust.EndorsementType, payload)
	if err != nil {
		return 0, err
	}
	body, err := canon.Marshal(endorseBody{
		Child: p.Name.Label(), Secret: append([]byte{}, secret...), First: firstHash[:], Number: newest.Number, Hash: hash[:],
		KeySets: sets, NotAfter: statement.NotAfter, Evidence: evidence{Evidence: e.Encode(), Sealed: sealed},
	})
	if err != nil {
		return 0, err
	}
	return propose(ctx, l, KindEndorse, identity.Message{}, nil, body)
}

// Withdraw ends the endorsement of a child, for the given reason, and returns the index of the entry.
func Withdraw(ctx context.Context, l Ledger, id identity.Message, child identity.Label, reason string) (uint64, error) {
	e, sealed, err := l.Note(WithdrawalType, []byte(reason))
	if err != nil {
		return 0, err
	}
	body, err := canon.Marshal(withdrawBody{Child: child, Evidence: evidence{Evidence: e.Encode(), Sealed: sealed}})
	if err != nil {
		return 0, err
	}
	return propose(ctx, l, KindWithdraw, id, []byte(child.String()+"\n"+reason), body)
}

// Record writes down, on the side of the child, whom it joined. What it is told there was verified before.
func Record(ctx context.Context, l Ledger, up Upstream) (uint64, error) {
	up.Entry = 0
	payload, err := canon.Marshal(up)
	if err != nil {
		return 0, err
	}
	e, sealed, err := l.Note(JoinedType, payload)
	if err != nil {
		return 0, err
	}
	body, err := canon.Marshal(joinBody{Upstream: up, Evidence: evidence{Evidence: e.Encode(), Sealed: sealed}})
	if err != nil {
		return 0, err
	}
	return propose(ctx, l, KindJoin, identity.Message{}, nil, body)
}
