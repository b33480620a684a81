package sharing

import (
	"context"
	"time"

	"xietong/certs/identity"
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
	for _, g := range standing(r, dataset) {
		at := time.UnixMilli(int64(r.Clock()))
		if v := g.permits(after, at); v != policy.Allowed && g.permits(before, at) == policy.Allowed {
			ended = append(ended, EndedGrant{g, v})
		}
	}
	return ended
}

// BegunBy returns the grants of a dataset under which a use is permitted by the entry after, and
// not by the one before, oldest first: one that waited until the entry allows what it is for. After
// them come the endless grants that the publication would give, where it adopts a standard.
func BegunBy(r *state.Reader, dataset identity.Label, before, after policy.Offer, adopts bool) (begun []Grant) {
	at := time.UnixMilli(int64(r.Clock()))
	for _, g := range standing(r, dataset) {
		if g.permits(after, at) == policy.Allowed && g.permits(before, at) != policy.Allowed {
			begun = append(begun, g)
		}
	}
	if !adopts {
		return begun
	}
	s := Endless{Dataset: dataset, Measures: after.Measures}
	for _, code := range after.Counts {
		if purpose, err := identity.ParseLabel(code); err == nil && !s.stands(r, purpose) {
			begun = append(begun, s.grant(purpose))
		}
	}
	return begun
}

// standing returns the grants of a dataset that count, oldest first.
func standing(r book.Reads, dataset identity.Label) (all []Grant) {
	for _, g := range Grants(r) {
		if g.Dataset == dataset && g.counts() {
			all = append(all, g)
		}
	}
	return all
}

// permits decides about the plainest use under the grant: of the records or, where it is endless,
// of their number.
func (g Grant) permits(o policy.Offer, at time.Time) policy.Verdict {
	use := policy.Use{Consumer: g.Consumer, Purpose: g.Purpose.String(), At: at}
	if g.Endless {
		use.Whole, use.Measure = true, gather.Measure{Function: gather.Count}
	}
	return policy.Decide(o, g.permission(), use)
}

// RecordOwn records that the provider of a dataset was told of its own records, for which it needs
// no grant.
func RecordOwn(ctx context.Context, l book.Ledger, provider identity.Agency, dataset identity.Label, version uint64, a Access) error {
	p := Permit{request: Request{Consumer: provider, Dataset: dataset, Version: version}}
	_, err := RecordUse(ctx, l, identity.Message{}, p, a)
	return err
}
