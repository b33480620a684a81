package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/catalog"
	"xietong/node/client"
	"xietong/node/text"
)

// The requests about datasets and their records.
type (
	publishDataset struct {
		Caller
		Body client.NewDataset
	}
	// OfDataset is a request about one dataset.
	OfDataset struct {
		Caller
		Code string `path:"code" doc:"Code of the dataset"`
	}
	listDatasets struct {
		Caller
		At string `query:"at" maxLength:"200" doc:"Another jurisdiction, whose catalogue is asked for"`
	}
	putRecord struct {
		OfDataset
		Body client.PutRecord
	}
	retractRecord struct {
		OfDataset
		Body client.Retraction
	}
	recordHistory struct {
		OfDataset
		Body client.HistoryOf
	}
)

func (s *server) registerDatasets(a huma.API) {
	handle(s, a, post("publish-dataset", "/v1/datasets", "Publish a catalogue entry"), newDataset)
	handle(s, a, get("datasets", "/v1/datasets", "The catalogue"), datasets)
	handle(s, a, get("dataset", "/v1/datasets/{code}", "One catalogue entry"), showDataset)
	handle(s, a, post("put-record", "/v1/datasets/{code}/records", "Put a record"), newRecord)
	handle(s, a, post("retract-record", "/v1/datasets/{code}/retractions", "Take a record out of use"), retraction)
	handle(s, a, post("record-history", "/v1/datasets/{code}/history", "The versions of a record"), history)
}

// acting returns the agency that acts: the one that the caller names, or the only one.
func (h Hosted) acting(ctx context.Context, c Caller) (identity.Label, error) {
	var codes []string
	err := h.Host.View(ctx, func(r *state.Reader) error {
		all, err := catalog.Agencies(r)
		for _, l := range all {
			codes = append(codes, l.Code.String())
		}
		return err
	})
	if err != nil {
		return identity.Label{}, err
	}
	in, listed := h.Host.Name().String(), strings.Join(codes, ", ")
	switch {
	case c.Agency == "" && len(codes) == 1:
		return identity.ParseLabel(codes[0])
	case len(codes) == 0:
		return identity.Label{}, text.Fail(text.NoAgency, text.Args{"jurisdiction": in}, nil)
	case c.Agency == "":
		return identity.Label{}, text.Fail(text.AgencyNeeded, text.Args{"jurisdiction": in, "agencies": listed}, nil)
	case !slices.Contains(codes, c.Agency):
		return identity.Label{}, text.Fail(text.UnknownAgency, text.Args{
			"agency": text.Short(c.Agency), "jurisdiction": in, "agencies": listed,
		}, nil)
	}
	return identity.ParseLabel(c.Agency)
}

// datasetCode parses a code. What is no label is no dataset either.
func (h Hosted) datasetCode(s string) (identity.Label, error) {
	code, err := identity.ParseLabel(s)
	if err != nil {
		return code, text.Fail(text.UnknownDataset, text.Args{"dataset": text.Short(s), "jurisdiction": h.Host.Name().String()}, err)
	}
	return code, nil
}

// entryName names the entry at index.
func (h Hosted) entryName(index uint64) string { return h.Host.Log().Entry(index).String() }

// newDataset publishes a catalogue entry, as an act of the agency that it names.
func newDataset(ctx context.Context, h Hosted, in *publishDataset) (client.Dataset, error) {
	id, err := in.key()
	if err != nil {
		return client.Dataset{}, err
	}
	entry, err := h.entryFor(ctx, in.Caller, in.Body)
	if err != nil {
		return client.Dataset{}, err
	}
	standard, err := h.adoption(ctx, in.Caller, entry)
	if err != nil {
		return client.Dataset{}, err
	}
	at, err := catalog.Publish(ctx, h.Host, id, entry)
	if err != nil {
		return client.Dataset{}, err
	}
	if err := h.stand(ctx, standard, entry); err != nil {
		return client.Dataset{}, err
	}
	out := client.Dataset{NewDataset: datasetShown(entry), Entry: at.String()}
	err = h.Host.View(ctx, func(r *state.Reader) error {
		p, err := catalog.Dataset(r, entry.Code)
		out.Version = p.Version
		return err
	})
	return out, err
}

// invalid tells a person why an entry cannot be published.
func invalid(code string, err error) error {
	reason := strings.TrimPrefix(err.Error(), catalog.ErrInvalid.Error()+": ")
	return text.Fail(text.EntryInvalid, text.Args{"dataset": text.Short(code), "reason": reason}, err)
}

// entryOf turns what was sent into a checked catalogue entry.
func entryOf(d client.NewDataset) (catalog.Entry, error) {
	e := catalog.Entry{
		Title: d.Title, Category: d.Category, Citation: d.Citation, Purposes: []catalog.Purpose{}, Schema: d.Schema, Key: d.Key,
		Indexed: append([]string{}, d.Indexed...), UpdateCycle: d.UpdateCycle, NotSecret: d.NotSecret,
	}
	var errs [2]error
	e.Code, errs[0] = identity.ParseLabel(d.Code)
	e.Agency, errs[1] = identity.ParseLabel(d.Agency)
	for _, p := range d.Purposes {
		code, err := identity.ParseLabel(p.Code)
		if err != nil {
			return e, err
		}
		e.Purposes = append(e.Purposes, catalog.Purpose{Code: code, Title: p.Title})
	}
	e.Standard, e.GroupBy, e.SmallestCell = d.Standard, d.GroupBy, d.SmallestCell
	for _, c := range d.Counts {
		code, err := identity.ParseLabel(c)
		if err != nil {
			return e, err
		}
		e.Counts = append(e.Counts, code)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return e, err
	}
	return e, e.Validate()
}

func publishedShown(p catalog.Published) client.Dataset {
	return client.Dataset{NewDataset: datasetShown(p.Entry), Version: p.Version, Entry: p.At.String()}
}

func datasets(ctx context.Context, h Hosted, in *listDatasets) (client.Datasets, error) {
	out := client.Datasets{Datasets: []client.Dataset{}}
	at, err := h.jurisdictionAt(in.At)
	if err != nil {
		return out, err
	}
	if !at.IsZero() {
		return h.datasetsAt(ctx, in.Caller, at)
	}
	err = h.Host.View(ctx, func(r *state.Reader) error {
		all, err := catalog.Datasets(r)
		for _, p := range all {
			out.Datasets = append(out.Datasets, publishedShown(p))
		}
		return err
	})
	return out, err
}

func showDataset(ctx context.Context, h Hosted, in *OfDataset) (out client.Dataset, err error) {
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return out, err
	}
	err = h.Host.View(ctx, func(r *state.Reader) error {
		p, err := catalog.Dataset(r, code)
		out = publishedShown(p)
		return err
	})
	return out, err
}

// onRecord is what every operation on a dataset's records begins with.
func (h Hosted) onRecord(ctx context.Context, in OfDataset) (agency, code identity.Label, err error) {
	if code, err = h.datasetCode(in.Code); err != nil {
		return agency, code, err
	}
	agency, err = h.acting(ctx, in.Caller)
	return agency, code, err
}

func newRecord(ctx context.Context, h Hosted, in *putRecord) (client.RecordPut, error) {
	id, err := in.key()
	if err != nil {
		return client.RecordPut{}, err
	}
	agency, code, err := h.onRecord(ctx, in.OfDataset)
	if err != nil {
		return client.RecordPut{}, err
	}
	entry, replaced, err := h.Records.Put(ctx, id, agency, code, in.Body.Record)
	return client.RecordPut{Entry: entry.String(), Replaced: replaced}, err
}

func retraction(ctx context.Context, h Hosted, in *retractRecord) (client.Entered, error) {
	id, err := in.key()
	if err != nil {
		return client.Entered{}, err
	}
	agency, code, err := h.onRecord(ctx, in.OfDataset)
	if err != nil {
		return client.Entered{}, err
	}
	entry, err := h.Records.Retract(ctx, id, agency, code, in.Body.Key, in.Body.Reason)
	return client.Entered{Entry: entry.String()}, err
}

func history(ctx context.Context, h Hosted, in *recordHistory) (client.History, error) {
	out := client.History{Versions: []client.RecordVersion{}}
	agency, code, err := h.onRecord(ctx, in.OfDataset)
	if err != nil {
		return out, err
	}
	all, err := h.Records.History(ctx, agency, code, in.Body.Key)
	for _, v := range all {
		shown := client.RecordVersion{
			Entry: h.entryName(v.Index), Time: v.Time.UTC().Format(time.RFC3339), State: client.VersionPut,
			Import: v.Import.In(h.Host.Log()).String(),
		}
		if v.Retracted {
			shown.State = client.VersionRetracted
		}
		out.Versions = append(out.Versions, shown)
	}
	return out, err
}
