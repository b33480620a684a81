package sharing

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// Apply files the application. The same command grants it by rule, for the measures that the entry
// declares now. Refusals: text.BasisNeeded for an incomplete application, or text.MeasureNeedsBasis
// where the use would need none in a narrower form, text.TooLarge for a text
// above MaxTextLen bytes, text.BadRequest for an end that is no time, over, or more than
// MaxGrantYears away. Of what is not refused so, giving is told before anything is written; it may
// be nil.
func (p Permit) Apply(ctx context.Context, l book.Ledger, giving func(context.Context, identity.Agency) error) (Permit, error) {
	q := p.request
	until, err := q.check(q.Dataset, p.at)
	if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.BasisNeeded && p.exceeds {
		err = text.Fail(text.MeasureNeedsBasis, text.Args{
			"missing": f.Args["missing"], "dataset": f.Args["dataset"], "fields": cmp.Or(strings.Join(q.Offer.GroupBy, ", "), "–"),
		}, nil)
	}
	if err == nil && giving != nil {
		err = giving(ctx, q.Consumer)
	}
	if err != nil {
		return Permit{}, err
	}
	application, err := p.state(l)
	if err != nil {
		return Permit{}, fmt.Errorf("file application: %w", err)
	}
	answer, err := p.answered(l, until)
	if err != nil {
		return Permit{}, fmt.Errorf("file application: %w", err)
	}
	p.Now, p.Until = true, until
	p.Grant, err = commandApply.Do(ctx, l, book.Request{}, applyBody{
		Consumer: q.Consumer, Dataset: q.Dataset, Version: q.Version, Purpose: p.purpose, Until: uint64(until.UnixMilli()),
		Measures: q.Offer.Measures, Renews: p.renews, Application: application, Grant: answer,
	})
	return p, err
}

// answered makes the statement of the grant, which says by itself to whom what is given, and until
// when: its receipt is read without that of the application.
func (p Permit) answered(l book.Ledger, until time.Time) (book.Statement, error) {
	q := p.request
	payload, err := json.Marshal(struct {
		Answer   string          `json:"answer"`
		By       string          `json:"by"`
		Category string          `json:"category"`
		Consumer string          `json:"consumer"`
		Dataset  string          `json:"dataset"`
		Version  uint64          `json:"version"`
		Purpose  string          `json:"purpose"`
		Measures policy.Measures `json:"measures,omitempty"`
		Until    string          `json:"until"`
	}{"granted", "rule", "unconditional", q.Consumer.String(), q.Dataset.String(), q.Version, q.Purpose, q.Offer.Measures, until.UTC().Format(time.RFC3339)})
	if err != nil {
		return book.Statement{}, err
	}
	return l.Note(jsonType, payload)
}

// state makes the statement of the application: an act of the consumer or, for a consumer of
// another jurisdiction, a note of the node with the request that the origin signed.
func (p Permit) state(l book.Ledger) (book.Statement, error) {
	q := p.request
	payload, err := json.Marshal(struct {
		Consumer string `json:"consumer"`
		Dataset  string `json:"dataset"`
		Version  uint64 `json:"version"`
		Purpose  string `json:"purpose"`
		Application
		Renews  string `json:"renews,omitempty"` // the grant that it is to renew
		Request []byte `json:"request,omitempty"`
	}{q.Consumer.String(), q.Dataset.String(), q.Version, q.Purpose, q.Application, p.renews.In(l.Names()).String(), q.Evidence})
	if err != nil {
		return book.Statement{}, err
	}
	remote, err := q.remote(l.Name())
	switch {
	case err != nil:
		return book.Statement{}, err
	case remote:
		return l.Note(jsonType, payload)
	}
	return l.Act(applicationHead(l.Name(), q.Consumer, q.Dataset), jsonType, payload)
}
