package join

import (
	"bytes"
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/text"
)

// RenewEvery is how old an endorsement gets before it is renewed.
const RenewEvery = 24 * time.Hour

// due reports whether the child's endorsement is RenewEvery old.
func (c Child) due(now time.Time) bool {
	return int64(c.NotAfter)-now.UnixMilli() <= (trust.EndorsementTerm - RenewEvery).Milliseconds()
}

// Present takes the key sets that an endorsed child has now, and returns the entry of the endorsement that is in force: a new
// one where the child brought a later key set, or where it was due. A child that does not come is not endorsed anew: nobody
// vouches for long for whom he does not hear of, and no child has an endorsement that it did not ask for. Key sets vouch for
// themselves from the first one on, so it is no matter who brings them.
func Present(ctx context.Context, l book.Ledger, name identity.Jurisdiction, signed [][]byte, now time.Time) (identity.Entry, error) {
	var child Child
	err := l.View(ctx, func(r *state.Reader) error {
		child, _ = ChildOf(r, name.Label())
		return nil
	})
	if err != nil {
		return identity.Entry{}, err
	}
	if child.Place.Name != name || !child.Joined() {
		return identity.Entry{}, text.Fail(text.NotEndorsed, text.Args{"name": name.String(), "jurisdiction": l.Log().Jurisdiction().String()}, nil)
	}
	first, sets, err := walkFromFirst(signed)
	if err != nil {
		return identity.Entry{}, text.Fail(text.NotPossessed, text.Args{"name": child.Place.DisplayName}, err)
	}
	newest, hash := sets[len(sets)-1], first.Hash()
	switch {
	case newest.Name != name || !bytes.Equal(child.Endorsed, hash[:]):
		return identity.Entry{}, text.Fail(text.InvitationRedeemed, text.Args{
			"name": child.Place.DisplayName, "jurisdiction": l.Log().Jurisdiction().String(),
		}, nil)
	case newest.Number < child.Number:
		return identity.Entry{}, text.Fail(text.KeySetOld, text.Args{"name": child.Place.DisplayName}, nil)
	case newest.Number == child.Number && !child.due(now):
		return child.Endorsement.In(l.Log()), nil
	}
	return endorse(ctx, l, child.Place, nil, signed, newest, now)
}
