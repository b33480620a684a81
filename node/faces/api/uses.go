package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/faces/client"
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
	handle(s, a, post("query", "/v1/query", "Ask for records, or what they come to"), query)
	handle(s, a, post("federated-query", "/v1/federated-query", "Ask many jurisdictions what their records come to"), gathered)
	handle(s, a, post("verify", "/v1/verify", "Ask whether a field has a value"), verify)
	handle(s, a, get("grants", "/v1/grants", "The grants that the agency gave or holds"), grants)
	handle(s, a, post("revoke-grant", "/v1/grants/{index}/revocation", "End a grant"), revocation)
}

func query(ctx context.Context, h Hosted, in *askQuery) (out client.Answer, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	of, err := h.Standing.Resolve(in.Body.At)
	if err != nil {
		return out, err
	}
	q, err := h.question(in.Body)
	if err != nil {
		return out, err
	}
	got, err := h.Ask.Query(ctx, id, in.by(), of, q)
	rests(ctx, got.Stands)
	if err != nil {
		return out, err
	}
	out = answerShown(h.Standing, got, q.Measure)
	out.StatusAsOf = statusAsOf(h.Standing, of)
	return out, nil
}

func verify(ctx context.Context, h Hosted, in *askVerification) (out client.Verdict, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	of, err := h.Standing.Resolve(in.Body.At)
	if err != nil {
		return out, err
	}
	code, err := h.datasetCode(in.Body.Dataset)
	if err != nil {
		return out, err
	}
	got, err := h.Ask.Verify(ctx, id, in.by(), of, records.Claim{
		Dataset: code, Key: in.Body.Key, Field: in.Body.Field, Value: in.Body.Value,
		Purpose: in.Body.Purpose, Application: application(in.Body.Use),
	})
	rests(ctx, got.Stands)
	if err != nil {
		return out, err
	}
	return client.Verdict{
		Answer: string(got.Outcome), Access: got.Access.String(), Grant: got.Grant.String(), Asked: got.Asked.String(),
		StatusAsOf: statusAsOf(h.Standing, of),
	}, nil
}

// grants lists the grants that the acting agency holds, and those of the datasets that it provides.
func grants(ctx context.Context, h Hosted, in *plain) (client.Grants, error) {
	out := client.Grants{Grants: []client.Grant{}}
	err := h.Ledger.View(ctx, func(r *state.Reader) error {
		agency, err := in.by().Resolve(r)
		if err != nil {
			return err
		}
		for _, g := range sharing.GrantsOf(r, records.DatasetState, agency) {
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
	a, err := sharing.ApplicationOf(h.Ledger, r, g)
	if err != nil {
		return client.Grant{}, err
	}
	out := client.Grant{
		Grant: g.Name(r.Log()).String(), Application: g.Application.In(r.Log()).String(), Consumer: g.Consumer.String(),
		Dataset: g.Dataset.String(), Purpose: g.Purpose.String(), Basis: a.Basis, Scenario: a.Scenario, Scope: a.Scope,
		Method: a.Method, Until: stamp(g.Until), State: client.GrantLive, Uses: g.Uses, Endless: g.Endless, Measures: g.Measures,
	}
	if g.Endless {
		out.Until = ""
	}
	switch {
	case g.Revoked != ledger.None:
		out.State = client.GrantRevoked
	case !g.Endless && uint64(g.Until.UnixMilli()) <= r.Time():
		out.State = client.GrantExpired
	}
	return out, nil
}

func revocation(ctx context.Context, h Hosted, in *revokeGrant) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		return sharing.Revoke(ctx, h.Ledger, id, in.by(), in.Index, in.Body.Reason)
	})
}
