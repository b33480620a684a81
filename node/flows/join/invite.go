package join

import (
	"cmp"
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
	"xietong/node/tree/invitation"
	"xietong/node/tree/standing"
)

// Term is how long an invitation is good for unless its maker says otherwise.
const Term = 7 * 24 * time.Hour

// LogKeys sign with the log key of this replica; *host.Host is one.
type LogKeys interface {
	Replica() identity.Replica
	SignLog(message []byte) []byte
}

// Desk invites children, withdraws them, and confirms the keys of theirs, for one hosted
// jurisdiction.
type Desk struct {
	Own      book.Ledger
	Standing *standing.Standing
	Breaks   *breaks.Store
	Chains   *chains.Store
	Asker    breaks.Asker
	Keys     LogKeys
	// Addresses returns the addresses that children dial; none: they cannot, and none is invited.
	Addresses func() []string
	// Changed is called after a child was withdrawn, or its invitation was taken back.
	Changed func(ctx context.Context) error
}

// Invited is an invitation that was made.
type Invited struct {
	invitation.Token
	Entry identity.Entry
	// Replaced is the invitation that waited until this one was made, which is void now; the zero
	// value where there was none.
	Replaced identity.Entry
}

// Invite records an invitation of the place and makes its token; term 0 is Term. The secret follows
// from the request's id, so that the same request again gives the same token, with the pin of the
// keys that the parent has by then: another text where they were renewed meanwhile.
func (d *Desk) Invite(ctx context.Context, id identity.Message, place tree.Place, term time.Duration, rekey bool) (Invited, error) {
	return d.inviteAt(ctx, id, place, d.Addresses(), term, rekey)
}

func (d *Desk) inviteAt(ctx context.Context, id identity.Message, place tree.Place, addresses []string, term time.Duration, rekey bool) (Invited, error) {
	if len(addresses) == 0 {
		return Invited{}, text.Fail(text.NotListening, text.Args{"jurisdiction": d.Own.Name().String()}, nil)
	}
	if term == 0 {
		term = Term
	}
	raw := id.Bytes()
	secret := d.Own.MAC("invitation secret", raw[:])
	chain, err := d.Standing.Chain(ctx)
	if err != nil {
		return Invited{}, err
	}
	t := invitation.Token{
		Parent: chain[len(chain)-1].Newest().Pin(), Root: chain[0].KeySets[0].Pin(), Child: place.Name, Code: place.Code,
		Level: place.Level, DisplayName: place.DisplayName, ShortName: place.ShortName, Secret: secret[:invitation.SecretLen],
		Until: id.Time().Add(term), Addresses: addresses,
	}
	if err := cmp.Or(trust.CheckPlace(place.Code, place.Level, place.DisplayName), encodes(t)); err != nil {
		return Invited{}, text.Fail(text.BadRequest, text.Args{"where": "name, code, level", "reason": err.Error()}, err)
	}
	replaced, err := d.replaced(ctx, id, place.Name.Label())
	if err != nil {
		return Invited{}, err
	}
	entry, err := tree.Invite(ctx, d.Own, id, tree.Invitation{
		Place: place, Secret: tree.SecretHash(t.Secret), Until: t.Until, Rekey: rekey,
	})
	if err == nil {
		err = d.Changed(ctx)
	}
	return Invited{t, entry, replaced}, err
}

// replaced returns the invitation of the child that waits, in time, for whoever has its secret.
func (d *Desk) replaced(ctx context.Context, id identity.Message, label identity.Label) (e identity.Entry, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) error {
		if c, known := tree.ChildOf(r, label); known && c.Open() && c.Until > uint64(id.Time().UnixMilli()) {
			e = c.Invitation.In(r.Names())
		}
		return nil
	})
	return e, err
}

// encodes returns the error of a token that cannot be given to anybody.
func encodes(t invitation.Token) error {
	_, err := t.Encode()
	return err
}

// InviteInside invites a place that the same node will host. The place knocks at address, which is
// the node's own. With rekey it is invited although it is endorsed.
func (d *Desk) InviteInside(ctx context.Context, id identity.Message, place tree.Place, address string, rekey bool) (Invited, error) {
	if len(d.Addresses()) == 0 {
		return Invited{}, text.Fail(text.NotListening, text.Args{"jurisdiction": d.Own.Name().String()}, nil)
	}
	return d.inviteAt(ctx, id, place, []string{address}, 0, rekey)
}
