package tree

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
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

// Invite records an invitation and returns its entry. It refuses a name with text.NotText or
// NameDisguised.
func Invite(ctx context.Context, l book.Ledger, id identity.Message, v Invitation) (identity.Entry, error) {
	for _, given := range [][2]string{
		{"display_name", v.Place.DisplayName}, {"short_name", v.Place.ShortName}, {"level", v.Place.Level}, {"code", v.Place.Code},
	} {
		if err := text.CheckName(given[0], given[1]); err != nil {
			return identity.Entry{}, err
		}
	}
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
	return book.Enter(ctx, l, commandInvite, book.ByNode(l, id, payload), b)
}

// Redemption is the request by which a child redeems an invitation.
type Redemption struct {
	_          struct{} `cbor:",toarray"`
	Child      identity.Jurisdiction
	Secret     []byte
	KeySets    [][]byte // signed, from number 1
	Replica    identity.Replica
	Possession []byte // signature of PossessionInput by the replica's log key
	Recovery   []byte // the recovery statement for number 1; empty: none
}

// Redeem endorses the child that brings the secret of an invitation and holds the keys that it
// shows. It returns the entry of the endorsement. binding belongs to the connection over which the
// redemption came. A child that has more key sets than may be handed over at once brings the first
// of them, and presents the others later. The error is text.InvitationUnknown, InvitationCancelled,
// ChildMismatch, NotPossessed, InvitationRedeemed, InvitationExpired, KeySetsForked,
// KeySetsTooMany, EpochOther or RecoveryOther where the redemption is refused.
func Redeem(ctx context.Context, l book.Ledger, r Redemption, binding [32]byte, now time.Time) (entry identity.Entry, err error) {
	for again := range 2 {
		entry, err = redeem(ctx, l, r, binding, now)
		if refusal, ok := errors.AsType[*state.Refusal](err); !ok || text.ByNumber(uint16(refusal.Code)) != text.KeySetsForked || again > 0 {
			break
		}
	}
	return entry, err
}

func redeem(ctx context.Context, l book.Ledger, r Redemption, binding [32]byte, now time.Time) (identity.Entry, error) {
	secret := SecretHash(r.Secret)
	child, err := invited(ctx, l, r.Child, secret)
	if err != nil {
		return identity.Entry{}, err
	}
	if len(r.KeySets) > trust.MaxHanded || len(r.Recovery) > trust.MaxRecoveryLen {
		return identity.Entry{}, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": strconv.Itoa(len(r.KeySets))}, nil)
	}
	first, sets, err := walkFromFirst(r.KeySets)
	if err != nil {
		return identity.Entry{}, text.Fail(text.NotPossessed, text.Args{"name": r.Child.String()}, err)
	}
	newest, hash := sets[len(sets)-1], first.Hash()
	key := newest.LogKey(r.Replica)
	switch {
	case newest.Name != r.Child:
		return identity.Entry{}, text.Fail(text.ChildMismatch, text.Args{"name": r.Child.String(), "claimed": newest.Name.String()}, nil)
	case key == nil || !ed25519.Verify(key, PossessionInput(binding, secret), r.Possession):
		return identity.Entry{}, text.Fail(text.NotPossessed, text.Args{"name": r.Child.String()}, nil)
	}
	s := step{child: child, secret: secret[:], first: hash[:], signed: r.KeySets, sets: sets, begins: sets[0].Epoch, recovery: r.Recovery}
	if s.before, err = recovers(ctx, l, child, first, r.Recovery, now); err != nil {
		return identity.Entry{}, err
	}
	if child.same(hash[:]) {
		if at := child.Number; at <= newest.Number {
			if pin := sets[at-1].Pin().Hash(); !bytes.Equal(pin[:], child.Hash) {
				return identity.Entry{}, text.Fail(text.KeySetsForked, text.Args{
					"name": r.Child.String(), "jurisdiction": l.Log().Jurisdiction().String(), "number": strconv.FormatUint(at, 10),
				}, nil)
			}
		}
		known := min(child.Number, newest.Number)
		s.signed, s.sets = s.signed[known:], s.sets[known:]
	}
	return endorse(ctx, l, s, now)
}

// invited returns the child that the secret invites. Whoever has the secret of the newest
// invitation is told that it was taken back, as text.InvitationCancelled. Any other name or secret
// is refused as text.InvitationUnknown, with no word about which of the two was wrong or whom it
// knows.
func invited(ctx context.Context, l book.Ledger, name identity.Jurisdiction, secret Hash) (found Child, err error) {
	known, cancelled := false, false
	err = l.View(ctx, func(r *state.Reader) error {
		if above, _ := name.Parent(); above == l.Log().Jurisdiction() {
			found, known = ChildOf(r, name.Label())
		}
		cancelled = known && !found.Damaged && found.Cancelled != ledger.None && invitedBy(l, r, found.Invitation, secret)
		return nil
	})
	if err == nil && cancelled {
		return found, text.Fail(text.InvitationCancelled, text.Args{
			"name": found.Place.DisplayName, "jurisdiction": l.Log().Jurisdiction().String(), "entry": found.Cancelled.In(l.Names()).String(),
		}, nil)
	}
	if err == nil && (!known || found.Damaged || !bytes.Equal(found.Secret, secret[:])) {
		err = text.Fail(text.InvitationUnknown, text.Args{"jurisdiction": l.Log().Jurisdiction().String()}, nil)
	}
	return found, err
}

// maxInvitation bounds the payload of an invitation's entry that is read, in bytes. It has four
// texts of a place and a hash.
const maxInvitation = 8 << 10

// invitedBy reports whether the invitation in an entry was for the secret.
func invitedBy(l book.Ledger, r *state.Reader, entry ledger.Ref, secret Hash) bool {
	index, ok := entry.Index()
	if !ok {
		return false
	}
	payload, err := l.Payload(r, index)
	var v invitation
	return err == nil && canon.Unmarshal(payload, maxInvitation, &v) == nil && bytes.Equal(v.Secret, secret[:])
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

// step is an endorsement that is to be made of what is known of a child.
type step struct {
	child  Child
	secret []byte         // hash of the secret that is redeemed; nil: a renewal
	first  []byte         // hash of number 1
	signed [][]byte       // the key sets that are new
	sets   []trust.KeySet // the same, verified

	// Of a redemption: the epoch of number 1, the statement for it, and what recovers returned.
	begins           uint64
	recovery, before []byte
}

// body returns the command, without its statement, as decided at the given time.
func (s step) body(now time.Time) endorseBody {
	b := endorseBody{
		Child: s.child.Place.Name.Label(), Secret: append([]byte{}, s.secret...), First: s.first, AfterHash: []byte{}, Sets: []keptSet{},
		Recovery: append([]byte{}, s.recovery...), Before: append([]byte{}, s.before...),
		Issued: uint64(now.UnixMilli()), NotAfter: uint64(now.Add(trust.EndorsementTerm).UnixMilli()),
	}
	if s.child.same(s.first) {
		b.After, b.AfterHash = s.child.Number, s.child.Hash
	} else {
		b.Begins = s.begins
	}
	b.Number, b.Hash, b.Epoch = b.After, b.AfterHash, s.child.Epoch
	for i, k := range s.sets {
		hash := k.Hash()
		b.Sets = append(b.Sets, keptSet{Hash: hash[:], Signed: s.signed[i]})
		b.Number, b.Hash, b.Epoch = k.Number, hash[:], k.Epoch
	}
	return b
}

// endorse records that the parent believes the last of the child's key sets.
func endorse(ctx context.Context, l book.Ledger, s step, now time.Time) (identity.Entry, error) {
	b, p := s.body(now), s.child.Place
	after := s.child
	after.take(b, 0)
	statement := trust.Endorsement{
		Child: p.Name, Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, Number: b.Number, Hash: b.Hash,
		Epoch: b.Epoch, Issued: b.Issued, NotAfter: b.NotAfter, Since: after.Since,
	}
	payload, err := statement.Encode()
	if err != nil {
		return identity.Entry{}, err
	}
	if b.Statement, err = l.Note(trust.EndorsementType, payload); err != nil {
		return identity.Entry{}, err
	}
	return book.Enter(ctx, l, commandEndorse, book.Request{}, b)
}

// Withdraw ends the endorsement of a child, for the given reason, and returns the entry. A child
// that was never endorsed is refused with text.NotEndorsed or, where its invitation waits,
// InvitedOnly.
func Withdraw(ctx context.Context, l book.Ledger, id identity.Message, child identity.Label, reason string) (identity.Entry, error) {
	return end(ctx, l, id, commandWithdraw, child, reason, nil)
}

// WithdrawShown is Withdraw of a child that somebody was shown: shown refuses one that is otherwise
// by now. It is asked once, unless the same request came before; where the child becomes another
// one after it, the command is refused as text.PlanMoved.
func WithdrawShown(ctx context.Context, l book.Ledger, id identity.Message, child identity.Label, reason string, shown func(Child) error) (identity.Entry, error) {
	return end(ctx, l, id, commandWithdraw, child, reason, shown)
}

// Cancel takes back the invitation of a child that waits, for the given reason, and returns the
// entry. Where none waits, it is refused with text.NoInvitation.
func Cancel(ctx context.Context, l book.Ledger, id identity.Message, child identity.Label, reason string) (identity.Entry, error) {
	return end(ctx, l, id, commandCancel, child, reason, nil)
}

// CancelShown is Cancel as WithdrawShown is Withdraw.
func CancelShown(ctx context.Context, l book.Ledger, id identity.Message, child identity.Label, reason string, shown func(Child) error) (identity.Entry, error) {
	return end(ctx, l, id, commandCancel, child, reason, shown)
}

func end(ctx context.Context, l book.Ledger, id identity.Message, c book.Command[withdrawBody, ledger.Ref], child identity.Label, reason string, shown func(Child) error) (identity.Entry, error) {
	if err := text.Recordable("reason", reason); err != nil {
		return identity.Entry{}, err
	}
	note, err := l.Note(WithdrawalType, []byte(reason))
	if err != nil {
		return identity.Entry{}, err
	}
	request := book.ByNode(l, id, []byte(child.String()+"\n"+reason))
	b := withdrawBody{Child: child, Shown: []byte{}, Statement: note}
	if shown != nil {
		ref, came, err := c.Came(ctx, l, request)
		if came || err != nil {
			return ref.In(l.Names()), err
		}
		var now Child
		err = l.View(ctx, func(r *state.Reader) error {
			now, _ = ChildOf(r, child)
			return nil
		})
		if b.Shown = now.shown(); err == nil {
			err = shown(now)
		}
		if err != nil {
			return identity.Entry{}, err
		}
	}
	return book.Enter(ctx, l, c, request, b)
}

// shown returns a hash of what a person is shown of the child before it is cut off, or its
// invitation is taken back: whose keys are endorsed, and which invitation waits.
func (c Child) shown() []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%x %t %t %d", c.Endorsed, c.Joined(), c.Open(), c.Invitation))
	return sum[:]
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
	return book.Enter(ctx, l, commandJoin, book.Request{}, joinBody{Upstream: up, Statement: note})
}
