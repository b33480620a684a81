package epochs

import (
	"context"
	"errors"
	"slices"
	"sort"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// A revocation that is lost is made again, and so is what followed from it: whoever it keeps from
// grants by rule may have got one since, as nobody of the provider has to see to that, from an
// agency's own node while the ledger was in question, or from anybody before the heads could be
// had. Those end with it. What the provider did since counts as its word: it gave a grant by hand,
// adopted the standard anew, revoked, or allowed grants by rule again.

// mostLooks is how often a grant is looked for that others renew meanwhile. One who renews it more
// often holds the epoch up, and not the revocation: it is tried again.
const mostLooks = 16

// revoke revokes a grant that was given before anything was lost, or what came in its place. Of a
// grant that is lost too, and of one in whose place the provider gave another since, nobody gets
// one by rule until it has spoken: whom the revocation keeps from these is not known, or not
// recorded. Any use may renew one of the grants between the look and the command: then it looks
// again.
func (d *Desk) revoke(ctx context.Context, a lostAct) (did bool, err error) {
	grant, ok := a.head.About.Index()
	if !ok {
		return holdsRules(d, ctx, a)
	}
	for range mostLooks {
		var now bool
		now, err = d.revokeNewest(ctx, a, grant)
		did = did || now
		if !failure.Is(err, text.GrantReplaced) {
			break
		}
	}
	return did, err
}

// revokeNewest revokes what came in the place of a grant, and what others got since. The error is
// text.GrantReplaced where one of them was renewed meanwhile.
func (d *Desk) revokeNewest(ctx context.Context, a lostAct, grant uint64) (did bool, err error) {
	var of, got []sharing.Grant
	err = d.Own.View(ctx, func(r *state.Reader) error {
		if of = sharing.OfUse(r, grant); len(of) > 0 {
			got = of[0].BarredSince(r, d.since(r, a))
		}
		return nil
	})
	by, unknown := d.providerOf(ctx, a.head.Code)
	if err = errors.Join(err, unknown); err != nil || len(of) == 0 || slices.ContainsFunc(of, a.revokedSince) {
		return false, err
	}
	newest := of[0]
	if newest.Index > a.after && !newest.ByRule() {
		return holdsRules(d, ctx, a)
	}
	got = slices.DeleteFunc(got, func(g sharing.Grant) bool { return g.Index == newest.Index })
	for _, g := range append(got, newest) { // the last one tells the next time that all were
		id, err := identity.NewMessage()
		if err != nil {
			return did, err
		}
		done, err := sharing.Revoke(ctx, d.Own, id, by, g.Index, a.reason())
		if err != nil {
			return did, err
		}
		did = did || done.Entry.Index() > a.after
	}
	return did, nil
}

// since returns the first entry of an epoch after that of a lost act.
func (d *Desk) since(r *state.Reader, a lostAct) uint64 {
	names, lost := d.Own.Names(), a.entry.Log().Epoch()
	return uint64(sort.Search(int(r.Size()), func(n int) bool { return names.Entry(uint64(n)).Log().Epoch() > lost }))
}

// revokedSince reports whether a grant was revoked after the entry with which the ledger went on.
func (a lostAct) revokedSince(g sharing.Grant) bool {
	by, revoked := g.Revoked.Index()
	return revoked && by > a.after
}

// providerOf returns who provides a dataset now.
func (d *Desk) providerOf(ctx context.Context, dataset identity.Label) (by catalog.Actor, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) error {
		p, err := catalog.Known(r, dataset, catalog.Published{})
		by = catalog.Local(p.Agency.String())
		return err
	})
	return by, err
}
