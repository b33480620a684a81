// Package anywhere asks one jurisdiction, this one or another, for records, a verification, its
// catalogue, its standards or a receipt. A question to this jurisdiction is served from its own
// ledger, a question to another jurisdiction by a call. The rules are the same for both, and so are
// the records of a use.
package anywhere

import (
	"context"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// Desk asks for the agencies of one hosted jurisdiction. Many goroutines may use it.
type Desk struct {
	own     book.Ledger
	records *records.Desk
	sharing *sharing.Desk
	caller  operation.Caller
}

// New returns the desk of the jurisdiction whose records r keeps, and whose receipts s gives.
func New(own book.Ledger, r *records.Desk, s *sharing.Desk, caller operation.Caller) *Desk {
	return &Desk{own: own, records: r, sharing: s, caller: caller}
}

// Query asks a question of a jurisdiction.
func (d *Desk) Query(ctx context.Context, id identity.Message, by catalog.Actor, of identity.Jurisdiction, q records.Question) (records.Answer, error) {
	if of == d.own.Name() {
		return d.records.Query(ctx, id, by, q)
	}
	return records.Remote{Caller: d.caller}.Query(ctx, operation.Asking{ID: id, To: of, By: by}, q)
}

// Verify asks a jurisdiction to confirm a claim.
func (d *Desk) Verify(ctx context.Context, id identity.Message, by catalog.Actor, of identity.Jurisdiction, c records.Claim) (records.Verdict, error) {
	if of == d.own.Name() {
		return d.records.Verify(ctx, id, by, c)
	}
	return records.Remote{Caller: d.caller}.Verify(ctx, operation.Asking{ID: id, To: of, By: by}, c)
}

// Datasets returns the catalogue of a jurisdiction, in the order of the codes. Nothing is recorded.
func (d *Desk) Datasets(ctx context.Context, by catalog.Actor, of identity.Jurisdiction) (all []catalog.Published, err error) {
	if of == d.own.Name() {
		err = d.own.View(ctx, func(r *state.Reader) (err error) {
			all, err = catalog.Datasets(r)
			return err
		})
		return all, err
	}
	return reading(by, of, func(a operation.Asking) ([]catalog.Published, error) {
		return catalog.Remote{Caller: d.caller}.Datasets(ctx, a)
	})
}

// Standards returns the standard entries that a jurisdiction has set. Nothing is recorded.
func (d *Desk) Standards(ctx context.Context, by catalog.Actor, of identity.Jurisdiction) (all []catalog.SetStandard, err error) {
	if of == d.own.Name() {
		err = d.own.View(ctx, func(r *state.Reader) (err error) {
			all, err = catalog.Standards(r)
			return err
		})
		return all, err
	}
	return reading(by, of, func(a operation.Asking) ([]catalog.SetStandard, error) {
		return catalog.Remote{Caller: d.caller}.Standards(ctx, a, identity.Label{})
	})
}

// Standard returns the standard entry with the code that a jurisdiction has set, and that holds.
// Nothing is recorded.
func (d *Desk) Standard(ctx context.Context, by catalog.Actor, of identity.Jurisdiction, code identity.Label) (catalog.SetStandard, error) {
	if of != d.own.Name() {
		return reading(by, of, func(a operation.Asking) (catalog.SetStandard, error) {
			return catalog.Remote{Caller: d.caller}.Standard(ctx, a, code)
		})
	}
	var s *catalog.SetStandard
	err := d.own.View(ctx, func(r *state.Reader) (err error) {
		s, err = catalog.StandardOf(r, code)
		return err
	})
	if err == nil && s == nil {
		err = text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": of.String()}, nil)
	}
	if err != nil {
		return catalog.SetStandard{}, err
	}
	return s.Holding(of)
}

// Receipt returns the receipt of an entry, and the payload if it belongs to the actor. Another
// jurisdiction gives the receipt of an entry of its ledger only if the payload belongs to the
// actor.
func (d *Desk) Receipt(ctx context.Context, by catalog.Actor, e identity.Entry) (sharing.Receipt, error) {
	of := e.Log().Jurisdiction()
	if of == d.own.Name() {
		return d.sharing.Receipt(ctx, by, e)
	}
	return reading(by, of, func(a operation.Asking) (sharing.Receipt, error) {
		return sharing.Remote{Caller: d.caller}.Receipt(ctx, a, e)
	})
}

// reading asks a question that is no use of data, under a new id.
func reading[R any](by catalog.Actor, of identity.Jurisdiction, ask func(operation.Asking) (R, error)) (result R, err error) {
	id, err := identity.NewMessage()
	if err != nil {
		return result, err
	}
	return ask(operation.Asking{ID: id, To: of, By: by})
}
