package api

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/faces/client"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// The requests about grants.
type (
	listGrants struct {
		Listed
		Dataset  string `query:"dataset" maxLength:"63" doc:"Only those of this dataset: its code"`
		Consumer string `query:"consumer" maxLength:"300" doc:"Only those of this agency: its code, CODE@JURISDICTION, or its SPIFFE ID"`
		State    string `query:"state" enum:"live,expired,revoked,replaced,stopped,closed" doc:"Only those in this state"`
	}
	giveGrant struct {
		Caller
		Body client.NewGrant
	}
	renewGrant struct {
		AtEntry
		Body client.Renewal
	}
	revokeGrant struct {
		AtEntry
		Body client.Revocation
	}
)

func (s *server) registerGrants(a huma.API) {
	handle(s, a, get("grants", "/v1/grants", "The grants that the agency gave or holds, those that end soonest first"), grants)
	handle(s, a, post("give-grant", "/v1/grants", "Give a grant by hand, as the provider of the dataset"), giving)
	handle(s, a, post("renew-grant", "/v1/grants/{index}/renewal", "Give a later end to a grant, by hand"), renewal)
	handle(s, a, post("revoke-grant", "/v1/grants/{index}/revocation", "End a grant"), revocation)
	handle(s, a, post("allow-grants", "/v1/grants/{index}/allowance", "Have the revocation of a grant keep nobody from grants by rule any more"), allowance)
}

// stateNames are the states of grants on the wire.
var stateNames = map[sharing.State]string{
	sharing.Live: client.GrantLive, sharing.Ended: client.GrantExpired, sharing.Revoked: client.GrantRevoked, sharing.Replaced: client.GrantReplaced,
	sharing.Stopped: client.GrantStopped, sharing.Closed: client.GrantClosed,
}

// grants lists the grants that the acting agency holds, and those of the datasets that it provides.
func grants(ctx context.Context, h Hosted, in *listGrants) (client.Grants, error) {
	out := client.Grants{Grants: []client.Grant{}}
	w, err := h.grantsWanted(in)
	if err != nil {
		return out, err
	}
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		agency, err := in.by().Reads(r)
		if err != nil {
			return err
		}
		page, total, cursor, err := h.grantsPage(r, agency, w, in)
		if err != nil {
			return err
		}
		out.Total, out.Cursor = total, cursor
		for _, g := range page {
			shown, err := h.grant(r, agency, g)
			if err != nil {
				return err
			}
			out.Grants = append(out.Grants, shown)
		}
		return nil
	})
	return out, err
}

// grantsPage returns a page in the order of sharing.GrantsPage, or the one that is asked for.
func (h Hosted) grantsPage(r *state.Reader, agency identity.Agency, w sharing.Wanted, in *listGrants) (page []sharing.Listed, total uint64, cursor string, err error) {
	if in.Sort == "" {
		return sharing.GrantsPage(h.Ledger, r, h.Records, agency, w, in.page())
	}
	all := map[string]sharing.Listed{}
	list := whole[client.Grant]{
		Hosted: h, Listed: in.Listed, name: "grants " + agency.String(), filter: []string{in.Dataset, in.Consumer, in.State}, id: func(g client.Grant) string { return g.Grant },
		lacks: []string{"basis", "scenario", "scope", "method", "paper", "renews", "reason", "at", "heard", "asked"}, // words are read for a page alone
	}
	for _, g := range sharing.GrantsOf(r, h.Records, agency, w) {
		shown := grantShown(r, g)
		all[shown.Grant], list.all = g, append(list.all, shown)
	}
	rows, cursor, err := list.page()
	for _, row := range rows {
		page = append(page, all[row.Grant])
	}
	return page, uint64(len(list.all)), cursor, err
}

func (h Hosted) grantsWanted(in *listGrants) (w sharing.Wanted, err error) {
	if in.Dataset != "" {
		if w.Dataset, err = h.datasetCode(in.Dataset); err != nil {
			return w, err
		}
	}
	if in.Consumer != "" {
		if w.Consumer, err = h.consumer(in.Consumer); err != nil {
			return w, err
		}
	}
	for s, name := range stateNames {
		if name == in.State {
			w.State = s
		}
	}
	return w, nil
}

// consumer reads an agency as a person types it: its code for one of this jurisdiction,
// CODE@JURISDICTION, or its SPIFFE ID.
func (h Hosted) consumer(typed string) (a identity.Agency, err error) {
	if strings.HasPrefix(typed, "spiffe://") {
		return identity.ParseAgency(typed)
	}
	named, place, elsewhere := strings.Cut(typed, "@")
	code, err := identity.ParseLabel(named)
	if err != nil {
		return a, text.Fail(text.BadRequest, text.Args{"where": "consumer", "reason": err.Error()}, err)
	}
	of := h.Ledger.Name()
	if elsewhere {
		of, err = h.Standing.Resolve(place)
	}
	return identity.NewAgency(of, code), err
}

func (h Hosted) grant(r *state.Reader, by identity.Agency, g sharing.Listed) (client.Grant, error) {
	w, err := sharing.WordsOf(h.Ledger, r, g.Grant)
	if err != nil {
		return client.Grant{}, err
	}
	out := grantShown(r, g)
	out.Basis, out.Scenario, out.Scope, out.Method, out.Paper, out.Renews = w.Basis, w.Scenario, w.Scope, w.Method, w.Paper, w.Renews
	if by == h.Records.Provider(r, g.Dataset) { // the reason is the provider's own word, and belongs to it alone
		out.Reason = w.Why
	}
	return out, nil
}

// grantShown is Hosted.grant without the words that were written about it.
func grantShown(r *state.Reader, g sharing.Listed) client.Grant {
	names := r.Names()
	out := client.Grant{
		Grant: g.Name(names).String(), Application: g.Application.In(names).String(), Consumer: g.Consumer.String(),
		Dataset: g.Dataset.String(), Purpose: g.Purpose.String(), Until: stamp(g.Until), State: stateNames[g.State], Uses: g.Uses,
		Endless: g.Endless, Measures: g.Measures, Fields: g.Fields, ByHand: g.ByHand, Replaced: g.Replaced.In(names).String(),
		Revoked: g.Revoked.In(names).String(), Closed: g.Closed.In(names).String(), Bars: g.Bars(r),
	}
	if g.Endless {
		out.Until = ""
	}
	return out
}

func giving(ctx context.Context, h Hosted, in *giveGrant) (out client.GivenGrant, err error) {
	q := in.Body
	terms := sharing.Terms{Purpose: q.Purpose, Fields: q.Fields, Measures: q.Measures, Until: h.until(q.Until), Ground: sharing.Ground{Basis: q.Basis, Paper: q.Paper}}
	if terms.Dataset, err = h.datasetCode(q.Dataset); err != nil {
		return out, err
	}
	if terms.Consumer, err = h.consumer(q.Consumer); err != nil {
		return out, err
	}
	return h.given(ctx, in.Caller, sharing.Order{Terms: terms})
}

// own refuses the whole name of a grant that the ledger does not hold: one that another
// jurisdiction gave, which only its provider there may end or renew, or one of an earlier ledger,
// whose index counts for nothing in this one.
func (h Hosted) own(grant string, index uint64) error {
	if grant == "" {
		return nil
	}
	name, err := identity.ParseEntry(grant)
	if err != nil {
		return err
	}
	switch of := name.Log(); {
	case of.Jurisdiction() != h.Ledger.Name():
		return text.Fail(text.GrantElsewhere, text.Args{"grant": grant, "name": of.Jurisdiction().String()}, nil)
	case !h.Ledger.Names().Has(name):
		return sharing.Gone(h.Ledger, name)
	case name.Index() != index:
		return text.Fail(text.BadRequest, text.Args{"where": "grant", "reason": "it is another than the path names"}, nil)
	}
	return nil
}

func renewal(ctx context.Context, h Hosted, in *renewGrant) (client.GivenGrant, error) {
	if err := h.own(in.Body.Grant, in.Index); err != nil {
		return client.GivenGrant{}, err
	}
	return h.given(ctx, in.Caller, sharing.Order{Renew: &in.Index, Terms: sharing.Terms{
		Until: h.until(in.Body.Until), Ground: sharing.Ground{Basis: in.Body.Basis, Paper: in.Body.Paper},
	}})
}

func (h Hosted) given(ctx context.Context, c Caller, q sharing.Order) (out client.GivenGrant, err error) {
	id, err := c.key()
	if err != nil {
		return out, err
	}
	got, err := h.Granting.Give(ctx, id, c.by(), q)
	if err != nil {
		return out, err
	}
	out = client.GivenGrant{
		Grant: got.Entry.String(), Consumer: got.Consumer.String(), Renews: got.Renews.String(), Until: stamp(got.Until), Unchanged: got.Unchanged,
	}
	if got.Unchecked != nil {
		out.Unchecked = text.Explain(text.FromAcceptLanguage(c.Language), text.AgencyListMissing, h.Standing.Worded(failure.Of(got.Unchecked).Args)).What
	}
	return out, nil
}

func revocation(ctx context.Context, h Hosted, in *revokeGrant) (client.GrantEntered, error) {
	out, _, err := h.acted(ctx, in, sharing.Revoke)
	return out, err
}

func allowance(ctx context.Context, h Hosted, in *revokeGrant) (client.GrantEntered, error) {
	out, done, err := h.acted(ctx, in, sharing.Allow)
	if err != nil {
		return out, err
	}
	return out, h.Ledger.View(ctx, func(r *state.Reader) error {
		p, err := catalog.Known(r, done.Dataset, catalog.Published{})
		out.Rules = rulesOf(p)
		return err
	})
}

// rulesOf tells whether grants by rule of a dataset are given.
func rulesOf(p catalog.Published) string {
	switch {
	case p.Withdrawn.Ended():
		return client.RulesWithdrawn
	case p.Withdrawn != nil:
		return client.DatasetHeld
	case p.Category == client.Unconditional && p.RulesHeld:
		return client.RulesHeld
	case p.Category == client.Unconditional:
		return client.RulesGiven
	}
	return p.Category
}

// actOnGrant is a revocation or what takes it back.
type actOnGrant func(ctx context.Context, l book.Ledger, id identity.Message, by sharing.Actor, grant uint64, reason string) (sharing.Done, error)

func (h Hosted) acted(ctx context.Context, in *revokeGrant, act actOnGrant) (out client.GrantEntered, done sharing.Done, err error) {
	if err := h.own(in.Body.Grant, in.Index); err != nil {
		return out, done, err
	}
	id, err := in.key()
	if err != nil {
		return out, done, err
	}
	done, err = act(ctx, h.Ledger, id, in.by(), in.Index, in.Body.Reason)
	out = client.GrantEntered{Entry: done.Entry.String(), Endless: done.Endless, Before: done.Before, Reason: done.Reason, BarsOf: done.BarsOf}
	for _, b := range done.Bars {
		out.Bars = append(out.Bars, client.Bar{Grant: b.Grant.String(), Entry: b.By.String(), Consumer: b.Consumer.String(), Purpose: b.Purpose.String()})
	}
	return out, done, err
}
