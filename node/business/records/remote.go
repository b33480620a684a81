package records

import (
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// The operations of this room. Each is a use of data by an agency of the jurisdiction that asks.
const (
	operationQuery  operation.Operation[Question, Answer] = "query"
	operationVerify operation.Operation[Claim, Verdict]   = "verify"
)

// maxRows bounds the rows of an answer to another jurisdiction, in bytes, so that the rest of the
// answer fits.
const maxRows = operation.MaxListed

// Serve registers the operations. An agency of the jurisdiction that asks, which consumers finds,
// is a consumer like an agency of this one, and its use is recorded before the answer leaves.
func (d *Desk) Serve(in *relay.Registry, consumers operation.Consumers) {
	operationQuery.ServeUse(in, consumers, func(ctx context.Context, r relay.Received, by identity.Agency, q Question) (Answer, operation.Record, error) {
		q.Purpose, q.MaxBytes, q.Evidence = r.Call.Purpose.String(), maxRows, r.Evidence
		got, err := d.Query(ctx, r.Header.ID, catalog.Foreign(by), q)
		return got, got.Record(), err
	})
	operationVerify.ServeUse(in, consumers, func(ctx context.Context, r relay.Received, by identity.Agency, c Claim) (Verdict, operation.Record, error) {
		c.Purpose, c.Evidence = r.Call.Purpose.String(), r.Evidence
		got, err := d.Verify(ctx, r.Header.ID, catalog.Foreign(by), c)
		return got, got.Record(), err
	})
}

// Record returns the record of a use at its provider. Once anything moved on which the use rested,
// the request is told that it was answered, and no more.
func (u Use) Record() operation.Record {
	if u.Stands == nil {
		return operation.Record{}
	}
	return operation.Record{Entry: u.Access, Basis: u.Basis, Stands: func(ctx context.Context) error {
		if err := u.Stands(ctx); err != nil {
			return text.Fail(text.IDSeen, nil, err)
		}
		return nil
	}}
}

// Remote asks the desks of other jurisdictions.
type Remote struct{ Caller operation.Caller }

// Query asks another jurisdiction a question, for an agency of this one. An answer that does not
// fit the question is refused.
func (m Remote) Query(ctx context.Context, a operation.Asking, q Question) (Answer, error) {
	got, recorded, err := operationQuery.Use(ctx, m.Caller, a, q.Dataset, q.Purpose, q, func(got Answer) (operation.Told, error) {
		told := got.told(got.Count)
		told.Unfinished = got.Unfinished
		return told, got.answers(q)
	})
	got.Access, got.Asked = recorded.Access, recorded.Asked
	return got, err
}

// Verify asks another jurisdiction to confirm a claim, for an agency of this one.
func (m Remote) Verify(ctx context.Context, a operation.Asking, c Claim) (Verdict, error) {
	got, recorded, err := operationVerify.Use(ctx, m.Caller, a, c.Dataset, c.Purpose, c, func(got Verdict) (operation.Told, error) {
		return got.told(0), nil
	})
	got.Access, got.Asked = recorded.Access, recorded.Asked
	return got, err
}

// told returns what the answer to a use tells of it.
func (u Use) told(records uint64) operation.Told {
	t := operation.Told{Grant: u.Grant, Records: records}
	if u.GrantUntil > 0 {
		t.Until = time.UnixMilli(int64(u.GrantUntil))
	}
	return t
}
