package api

import (
	"context"
	"encoding/json"

	"xietong/certs/identity"
	"xietong/node/calls"
	"xietong/node/client"
	"xietong/node/text"
)

// jurisdictionAt returns the jurisdiction that a person asks: a neighbour by whatever it is called, another place by its name
// in the roster, or any by its whole name. It is the zero value where none is named, or this one.
func (h Hosted) jurisdictionAt(named string) (to identity.Jurisdiction, err error) {
	if named == "" {
		return to, nil
	}
	found := h.Table.Named(named)
	if len(found) == 0 {
		for _, p := range h.Roster.Current().Named(named) {
			found = append(found, p.Name)
		}
	}
	if len(found) == 0 {
		if whole, err := identity.ParseJurisdiction(named); err == nil {
			found = append(found, whole)
		}
	}
	if len(found) != 1 {
		return to, text.Fail(text.JurisdictionUnknown, text.Args{"name": text.Short(named)}, nil)
	}
	if found[0] == h.Host.Name() {
		return to, nil
	}
	return found[0], nil
}

// ofEntry is a request for the receipt of an entry by its whole name.
type ofEntry struct {
	Caller
	Entry string `query:"entry" maxLength:"300" doc:"NAME/log/EPOCH/INDEX"`
}

// receiptOf gives the receipt of an entry of a hosted ledger, or asks the jurisdiction that it is of.
func (s *server) receiptOf(ctx context.Context, h Hosted, in *ofEntry) (client.Receipt, error) {
	entry, err := identity.ParseEntry(in.Entry)
	if err != nil {
		return client.Receipt{}, err
	}
	of := entry.Log().Jurisdiction()
	for _, other := range s.node.Hosted() {
		if other.Host.Name() == of {
			return receipt(ctx, other, &AtEntry{Caller: in.Caller, Index: entry.Index()})
		}
	}
	id, agency, err := h.reading(ctx, in.Caller)
	if err != nil {
		return client.Receipt{}, err
	}
	got, err := h.Calls.Receipt(ctx, id, of, agency, entry)
	return client.Receipt{Entry: got.Entry.String(), Receipt: got.Receipt, Payload: got.Preimage}, err
}

// reading is what every question begins with that uses no data.
func (h Hosted) reading(ctx context.Context, c Caller) (id identity.Message, agency identity.Label, err error) {
	if agency, err = h.acting(ctx, c); err == nil {
		id, err = identity.NewMessage()
	}
	return id, agency, err
}

// datasetsAt reads the catalogue of another jurisdiction.
func (h Hosted) datasetsAt(ctx context.Context, c Caller, at identity.Jurisdiction) (client.Datasets, error) {
	out := client.Datasets{Datasets: []client.Dataset{}}
	id, agency, err := h.reading(ctx, c)
	if err != nil {
		return out, err
	}
	all, err := h.Calls.Datasets(ctx, id, at, agency)
	if err != nil {
		return out, err
	}
	for _, d := range all {
		schema, err := schemaOf(d.Fields)
		if err != nil {
			return out, err
		}
		described := client.Dataset{Version: d.Version, Entry: d.Entry.String(), NewDataset: client.NewDataset{
			Code: d.Code.String(), Title: d.Title, Agency: d.Agency.String(), Category: d.Category, Citation: d.Citation,
			Schema: schema, Key: d.Key, Indexed: d.Indexed, NotSecret: true, UpdateCycle: d.UpdateCycle,
		}}
		for _, p := range d.Purposes {
			described.Purposes = append(described.Purposes, client.Purpose{Code: p.Code.String(), Title: p.Title})
		}
		out.Datasets = append(out.Datasets, described)
	}
	return out, nil
}

// schemaOf tells the fields of another jurisdiction's dataset as a JSON Schema: their types, and no more of the rules.
func schemaOf(fields []calls.Field) (json.RawMessage, error) {
	properties := map[string]any{}
	for _, f := range fields {
		switch {
		case f.Type == "other":
			properties[f.Name] = map[string]any{}
		case f.Nullable:
			properties[f.Name] = map[string]any{"type": []string{f.Type, "null"}}
		default:
			properties[f.Name] = map[string]any{"type": f.Type}
		}
	}
	return json.Marshal(map[string]any{"type": "object", "properties": properties})
}
