package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/business/records"
	"xietong/node/faces/client"
)

// The requests to use data.
type (
	askQuery struct {
		Caller
		Body client.Query
	}
	askVerification struct {
		Caller
		Body client.Verification
	}
)

func (s *server) registerUses(a huma.API) {
	handle(s, a, post("query", "/v1/query", "Ask for records, or what they come to"), query)
	handle(s, a, post("federated-query", "/v1/federated-query", "Ask many jurisdictions what their records come to"), gathered)
	handle(s, a, post("verify", "/v1/verify", "Ask whether a field has a value"), verify)
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
	code, err := h.datasetOf(in.Body.Dataset, in.Body.At)
	if err != nil {
		return out, err
	}
	got, err := h.Ask.Verify(ctx, id, in.by(), of, records.Claim{
		Dataset: code, Key: in.Body.Key, Field: in.Body.Field, Value: in.Body.Value,
		Purpose: in.Body.Purpose, Application: h.application(in.Body.Use),
	})
	rests(ctx, got.Stands)
	if err != nil {
		return out, err
	}
	return client.Verdict{
		Answer: string(got.Outcome), Access: got.Access.String(), Grant: got.Grant.String(), GrantUntil: endShown(got.GrantUntil), Asked: got.Asked.String(),
		StatusAsOf: statusAsOf(h.Standing, of),
	}, nil
}
