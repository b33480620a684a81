package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/calls"
	"xietong/node/client"
	"xietong/node/records"
	"xietong/node/sharing"
)

// The requests to use data, and about grants.
type (
	askQuery struct {
		Caller
		Body client.Query
	}
	askVerification struct {
		Caller
		Body client.Verification
	}
	revokeGrant struct {
		AtEntry
		Body client.Revocation
	}
)

func (s *server) registerUses(a huma.API) {
	handle(s, a, post("query", "/v1/query", "Ask for records"), query)
	handle(s, a, post("federated-query", "/v1/federated-query", "Ask many jurisdictions how many records they have"), federated)
	handle(s, a, post("verify", "/v1/verify", "Ask whether a field has a value"), verify)
	handle(s, a, get("grants", "/v1/grants", "The grants that the agency gave or holds"), grants)
	handle(s, a, post("revoke-grant", "/v1/grants/{index}/revocation", "End a grant"), revocation)
}

// using is what every use begins with.
type using struct {
	id       identity.Message
	at       identity.Jurisdiction // that is asked; zero: this one
	consumer identity.Agency
	dataset  identity.Label
}

func (h Hosted) using(ctx context.Context, c Caller, at, dataset string) (u using, err error) {
	if u.id, err = c.key(); err != nil {
		return u, err
	}
	if u.at, err = h.jurisdictionAt(at); err != nil {
		return u, err
	}
	if u.dataset, err = h.datasetCode(dataset); err != nil {
		return u, err
	}
	agency, err := h.acting(ctx, c)
	u.consumer = identity.NewAgency(h.Host.Name(), agency)
	return u, err
}

func application(u client.Use) sharing.Application {
	return sharing.Application{Basis: u.Basis, Scenario: u.Scenario, Scope: u.Scope, Method: u.Method, Until: u.Until}
}

func query(ctx context.Context, h Hosted, in *askQuery) (client.Answer, error) {
	q := in.Body
	u, err := h.using(ctx, in.Caller, q.At, q.Dataset)
	if err != nil {
		return client.Answer{}, err
	}
	question := records.Question{
		Dataset: u.dataset, Key: q.Key, Where: q.Where, Filter: q.Filter, Fields: q.Fields, Limit: q.Limit, Cursor: q.Cursor,
		Count: q.Count, By: q.By, Purpose: q.Purpose, Application: application(q.Use),
	}
	if !u.at.IsZero() {
		return h.queryAt(ctx, u, question)
	}
	got, err := h.Records.Query(ctx, u.id, u.consumer, question)
	if err != nil {
		return client.Answer{}, err
	}
	return client.Answer{
		Rows: rawRows(got.Rows), Count: got.Count, TotalScanned: got.Scanned, Cursor: got.Cursor, AsOf: got.AsOf,
		Groups: groupsShown(got.Groups), Access: got.Access.String(), Grant: got.Grant.String(), GrantedNow: got.GrantedNow,
	}, nil
}

// queryAt asks another jurisdiction.
func (h Hosted) queryAt(ctx context.Context, u using, q records.Question) (client.Answer, error) {
	got, err := h.Calls.Query(ctx, u.id, u.at, u.consumer.Code(), q)
	if err != nil {
		return client.Answer{}, err
	}
	return h.answerOf(got), nil
}

// answerOf is what another jurisdiction answered.
func (h Hosted) answerOf(got calls.Answer) client.Answer {
	return client.Answer{
		Rows: rawRows(got.Rows), Count: got.Count, TotalScanned: got.Scanned, Cursor: got.Cursor, AsOf: got.AsOf,
		Groups: groupsShown(got.Groups), Access: got.Access.String(), Grant: got.Grant.String(), GrantedNow: got.GrantedNow,
		Asked: got.Asked.String(),
	}
}

func groupsShown(groups []records.Group) (all []client.Group) {
	for _, g := range groups {
		all = append(all, client.Group{Value: g.Value, Count: g.Count, Suppressed: g.Suppressed})
	}
	return all
}

func rawRows(all [][]byte) []json.RawMessage {
	out := make([]json.RawMessage, len(all))
	for i, row := range all {
		out[i] = row
	}
	return out
}

func verify(ctx context.Context, h Hosted, in *askVerification) (client.Verdict, error) {
	u, err := h.using(ctx, in.Caller, in.Body.At, in.Body.Dataset)
	if err != nil {
		return client.Verdict{}, err
	}
	claim := records.Claim{
		Dataset: u.dataset, Key: in.Body.Key, Field: in.Body.Field, Value: in.Body.Value,
		Purpose: in.Body.Purpose, Application: application(in.Body.Use),
	}
	if !u.at.IsZero() {
		got, err := h.Calls.Verify(ctx, u.id, u.at, u.consumer.Code(), claim)
		if err != nil {
			return client.Verdict{}, err
		}
		return client.Verdict{
			Answer: string(got.Outcome), Access: got.Access.String(), Grant: got.Grant.String(), Asked: got.Asked.String(),
		}, nil
	}
	outcome, use, err := h.Records.Verify(ctx, u.id, u.consumer, claim)
	if err != nil {
		return client.Verdict{}, err
	}
	return client.Verdict{Answer: string(outcome), Access: use.Access.String(), Grant: use.Grant.String()}, nil
}

// grants lists the grants that the acting agency holds, and those of the datasets that it provides.
func grants(ctx context.Context, h Hosted, in *plain) (client.Grants, error) {
	out := client.Grants{Grants: []client.Grant{}}
	agency, err := h.acting(ctx, in.Caller)
	if err != nil {
		return out, err
	}
	consumer := identity.NewAgency(h.Host.Name(), agency)
	err = h.Host.View(ctx, func(r *state.Reader) error {
		for _, g := range sharing.GrantsOf(r, records.Standing, consumer) {
			shown, err := h.grant(r, g)
			if err != nil {
				return err
			}
			out.Grants = append(out.Grants, shown)
		}
		return nil
	})
	return out, err
}

func (h Hosted) grant(r *state.Reader, g sharing.Grant) (client.Grant, error) {
	a, err := sharing.ApplicationOf(h.Host, r, g)
	if err != nil {
		return client.Grant{}, err
	}
	out := client.Grant{
		Grant: g.Name(h.Host.Log()).String(), Application: g.Application.In(h.Host.Log()).String(), Consumer: g.Consumer.String(),
		Dataset: g.Dataset.String(), Purpose: g.Purpose.String(), Basis: a.Basis, Scenario: a.Scenario, Scope: a.Scope,
		Method: a.Method, Until: g.Until.UTC().Format(time.RFC3339), State: client.GrantLive, Uses: g.Uses, Standing: g.Standing,
	}
	if g.Standing {
		out.Until = ""
	}
	switch {
	case g.Revoked != ledger.None:
		out.State = client.GrantRevoked
	case !g.Standing && uint64(g.Until.UnixMilli()) <= r.Time():
		out.State = client.GrantExpired
	}
	return out, nil
}

func revocation(ctx context.Context, h Hosted, in *revokeGrant) (client.Entered, error) {
	id, err := in.key()
	if err != nil {
		return client.Entered{}, err
	}
	agency, err := h.acting(ctx, in.Caller)
	if err != nil {
		return client.Entered{}, err
	}
	entry, err := sharing.Revoke(ctx, h.Host, id, agency, in.Index, in.Body.Reason)
	return client.Entered{Entry: entry.String()}, err
}
