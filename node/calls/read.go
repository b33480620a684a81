package calls

import (
	"context"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/node/text"
)

// Receipt is the proof of an entry of another jurisdiction's ledger.
type Receipt struct {
	Entry    identity.Entry
	Receipt  []byte
	Preimage []byte // of the payload; nil when it is erased
}

// Dataset is a catalogue entry of another jurisdiction.
type Dataset struct {
	Code        identity.Label
	Title       string
	Agency      identity.Label // the provider
	Category    string         // see policy
	Citation    string         // the law that forbids sharing
	Purposes    []Purpose
	Fields      []Field // by name
	Key         string
	Indexed     []string
	UpdateCycle string
	Version     uint64
	Entry       identity.Entry
}

// Purpose is one use that a dataset is offered for.
type Purpose struct {
	Code  identity.Label
	Title string
}

// Field is one member of the records of a dataset.
type Field struct {
	Name     string
	Type     string // string, integer, number, boolean, other
	Nullable bool
}

// Receipt asks the jurisdiction of an entry for its receipt. It is given where the entry records a use by an agency of this
// jurisdiction. Whether it proves anything is to be verified with the pin of its jurisdiction, or of one above it.
func (d *Desk) Receipt(ctx context.Context, id identity.Message, to identity.Jurisdiction, agency identity.Label, entry identity.Entry) (Receipt, error) {
	var got receiptResult
	if err := d.read(ctx, request{id: id, to: to, agency: agency}, opReceipt, receiptParameters{Entry: entry}, &got); err != nil {
		return Receipt{}, err
	}
	if len(got.Receipt) == 0 {
		return Receipt{}, unreadable(to, errors.New("no receipt"))
	}
	return Receipt{Entry: entry, Receipt: got.Receipt, Preimage: got.Preimage}, nil
}

// Datasets reads the catalogue of another jurisdiction, in the order of the codes. The id is that of the first request.
func (d *Desk) Datasets(ctx context.Context, id identity.Message, to identity.Jurisdiction, agency identity.Label) (all []Dataset, err error) {
	var after identity.Label
	for range maxPages {
		var page datasetsResult
		if err := d.read(ctx, request{id: id, to: to, agency: agency}, opDatasets, datasetsParameters{After: after}, &page); err != nil {
			return nil, err
		}
		for _, w := range page.Datasets {
			if w.Code.String() <= after.String() {
				return nil, unreadable(to, errors.New("a catalogue that is in no order"))
			}
			after = w.Code
			all = append(all, w.dataset())
		}
		if page.After.IsZero() {
			return all, nil
		}
		if page.After != after {
			return nil, unreadable(to, errors.New("a catalogue that goes on elsewhere"))
		}
		if id, err = identity.NewMessage(); err != nil {
			return nil, err
		}
	}
	return nil, unreadable(to, fmt.Errorf("a catalogue of more than %d answers", maxPages))
}

// read asks for what is no use of data: nothing is recorded, at neither end.
func (d *Desk) read(ctx context.Context, r request, operation identity.Label, parameters, result any) error {
	err := d.own.View(ctx, func(s *state.Reader) error { return d.registered(s, r.agency) })
	if err != nil {
		return err
	}
	answer, err := d.asker.Ask(ctx, r.id, r.to, envelope.Call{Operation: operation, Agency: r.agency, Parameters: encode(parameters)})
	if err != nil {
		return fmt.Errorf("ask %s: %w", r.to, err)
	}
	if err := canon.Unmarshal(answer.Content, maxResult, result); err != nil {
		return unreadable(r.to, err)
	}
	return nil
}

// unreadable tells of an answer that proved to be one, and is in another form.
func unreadable(to identity.Jurisdiction, err error) error {
	return text.Fail(text.AnswerRefused, text.Args{"jurisdiction": to.String(), "reason": "another form"}, err)
}

func (w datasetWire) dataset() Dataset {
	out := Dataset{
		Code: w.Code, Title: w.Title, Agency: w.Agency, Category: w.Category, Citation: w.Citation, Key: w.Key, Indexed: w.Indexed,
		UpdateCycle: w.UpdateCycle, Version: w.Version, Entry: w.Entry,
	}
	for _, p := range w.Purposes {
		out.Purposes = append(out.Purposes, Purpose{Code: p.Code, Title: p.Title})
	}
	for _, f := range w.Fields {
		out.Fields = append(out.Fields, Field{Name: f.Name, Type: f.Type, Nullable: f.Nullable})
	}
	return out
}
