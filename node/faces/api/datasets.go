package api

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/flows/adoption"
	"xietong/node/ground/text"
)

// The requests about datasets and their records.
type (
	planDataset struct {
		Caller
		Import string `query:"import" maxLength:"200" doc:"Name of the import whose rows would come along; empty: none do"`
		Body   client.NewDataset
	}
	publishDataset struct {
		Caller
		Plan     string `query:"plan" maxLength:"64" doc:"Hash of the plan that was seen: see /v1/datasets/plan; needed for a later version"`
		Import   string `query:"import" maxLength:"200" doc:"Name of the import whose rows are published together with the entry; empty: none are"`
		LeaveOut bool   `query:"leave_out" doc:"Whether records that the new schema does not take are left out of every answer"`
		Body     client.NewDataset
	}
	// OfDataset is a request about one dataset.
	OfDataset struct {
		Caller
		Code string `path:"code" doc:"Code of the dataset"`
	}
	oneDataset struct {
		OfDataset
		At string `query:"at" maxLength:"200" doc:"The jurisdiction whose catalogue is asked for; empty: this one"`
	}
	listDatasets struct {
		Listed
		Agency    string `query:"agency" maxLength:"63" doc:"Only those of this agency: its code"`
		Category  string `query:"category" enum:"unconditional,conditional,not-shared" doc:"Only those of this sharing category"`
		Standard  string `query:"standard" maxLength:"300" doc:"Only those that adopt the standard which this entry set"`
		Search    string `query:"search" maxLength:"100" doc:"Only those whose code or title has this in it"`
		At        string `query:"at" maxLength:"200" doc:"The jurisdiction whose catalogue is asked for; empty: this one"`
		Withdrawn bool   `query:"withdrawn" doc:"Whether datasets that were withdrawn are listed, too"`
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
	handle(s, a, post("plan-dataset", "/v1/datasets/plan", "What publishing a catalogue entry would do to records and grants"), plannedDataset)
	handle(s, a, get("datasets", "/v1/datasets", "The catalogue"), datasets)
	handle(s, a, get("dataset", "/v1/datasets/{code}", "One catalogue entry"), showDataset)
	handle(s, a, post("put-record", "/v1/datasets/{code}/records", "Put a record"), newRecord)
	handle(s, a, post("retract-record", "/v1/datasets/{code}/retractions", "Take a record out of use"), retraction)
	handle(s, a, post("record-history", "/v1/datasets/{code}/history", "The versions of a record"), history)
}

// datasetCode parses the code of a dataset of this jurisdiction.
func (h Hosted) datasetCode(s string) (identity.Label, error) { return h.datasetOf(s, "") }

// datasetOf parses the code of a dataset of whoever is asked; capital letters are those of a code
// that somebody wrote like a word. A text that is no label is refused as an unknown dataset,
// because no dataset can have such a code.
func (h Hosted) datasetOf(s, at string) (identity.Label, error) {
	code, err := identity.ParseLabel(strings.ToLower(s))
	if err == nil {
		return code, nil
	}
	of, failed := h.Standing.Resolve(at)
	if failed != nil {
		of = h.Ledger.Name()
	}
	return code, text.Fail(text.UnknownDataset, text.Args{"dataset": text.Short(s), "jurisdiction": of.String(), "near": ""}, err)
}

// nearDataset tells the codes that are near the one of a dataset that is not in the catalogue here,
// where the refusal tells none.
func (h Hosted) nearDataset(ctx context.Context, err error) error {
	f, ok := errors.AsType[*text.Failure](err)
	if !ok || f.Code != text.UnknownDataset || f.Args["near"] != "" || f.Args["jurisdiction"] != h.Ledger.Name().String() {
		return err
	}
	args := maps.Clone(f.Args)
	args["near"] = h.nearest(ctx, f.Args["dataset"])
	return text.Fail(f.Code, args, f.Err)
}

// nearest returns the codes of datasets and standards of this jurisdiction that are spelled nearly
// as one, where it is none of them.
func (h Hosted) nearest(ctx context.Context, dataset string) (near string) {
	_ = h.Ledger.View(ctx, func(r *state.Reader) error { // without the codes, none is told
		codes, err := catalog.Codes(r)
		if !slices.Contains(codes, dataset) {
			near = text.Nearest(dataset, codes)
		}
		return err
	})
	return near
}

// newDataset publishes a catalogue entry, as an act of the agency that it names.
func newDataset(ctx context.Context, h Hosted, in *publishDataset) (out client.Dataset, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	entry, err := datasetSent(in.Body)
	if err != nil {
		return out, catalog.Invalid(in.Body.Code, err)
	}
	with, err := importNamed(in.Import)
	if err != nil {
		return out, err
	}
	p, err := h.Adoption.Publish(ctx, id, in.by(), entry, adoption.Agreed{Plan: in.Plan, With: with, LeaveOut: in.LeaveOut})
	if err != nil {
		return out, err
	}
	return datasetShown(p)
}

// plannedDataset tells what publishing a catalogue entry would do. It publishes nothing, but the
// check of the records is recorded.
func plannedDataset(ctx context.Context, h Hosted, in *planDataset) (out client.DatasetPlan, err error) {
	if _, err := in.key(); err != nil {
		return out, err
	}
	entry, err := datasetSent(in.Body)
	if err != nil {
		return out, catalog.Invalid(in.Body.Code, err)
	}
	with, err := importNamed(in.Import)
	if err != nil {
		return out, err
	}
	p, err := h.Adoption.Plan(ctx, in.by(), entry, with)
	var since identity.Entry
	if p.Rows != nil {
		since = p.Rows.Since.In(h.Ledger.Names())
	}
	return planShown(p, since), err
}

// importNamed parses the name of an import, which is that of the entry that opened it; "": none.
func importNamed(s string) (identity.Entry, error) {
	if s == "" {
		return identity.Entry{}, nil
	}
	opened, err := identity.ParseEntry(s)
	if err != nil {
		return opened, text.Fail(text.BadRequest, text.Args{"where": "import", "reason": err.Error()}, err)
	}
	return opened, nil
}

func datasets(ctx context.Context, h Hosted, in *listDatasets) (out client.Datasets, err error) {
	w := whole[client.Dataset]{
		Hosted: h, Listed: in.Listed, name: "datasets", filter: []string{in.At, in.Agency, in.Category, in.Standard, in.Search, strconv.FormatBool(in.Withdrawn)},
		id: func(d client.Dataset) string { return d.Code },
		keep: []func(client.Dataset) bool{func(d client.Dataset) bool {
			return matches(in.Agency, d.Agency) && matches(in.Category, d.Category) && matches(in.Standard, d.Standard) && finds(in.Search, d.Code, d.Title)
		}},
	}
	of, err := h.Standing.Resolve(in.At)
	if err != nil {
		return out, err
	}
	all, err := h.Ask.Datasets(ctx, in.by(), of)
	for _, p := range all {
		if p.Withdrawn.Ended() && !in.Withdrawn {
			continue
		}
		shown, err := datasetShown(p)
		if err != nil {
			return out, err
		}
		w.all = append(w.all, shown)
	}
	if err == nil {
		out.Datasets, out.Cursor, err = w.page()
	}
	return out, err
}

func showDataset(ctx context.Context, h Hosted, in *oneDataset) (out client.Dataset, err error) {
	code, err := h.datasetOf(in.Code, in.At)
	if err != nil {
		return out, err
	}
	if of, err := h.Standing.Resolve(in.At); err != nil || of != h.Ledger.Name() {
		return h.datasetAt(ctx, in.Caller, code, of, err)
	}
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		p, err := catalog.Known(r, code, catalog.Published{})
		if err == nil {
			out, err = datasetShown(p)
		}
		return err
	})
	return out, err
}

// datasetAt shows an entry of another jurisdiction's catalogue, also one that was withdrawn.
func (h Hosted) datasetAt(ctx context.Context, c Caller, code identity.Label, of identity.Jurisdiction, err error) (out client.Dataset, _ error) {
	if err != nil {
		return out, err
	}
	all, err := h.Ask.Datasets(ctx, c.by(), of)
	if err != nil {
		return out, err
	}
	codes := make([]string, len(all))
	for i, p := range all {
		if codes[i] = p.Code.String(); p.Code == code {
			return datasetShown(p)
		}
	}
	return out, text.Fail(text.UnknownDataset, text.Args{
		"dataset": code.String(), "jurisdiction": of.String(), "near": text.Nearest(code.String(), codes),
	}, nil)
}

func newRecord(ctx context.Context, h Hosted, in *putRecord) (out client.RecordPut, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return out, err
	}
	put, err := h.Records.Put(ctx, id, in.by(), code, in.Body.Record)
	return client.RecordPut{Entry: put.Entry.String(), Replaced: put.Replaced, Unchanged: put.Unchanged}, err
}

func retraction(ctx context.Context, h Hosted, in *retractRecord) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		code, err := h.datasetCode(in.Code)
		if err != nil {
			return identity.Entry{}, err
		}
		return h.Records.Retract(ctx, id, in.by(), code, in.Body.Key, in.Body.Reason)
	})
}

func history(ctx context.Context, h Hosted, in *recordHistory) (client.History, error) {
	out := client.History{Versions: []client.RecordVersion{}}
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return out, err
	}
	all, older, err := h.Records.History(ctx, in.by(), code, in.Body.Key)
	out.Older = older
	for _, v := range all {
		shown := client.RecordVersion{
			Entry: h.entryName(v.Index), Time: stamp(v.Time), State: client.VersionPut, Import: v.Import.In(h.Ledger.Names()).String(),
			Reason: v.Reason,
		}
		if v.Retracted {
			shown.State = client.VersionRetracted
		}
		out.Versions = append(out.Versions, shown)
	}
	return out, err
}
