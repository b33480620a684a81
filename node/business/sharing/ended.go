package sharing

import (
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// EndedGrant is a grant that a later version of the catalogue entry ends, with what a use under it
// would be told.
type EndedGrant struct {
	Grant
	Verdict policy.Verdict
}

// EndedBy returns the grants of a dataset under which a use is permitted by the entry as it is
// before, and not by the one after, oldest first. A grant itself is not changed by that: the entry
// in force is a part of every decision.
func EndedBy(r *state.Reader, dataset identity.Label, before, after policy.Offer) (ended []EndedGrant) {
	at := time.UnixMilli(int64(r.Time()))
	for _, g := range Grants(r) {
		if g.Dataset != dataset || g.Revoked != ledger.None {
			continue
		}
		use := policy.Use{Consumer: g.Consumer, Purpose: g.Purpose.String(), At: at}
		if g.Endless {
			use.Whole, use.Measure = true, gather.Measure{Function: gather.Count}
		}
		if policy.Decide(before, g.permission(), use) != policy.Allowed {
			continue
		}
		if v := policy.Decide(after, g.permission(), use); v != policy.Allowed {
			ended = append(ended, EndedGrant{g, v})
		}
	}
	return ended
}

// RecordOwn records that the provider of a dataset was told of its own records, for which it needs
// no grant.
func RecordOwn(ctx context.Context, l book.Ledger, provider identity.Agency, dataset identity.Label, version uint64, a Access) error {
	p := Permit{request: Request{Consumer: provider, Dataset: dataset, Version: version}}
	_, err := RecordUse(ctx, l, identity.Message{}, p, a)
	return err
}
