package reform

import (
	"encoding/json"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

const (
	county = "nanming.guiyang.guizhou"
	city   = "guiyang.guizhou"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func label(s string) identity.Label { return must(identity.ParseLabel(s)) }

func newID() identity.Message { return must(identity.NewMessage()) }

// world is a county with agencies, without a network.
type world struct {
	*booktest.Ledger
	desk    *Desk
	records *records.Desk
}

// fatal is the part of a test that the world needs; *rapid.T is one, too.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newWorld(t testing.TB, agencies ...string) *world {
	t.Helper()
	registry := state.NewRegistry()
	catalog.Register(registry, records.LastChange)
	records.Register(registry)
	sharing.Register(registry, records.DatasetState, nil)
	Register(registry)
	l := booktest.New(t, county, registry)
	w := &world{Ledger: l, desk: &Desk{Own: l}, records: records.NewDesk(l)}
	for _, code := range agencies {
		w.add(t, code)
	}
	return w
}

func (w *world) add(t fatal, code string) {
	t.Helper()
	if _, err := catalog.AddAgency(ctx, w, newID(), catalog.Agency{Code: label(code), Title: "局" + code}); err != nil {
		t.Fatalf("add %s: %v", code, err)
	}
}

// entry is a catalogue entry that anybody gets a grant of by rule.
func entry(code, agency string) catalog.Entry {
	return catalog.Entry{
		Code: label(code), Title: "名录" + code, Agency: label(agency), Category: "unconditional", Key: "id", NotSecret: true, UpdateCycle: "daily",
		Purposes: []catalog.Purpose{{Code: label("statistics"), Title: "统计"}},
		Schema:   json.RawMessage(`{"type":"object","properties":{"id":{"type":"string"},"name":{"type":"string"}}}`),
	}
}

func (w *world) publish(t fatal, code, agency string) catalog.Published {
	t.Helper()
	p, err := catalog.Publish(ctx, w, newID(), catalog.Local(agency), entry(code, agency))
	if err != nil {
		t.Fatalf("publish %s: %v", code, err)
	}
	return p
}

func (w *world) put(t fatal, code, agency, key string) {
	t.Helper()
	if _, err := w.records.Put(ctx, newID(), catalog.Local(agency), label(code), []byte(`{"id":"`+key+`","name":"x"}`)); err != nil {
		t.Fatalf("put %s into %s: %v", key, code, err)
	}
}

// use looks a record up, as an agency that applies where it has to.
func (w *world) use(by, code, key string) (records.Answer, error) {
	return w.records.Query(ctx, newID(), catalog.Local(by), records.Question{
		Dataset: label(code), Key: key, Purpose: "statistics", Application: sharing.Application{
			Basis: "法", Scenario: "景", Scope: "围", Method: "式", Until: w.Clock.AddDate(1, 0, 0).Format(time.RFC3339),
		},
	})
}

// used demands the outcome of a use: "" is one record.
func (w *world) used(t fatal, what, by, code, key string, want text.Code) {
	t.Helper()
	got, err := w.use(by, code, key)
	switch {
	case want == "" && (err != nil || len(got.Rows) != 1):
		t.Fatalf("%s: %s uses %s: got %d rows, %v", what, by, code, len(got.Rows), err)
	case want != "" && (err == nil || failure.Of(err).Code != want):
		t.Fatalf("%s: %s uses %s: got %d rows, %v, want %s", what, by, code, len(got.Rows), err, want)
	}
}

// refused demands the refusal, and that nothing was written.
func refused(t *testing.T, w *world, what string, want text.Code, err error, entries int) {
	t.Helper()
	if err == nil || failure.Of(err).Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
	if n := len(w.Heads(t, 0)); n != entries {
		t.Errorf("%s: %d entries, want %d", what, n, entries)
	}
}
