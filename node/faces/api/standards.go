package api

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// The requests about standard entries.
type (
	publishStandard struct {
		Caller
		Body client.NewStandard
	}
	listStandards struct {
		Listed
		Level     string `query:"level" maxLength:"40" doc:"Only those that this level is to offer"`
		Search    string `query:"search" maxLength:"100" doc:"Only those whose code or title has this in it"`
		At        string `query:"at" maxLength:"200" doc:"The jurisdiction that set them; empty: this one"`
		Above     bool   `query:"above" doc:"Whether those are listed that the jurisdictions above it have set, and not its own"`
		Withdrawn bool   `query:"withdrawn" doc:"Whether standard entries that were withdrawn are listed, too"`
	}
	standardOf struct {
		OfDataset
		From  string `query:"from" maxLength:"200" doc:"The jurisdiction that set it; empty: this one, or the nearest one above that has"`
		Above bool   `query:"above" doc:"Without from: of those above alone, which this jurisdiction can adopt"`
	}
)

func (s *server) registerStandards(a huma.API) {
	handle(s, a, post("publish-standard", "/v1/standards", "Set a standard entry, or its next version"), newStandard)
	handle(s, a, get("standards", "/v1/standards", "The standard entries that a jurisdiction has set"), standards)
	handle(s, a, get("standard-of", "/v1/standards/{code}", "One standard entry, of this jurisdiction or of those above"), oneStandard)
}

// newStandard sets a standard entry, as an act of the agency that it names.
func newStandard(ctx context.Context, h Hosted, in *publishStandard) (out client.Standard, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	sent, err := standardSent(in.Body)
	if err != nil {
		return out, catalog.Invalid(in.Body.Code, err)
	}
	level, levels, known := h.Standing.LevelBelow(sent.Level)
	if !known && sent.Level != "" { // without one, it is told what a standard needs
		return out, text.Fail(text.LevelAbsent, text.Args{
			"dataset": text.Short(in.Body.Code), "level": text.Short(sent.Level), "levels": strings.Join(levels, ", "),
		}, nil)
	}
	sent.Level = level
	set, err := catalog.PublishStandard(ctx, h.Ledger, id, in.by(), sent)
	if err != nil {
		return out, err
	}
	return standardShown(set)
}

func standards(ctx context.Context, h Hosted, in *listStandards) (out client.Standards, err error) {
	level, err := h.Standing.Level(in.Level)
	if err != nil {
		return out, err
	}
	in.Level = level
	w := whole[client.Standard]{
		Hosted: h, Listed: in.Listed, name: "standards", filter: []string{in.At, in.Level, in.Search, strconv.FormatBool(in.Withdrawn), strconv.FormatBool(in.Above)}, id: func(s client.Standard) string { return s.Code + " " + s.Setter },
		keep: []func(client.Standard) bool{func(s client.Standard) bool {
			return matches(text.LevelCalled(in.Level), s.Level) && finds(in.Search, s.Code, s.Title)
		}},
	}
	of, err := h.Standing.Resolve(in.At)
	if err != nil {
		return out, err
	}
	all, err := h.standardsOf(ctx, in.by(), of, in.Above)
	for _, s := range all {
		if s.Withdrawn.Ended() && !in.Withdrawn {
			continue
		}
		shown, err := standardShown(s)
		if err != nil {
			return out, err
		}
		w.all = append(w.all, shown)
	}
	if err == nil {
		out.Standards, out.Cursor, err = w.page()
	}
	return out, err
}

// standardsOf returns what a jurisdiction has set or, with above, what those above it have.
func (h Hosted) standardsOf(ctx context.Context, by catalog.Actor, of identity.Jurisdiction, above bool) (all []catalog.SetStandard, err error) {
	if !above {
		return h.Ask.Standards(ctx, by, of)
	}
	for setter, ok := of.Parent(); ok; setter, ok = setter.Parent() {
		set, err := h.Ask.Standards(ctx, by, setter)
		if err != nil {
			return nil, err
		}
		all = append(all, set...)
	}
	return all, nil
}

// oneStandard shows a standard entry: that of the jurisdiction that the request names or, if it
// names none, its own, or else that of the nearest jurisdiction above. One that is held is shown to
// whoever looks at it, and not to whoever adopts it.
func oneStandard(ctx context.Context, h Hosted, in *standardOf) (out client.Standard, err error) {
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return out, err
	}
	of, err := h.Standing.Resolve(in.From)
	if err != nil {
		return out, err
	}
	if in.From == "" && !in.Above {
		set, err := h.Ask.Standard(ctx, in.by(), of, code)
		if failure.Is(err, text.StandardHeld) {
			set, err = h.heldStandard(ctx, in.by(), of, code)
		}
		if !failure.Is(err, text.NoStandard, text.StandardWithdrawn) {
			return standardTold(set, err)
		}
	}
	set, err := h.Adoption.Standard(ctx, in.by(), of, code)
	if in.From != "" && !in.Above && failure.Is(err, text.StandardHeld) {
		set, err = h.heldStandard(ctx, in.by(), of, code)
	}
	return standardTold(set, err)
}

// heldStandard returns a standard entry as a jurisdiction lists it, also one that is held.
func (h Hosted) heldStandard(ctx context.Context, by catalog.Actor, of identity.Jurisdiction, code identity.Label) (set catalog.SetStandard, err error) {
	all, err := h.Ask.Standards(ctx, by, of)
	if err != nil {
		return set, err
	}
	at := slices.IndexFunc(all, func(s catalog.SetStandard) bool { return s.Code == code })
	if at < 0 {
		return set, text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": of.String()}, nil)
	}
	return all[at], nil
}

func standardTold(set catalog.SetStandard, err error) (out client.Standard, _ error) {
	if err != nil {
		return out, err
	}
	return standardShown(set)
}
