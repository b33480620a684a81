package tree

import (
	"bytes"
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// RenewEvery is the age at which an endorsement is renewed.
const RenewEvery = 24 * time.Hour

// due reports whether the child's endorsement is at least RenewEvery old.
func (c Child) due(now time.Time) bool {
	return int64(c.NotAfter)-now.UnixMilli() <= (trust.EndorsementTerm - RenewEvery).Milliseconds()
}

// Present takes the key sets that an endorsed child has now, and returns the entry of the
// endorsement that is in force. It makes a new endorsement where the child brought a later key set,
// or where the endorsement is RenewEvery old. A child that does not come is not endorsed anew: no
// parent vouches for long for a child that it does not hear of, and no endorsement is made without
// a request. Key sets vouch for themselves from the first one on, so anybody may bring them.
//
// The error is text.NotEndorsed for a child that has not joined, NotPossessed for key sets that do
// not verify, InvitationRedeemed for other keys than the endorsed ones, and KeySetOld for an older
// key set than the endorsed one.
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
	case !passes(sets, child):
		return identity.Entry{}, text.Fail(text.InvitationRedeemed, text.Args{
			"name": child.Place.DisplayName, "jurisdiction": l.Log().Jurisdiction().String(),
		}, nil)
	case newest.Number == child.Number && !child.due(now):
		return child.Endorsement.In(l.Log()), nil
	}
	return endorse(ctx, l, child.Place, nil, signed, newest, now)
}

// passes reports whether the key sets pass through the one that was endorsed last. Keys that were
// in force before it can sign a fork of what followed them, which is not believed.
func passes(sets []trust.KeySet, child Child) bool {
	for _, s := range sets {
		if s.Number == child.Number {
			hash := s.Hash()
			return bytes.Equal(hash[:], child.Hash)
		}
	}
	return false
}
