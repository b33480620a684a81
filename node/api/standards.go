package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/calls"
	"xietong/node/catalog"
	"xietong/node/client"
	"xietong/node/rows"
	"xietong/node/sharing"
	"xietong/node/text"
)

// The requests about standard entries.
type (
	publishStandard struct {
		Caller
		Body client.NewStandard
	}
	listStandards struct {
		Caller
		At string `query:"at" maxLength:"200" doc:"The jurisdiction that set them; empty: this one"`
	}
	standardOf struct {
		OfDataset
		From string `query:"from" maxLength:"200" doc:"The jurisdiction that set it; empty: the nearest one above that has"`
	}
)

func (s *server) registerStandards(a huma.API) {
	handle(s, a, post("publish-standard", "/v1/standards", "Set a standard entry, or its next version"), newStandard)
	handle(s, a, get("standards", "/v1/standards", "The standard entries that a jurisdiction has set"), standards)
	handle(s, a, get("standard-of", "/v1/standards/{code}", "One standard entry, of those above"), standardAbove)
}

// newStandard sets a standard entry, as an act of the agency that it names.
func newStandard(ctx context.Context, h Hosted, in *publishStandard) (client.Standard, error) {
	id, err := in.key()
	if err != nil {
		return client.Standard{}, err
	}
	entry, err := h.entryFor(ctx, in.Caller, in.Body.NewDataset)
	if err != nil {
		return client.Standard{}, err
	}
	s := catalog.Standard{Entry: entry, Level: in.Body.Level}
	if err := s.Validate(); err != nil {
		return client.Standard{}, invalid(in.Body.Code, err)
	}
	set, err := catalog.PublishStandard(ctx, h.Host, id, s)
	if errors.Is(err, catalog.ErrInvalid) {
		err = invalid(in.Body.Code, err)
	}
	return setShown(set), err
}

func standardShown(s catalog.Standard) client.NewStandard {
	return client.NewStandard{NewDataset: datasetShown(s.Entry), Level: s.Level}
}

func standards(ctx context.Context, h Hosted, in *listStandards) (client.Standards, error) {
	out := client.Standards{Standards: []client.Standard{}}
	at, err := h.jurisdictionAt(in.At)
	if err != nil {
		return out, err
	}
	if at.IsZero() {
		all, err := h.ownStandards(ctx)
		out.Standards = append(out.Standards, all...)
		return out, err
	}
	id, agency, err := h.reading(ctx, in.Caller)
	if err != nil {
		return out, err
	}
	all, err := h.Calls.Standards(ctx, id, at, agency, identity.Label{})
	for _, s := range all {
		out.Standards = append(out.Standards, standardGot(s))
	}
	return out, err
}

func (h Hosted) ownStandards(ctx context.Context) (all []client.Standard, err error) {
	err = h.Host.View(ctx, func(r *state.Reader) error {
		set, err := catalog.Standards(r)
		for _, s := range set {
			all = append(all, setShown(s))
		}
		return err
	})
	return all, err
}

func setShown(s catalog.SetStandard) client.Standard {
	return client.Standard{
		NewStandard: standardShown(s.Standard), Version: s.Version, Entry: s.At.String(), Setter: s.At.Log().Jurisdiction().String(),
	}
}

func standardGot(s calls.StandardAt) client.Standard {
	return client.Standard{
		NewStandard: standardShown(s.Standard), Version: s.Version, Entry: s.Entry.String(), Setter: s.Entry.Log().Jurisdiction().String(),
	}
}

// standardAbove finds a standard entry: of the jurisdiction that is named, or of the nearest one above that has it.
func standardAbove(ctx context.Context, h Hosted, in *standardOf) (client.Standard, error) {
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return client.Standard{}, err
	}
	from, err := h.jurisdictionAt(in.From)
	if err != nil {
		return client.Standard{}, err
	}
	above := []identity.Jurisdiction{from}
	if from.IsZero() {
		above = above[:0]
		for parent, ok := h.Host.Name().Parent(); ok; parent, ok = parent.Parent() {
			above = append(above, parent)
		}
	}
	failed := text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": h.Host.Name().String()}, nil)
	for _, setter := range above {
		s, err := h.standard(ctx, in.Caller, setter, code)
		if err == nil {
			return standardGot(s), nil
		}
		failed = err
		if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != text.NoStandard {
			break
		}
	}
	return client.Standard{}, failed
}

func (h Hosted) standard(ctx context.Context, c Caller, setter identity.Jurisdiction, code identity.Label) (calls.StandardAt, error) {
	id, agency, err := h.reading(ctx, c)
	if err != nil {
		return calls.StandardAt{}, err
	}
	return h.Calls.Standard(ctx, id, setter, agency, code)
}

// adoption holds that an entry which names a standard is that standard, or tighter, as whoever set it says now. It returns nil
// where the entry names none.
func (h Hosted) adoption(ctx context.Context, c Caller, e catalog.Entry) (*calls.StandardAt, error) {
	if e.Standard == "" {
		if len(e.Counts) > 0 {
			return nil, invalid(e.Code.String(), errors.New("only who adopts a standard lets others count"))
		}
		return nil, nil
	}
	named, err := identity.ParseEntry(e.Standard)
	if err != nil {
		return nil, invalid(e.Code.String(), err)
	}
	setter := named.Log().Jurisdiction()
	if self := h.Host.Name(); self == setter || !self.Under(setter) {
		return nil, invalid(e.Code.String(), errors.New("a standard is set by who stands above"))
	}
	s, err := h.standard(ctx, c, setter, e.Code)
	switch {
	case err != nil:
		return nil, err
	case s.Entry != named:
		return nil, invalid(e.Code.String(), errors.New("the standard that it names is not the one that holds now, "+s.Entry.String()))
	case h.Level != "" && s.Level != h.Level:
		return nil, invalid(e.Code.String(), errors.New("the standard is for the level "+s.Level))
	}
	if err := s.Adopts(e); err != nil {
		return nil, invalid(e.Code.String(), err)
	}
	return &s, nil
}

// stand grants what the adopted standard names.
func (h Hosted) stand(ctx context.Context, s *calls.StandardAt, e catalog.Entry) error {
	if s == nil || len(e.Counts) == 0 {
		return nil
	}
	var p catalog.Published
	err := h.Host.View(ctx, func(r *state.Reader) (err error) {
		p, err = catalog.Dataset(r, e.Code)
		return err
	})
	if err != nil {
		return err
	}
	setter := identity.NewAgency(s.Entry.Log().Jurisdiction(), s.Agency)
	return sharing.Stand(ctx, h.Host, setter, e.Code, p.Version, p.At, e.Counts)
}

// entryFor turns what was sent into a checked catalogue entry of the acting agency.
func (h Hosted) entryFor(ctx context.Context, c Caller, d client.NewDataset) (catalog.Entry, error) {
	if d.Agency == "" {
		acting, err := h.acting(ctx, c)
		if err != nil {
			return catalog.Entry{}, err
		}
		d.Agency = acting.String()
	}
	entry, err := entryOf(d)
	if err != nil {
		return entry, invalid(d.Code, err)
	}
	schema, err := rows.Compile(entry.Schema, entry.Key, entry.Indexed)
	if err == nil {
		err = hasFields(schema, entry.GroupBy)
	}
	if err != nil {
		return entry, invalid(d.Code, err)
	}
	acting, err := h.acting(ctx, Caller{Agency: entry.Agency.String()})
	if err != nil {
		return entry, err
	}
	if c.Agency != "" && c.Agency != acting.String() {
		return entry, text.Fail(text.NotProvider, text.Args{
			"agency": text.Short(c.Agency), "dataset": entry.Code.String(), "provider": acting.String(),
		}, nil)
	}
	return entry, nil
}

// hasFields holds that records have the fields by which they may be grouped.
func hasFields(schema *rows.Schema, groupBy []string) error {
	for _, name := range groupBy {
		if !slices.ContainsFunc(schema.Fields(), func(f rows.Field) bool { return f.Name == name }) {
			return fmt.Errorf("the schema has no field %s to group by", name)
		}
	}
	return nil
}

// datasetShown is a catalogue entry in the wire's form.
func datasetShown(e catalog.Entry) client.NewDataset {
	d := client.NewDataset{
		Code: e.Code.String(), Title: e.Title, Agency: e.Agency.String(), Category: e.Category, Citation: e.Citation,
		Purposes: []client.Purpose{}, Schema: json.RawMessage(e.Schema), Key: e.Key, Indexed: e.Indexed, NotSecret: e.NotSecret,
		UpdateCycle: e.UpdateCycle, Standard: e.Standard, GroupBy: e.GroupBy, SmallestCell: e.SmallestCell,
	}
	for _, p := range e.Purposes {
		d.Purposes = append(d.Purposes, client.Purpose{Code: p.Code.String(), Title: p.Title})
	}
	for _, c := range e.Counts {
		d.Counts = append(d.Counts, c.String())
	}
	return d
}
