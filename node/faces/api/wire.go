package api

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
	"xietong/node/tree/standing"
)

// The functions of this file turn the types of the rooms into wire types, and back. They decide
// nothing.

// described decodes a document, as its agency signed it, into its wire type.
func described[W any](document []byte) (w W, err error) {
	if err := json.Unmarshal(document, &w); err != nil {
		return w, fmt.Errorf("describe document: %w", err)
	}
	return w, nil
}

func datasetShown(p catalog.Published) (client.Dataset, error) {
	d, err := described[client.NewDataset](p.Document)
	return client.Dataset{
		NewDataset: d, Version: p.Version, Entry: p.At.String(), Withdrawn: endedShown(p.Withdrawn), Held: heldFor(p.Withdrawn),
	}, err
}

func standardShown(s catalog.SetStandard) (client.Standard, error) {
	d, err := described[client.NewStandard](s.Document)
	return client.Standard{
		NewStandard: d, Version: s.Version, Entry: s.At.String(), Setter: s.At.Log().Jurisdiction().String(), Withdrawn: endedShown(s.Withdrawn), Held: heldFor(s.Withdrawn),
	}, err
}

// datasetSent reads a catalogue entry that a person sent.
func datasetSent(d client.NewDataset) (catalog.Entry, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return catalog.Entry{}, err
	}
	return catalog.ReadEntry(data)
}

func standardSent(d client.NewStandard) (catalog.Standard, error) {
	data, err := json.Marshal(d)
	if err != nil {
		return catalog.Standard{}, err
	}
	return catalog.ReadStandard(data)
}

// application reads the use that a person states. A day as its end is one of the node's zone, and
// is made a moment here, before anything is recorded or sent.
func (h Hosted) application(u client.Use) sharing.Application {
	return sharing.Application{Basis: u.Basis, Scenario: u.Scenario, Scope: u.Scope, Method: u.Method, Until: h.until(u.Until)}
}

func (h Hosted) until(typed string) string {
	if typed == "" {
		return ""
	}
	return zone.Until(typed, h.Standing.Zone())
}

// question reads the question of a person. The names in Measure.By may be fields, or levels in a
// question to many: one jurisdiction has no places of a level, and may have a field of that name.
func (h Hosted) question(q client.Query) (records.Question, error) {
	code, err := h.datasetOf(q.Dataset, q.At)
	if err != nil {
		return records.Question{}, err
	}
	out := records.Question{
		Dataset: code, Key: q.Key, Where: q.Where, Filter: q.Filter, Fields: q.Fields, Limit: q.Limit, Cursor: q.Cursor,
		Purpose: q.Purpose, Application: h.application(q.Use), Wait: uint32(q.PageSeconds) * 1000,
	}
	if q.Measure != nil {
		out.Measure, err = h.measure(*q.Measure, severalMeant(q.At))
	}
	return out, err
}

func (h Hosted) measure(m client.Measure, several bool) (gather.Measure, error) {
	f, err := gather.ParseFunction(m.Function)
	if err != nil {
		return gather.Measure{}, badQuery("measure.function", "count, sum, average, minimum, maximum")
	}
	if m.Field == "" && f > gather.Count {
		return gather.Measure{}, text.Fail(text.BadRequest, text.Args{"where": "measure.field", "reason": "it is missing"}, nil)
	}
	by := h.Standing.By(m.By)
	for i := range by {
		if !several {
			by[i] = gather.By{Field: m.By[i]}
		}
	}
	return gather.Measure{Function: f, Field: m.Field, By: by}, nil
}

func answerShown(s *standing.Standing, a records.Answer, m gather.Measure) client.Answer {
	out := client.Answer{
		Rows: rawRows(a.Rows), Count: a.Count, TotalScanned: a.Scanned, TotalRecords: a.Total, Cursor: a.Cursor, AsOf: a.AsOf,
		Access: a.Access.String(), Grant: a.Grant.String(), GrantedNow: a.GrantedNow, GrantUntil: endShown(a.GrantUntil), Asked: a.Asked.String(),
		Incomparable: a.Incomparable, Unreadable: a.Unreadable, Unfit: a.Unfit, Columns: a.Columns,
		Unfinished: a.Unfinished,
	}
	if m.Function != gather.None && !a.Unfinished {
		out.Groups, out.Whole = measureShown(s, m, a.Groups)
	}
	return out
}

func rawRows(all [][]byte) []json.RawMessage {
	out := make([]json.RawMessage, len(all))
	for i, row := range all {
		out[i] = row
	}
	return out
}

// measureShown writes the groups of a measure, those that put others together last, and the measure
// of all records; whole is nil if that sum is too long or too large for a Decimal.
func measureShown(s *standing.Standing, m gather.Measure, groups []gather.Group) (shown []client.Group, whole *client.Group) {
	var last []client.Group
	for _, g := range groups {
		switch one := groupShown(s, m, g); {
		case g.Suppressed, g.Others:
			last = append(last, one)
		case m.Grouped():
			shown = append(shown, one)
		}
	}
	if all, err := (gather.Share{Groups: groups}).Whole(m); err == nil {
		all.Values, all.Suppressed, all.Others = nil, false, false
		one := groupShown(s, m, all)
		whole = &one
	}
	return append(shown, last...), whole
}

// averagePlaces is the number of digits after the point of an average.
const averagePlaces = 6

func groupShown(s *standing.Standing, m gather.Measure, g gather.Group) client.Group {
	out := client.Group{Count: g.Count, Suppressed: g.Suppressed, With: g.With}
	for i, value := range g.Values {
		shown := client.GroupValue{Value: gather.Value(value)}
		if g.Others || m.By[i].Level != "" {
			shown = placeShown(s, value)
		}
		if g.Others {
			out.Others = &shown
			break
		}
		out.Values = append(out.Values, shown)
	}
	if g.Amount != nil {
		out.Amount = g.Amount.String()
	}
	if average, ok := g.Average(averagePlaces); ok && m.Function == gather.Average {
		out.Average = average.String()
	}
	return out
}

func placeShown(s *standing.Standing, place string) client.GroupValue {
	shown := client.GroupValue{Value: gather.Text(place)}
	if name, err := identity.ParseJurisdiction(place); err == nil {
		shown.Title = s.CalledShort(name)
	}
	return shown
}

// stamp writes a time for the API: RFC 3339 in UTC, to the second; the zero time is "".
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// endShown writes the end of a grant; "" where it has none.
func endShown(ms uint64) string {
	if ms == 0 || ms > math.MaxInt64/2 {
		return ""
	}
	return stampMS(ms)
}

func stampMS(ms uint64) string { return stamp(time.UnixMilli(int64(ms))) }

// statusAsOf returns of when the endorsers' word on some jurisdictions is, the earliest of them; ""
// where all of it is new.
func statusAsOf(s *standing.Standing, of ...identity.Jurisdiction) string {
	var earliest time.Time
	for _, name := range of {
		if at := s.StatusAsOf(name); !at.IsZero() && (earliest.IsZero() || at.Before(earliest)) {
			earliest = at
		}
	}
	return stamp(earliest)
}

func namesOf(all []identity.Jurisdiction) []string {
	names := make([]string, len(all))
	for i, name := range all {
		names[i] = name.String()
	}
	return names
}
