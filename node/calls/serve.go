package calls

import (
	"context"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/book"
	"xietong/node/records"
	"xietong/node/sharing"
	"xietong/node/text"
)

// Operations returns what other jurisdictions may ask of this one.
func (d *Desk) Operations() map[identity.Label]relay.Operation {
	return map[identity.Label]relay.Operation{
		opQuery: d.serveQuery, opVerify: d.serveVerify, opReceipt: d.serveReceipt, opDatasets: d.serveDatasets,
		opShares: d.serveShares, opStandards: d.serveStandards,
	}
}

// Federated returns the operations of federated requests.
func (d *Desk) Federated() map[identity.Label]relay.Operation {
	return map[identity.Label]relay.Operation{opGather: d.serveGather}
}

// parameters reads what a call brings.
func parameters(r relay.Received, v any) error {
	if err := canon.Unmarshal(r.Call.Parameters, maxParameters, v); err != nil {
		return malformed(err)
	}
	return nil
}

func malformed(err error) error {
	return text.Fail(text.BadRequest, text.Args{"where": "parameters", "reason": "another form"}, err)
}

// consumer returns whose use a call is.
func consumer(r relay.Received) (identity.Agency, error) {
	if r.Call.Agency.IsZero() {
		return identity.Agency{}, text.Fail(text.AgencyNeeded, text.Args{"jurisdiction": r.Header.Origin.String(), "agencies": "-"}, nil)
	}
	return identity.NewAgency(r.Header.Origin, r.Call.Agency), nil
}

func (d *Desk) serveQuery(ctx context.Context, r relay.Received) (relay.Result, error) {
	from, err := consumer(r)
	if err != nil {
		return relay.Result{}, err
	}
	var p queryParameters
	if err := parameters(r, &p); err != nil {
		return relay.Result{}, err
	}
	q, err := p.question()
	if err != nil {
		return relay.Result{}, malformed(err)
	}
	q.Purpose, q.MaxBytes, q.Evidence = r.Call.Purpose.String(), maxRows, r.Evidence
	got, err := d.records.Query(ctx, r.Header.ID, from, q)
	if err != nil {
		return relay.Result{}, fmt.Errorf("serve query: %w", err)
	}
	return relay.Result{Entry: got.Access, Content: encode(queryResult{
		Rows: got.Rows, Count: got.Count, Scanned: got.Scanned, Cursor: got.Cursor, AsOf: got.AsOf, Grant: got.Grant, GrantedNow: got.GrantedNow,
		Groups: groupsOf(got.Groups),
	})}, nil
}

func groupsOf(groups []records.Group) (all []groupWire) {
	for _, g := range groups {
		all = append(all, groupWire{Value: g.Value, Count: g.Count, Suppressed: g.Suppressed})
	}
	return all
}

func (d *Desk) serveVerify(ctx context.Context, r relay.Received) (relay.Result, error) {
	from, err := consumer(r)
	if err != nil {
		return relay.Result{}, err
	}
	var p verifyParameters
	if err := parameters(r, &p); err != nil {
		return relay.Result{}, err
	}
	c, err := p.claim()
	if err != nil {
		return relay.Result{}, malformed(err)
	}
	c.Purpose, c.Evidence = r.Call.Purpose.String(), r.Evidence
	outcome, use, err := d.records.Verify(ctx, r.Header.ID, from, c)
	if err != nil {
		return relay.Result{}, fmt.Errorf("serve verification: %w", err)
	}
	return relay.Result{Entry: use.Access, Content: encode(verifyResult{
		Outcome: string(outcome), Grant: use.Grant, GrantedNow: use.GrantedNow,
	})}, nil
}

// serveReceipt gives the receipt of an entry that records a use of the origin's. Any other is told like one that is not
// there: what others did is not said, not even whether they did.
func (d *Desk) serveReceipt(ctx context.Context, r relay.Received) (relay.Result, error) {
	var p receiptParameters
	if err := parameters(r, &p); err != nil {
		return relay.Result{}, err
	}
	none := func(err error) (relay.Result, error) {
		return relay.Result{}, text.Fail(text.NotFound, text.Args{"what": "entry", "where": p.Entry.String()}, err)
	}
	if p.Entry.Log() != d.own.Log() {
		return none(nil)
	}
	var user identity.Agency
	var records bool
	err := d.own.View(ctx, func(s *state.Reader) (err error) {
		user, records, err = sharing.ConsumerOf(s, p.Entry.Index())
		return err
	})
	if err != nil {
		return relay.Result{}, fmt.Errorf("serve receipt: %w", err)
	}
	if !records || user.Jurisdiction() != r.Header.Origin {
		return none(nil)
	}
	receipt, preimage, err := d.own.Receipt(ctx, p.Entry.Index())
	if errors.Is(err, book.ErrNoEntry) {
		return none(err)
	}
	if err != nil {
		return relay.Result{}, fmt.Errorf("serve receipt: %w", err)
	}
	return relay.Result{Content: encode(receiptResult{Receipt: receipt, Preimage: preimage})}, nil
}

// serveDatasets gives as much of the catalogue as an answer holds.
func (d *Desk) serveDatasets(ctx context.Context, r relay.Received) (relay.Result, error) {
	var p datasetsParameters
	if err := parameters(r, &p); err != nil {
		return relay.Result{}, err
	}
	all, err := d.records.Catalogue(ctx, p.After)
	if err != nil {
		return relay.Result{}, fmt.Errorf("serve catalogue: %w", err)
	}
	var page datasetsResult
	size := 0
	for _, o := range all {
		w := datasetOf(o)
		size += len(encode(w))
		if len(page.Datasets) > 0 && size > maxCatalogue {
			page.After = page.Datasets[len(page.Datasets)-1].Code
			break
		}
		page.Datasets = append(page.Datasets, w)
	}
	return relay.Result{Content: encode(page)}, nil
}

func datasetOf(o records.Offered) datasetWire {
	w := datasetWire{
		Code: o.Code, Title: o.Title, Agency: o.Agency, Category: o.Category, Citation: o.Citation, Key: o.Key, Indexed: o.Indexed,
		UpdateCycle: o.UpdateCycle, Version: o.Version, Entry: o.At,
	}
	for _, p := range o.Purposes {
		w.Purposes = append(w.Purposes, purposeWire{Code: p.Code, Title: p.Title})
	}
	for _, f := range o.Fields {
		w.Fields = append(w.Fields, fieldWire{Name: f.Name, Type: typeNames[f.Type], Nullable: f.Nullable})
	}
	return w
}
