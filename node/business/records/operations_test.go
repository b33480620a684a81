package records_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/operation/operationtest"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

const villageSchema = `{"type":"object","required":["code","name"],"properties":{
	"code":{"type":"string","pattern":"^[0-9]{12}$"},"name":{"type":"string"}}}`

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func named(s string) identity.Label { return must(identity.ParseLabel(s)) }

// newCity returns the ledger of a city that serves queries of one record, and a county that asks.
func newCity(t *testing.T) (*booktest.Ledger, *operationtest.Pair) {
	t.Helper()
	registry := state.NewRegistry()
	catalog.Register(registry, records.LastChange)
	records.Register(registry)
	sharing.Register(registry, records.DatasetState, nil)
	city := booktest.New(t, operationtest.City, registry)
	provider := catalog.Local("civil-affairs")
	agency := catalog.Agency{Code: named("civil-affairs"), Title: "民政局"}
	must(catalog.AddAgency(t.Context(), city, identity.Message{}, agency))
	must(catalog.Publish(t.Context(), city, must(identity.NewMessage()), provider, catalog.Entry{
		Code: named("villages"), Title: "名录", Agency: agency.Code, Category: "unconditional", Key: "code", NotSecret: true,
		Purposes: []catalog.Purpose{{Code: named("statistics"), Title: "统计"}}, UpdateCycle: "yearly", Schema: []byte(villageSchema),
	}))
	desk := records.NewDesk(city)
	record := []byte(`{"code":"520102016001","name":"纪念塔社区"}`)
	if _, err := desk.Put(t.Context(), must(identity.NewMessage()), provider, named("villages"), record); err != nil {
		t.Fatal(err)
	}
	operations := relay.NewRegistry()
	desk.Serve(operations, operationtest.Everybody{})
	return city, operationtest.New(t, operations)
}

func encoded(v any) []byte { return must(canon.Marshal(v)) }

// question is the question for the one record.
func question() records.Question {
	return records.Question{Dataset: named("villages"), Key: "520102016001", Purpose: "statistics", Application: sharing.Application{
		Basis: "b", Scenario: "s", Scope: "s", Method: "m", Until: "2027-11-24T00:00:00+08:00",
	}}
}

// TestExample checks the bytes in the comment of Question.
func TestExample(t *testing.T) {
	got := encoded(records.Question{Dataset: named("villages"), Key: "520102016001"})
	if want := "a2016876696c6c61676573026c353230313032303136303031"; hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

// TestMalformedCalls checks that a malformed call is refused, and that nothing is recorded.
func TestMalformedCalls(t *testing.T) {
	city, county := newCity(t)
	before := len(city.Heads(t, 0))
	query := encoded(question())
	many := records.Question{Dataset: named("villages"), Where: map[string]json.RawMessage{}}
	for n := range rows.MaxFields + 1 {
		many.Where[fmt.Sprintf("f%04d", n)] = json.RawMessage(`1`)
	}
	twice := []byte("\xa2\x01\x68villages\x03\xa2\x64name\x41a\x64name\x41b")
	swapped := []byte("\xa2\x01\x68villages\x03\xa2\x62bb\x41a\x62aa\x41b")
	for what, row := range map[string]struct {
		operation  string
		parameters []byte
	}{
		"nothing":              {"query", []byte{}},
		"another form":         {"verify", query},
		"more than there is":   {"query", append(slices.Clone(query), 0)},
		"a spelling too long":  {"query", append([]byte{0xb8, query[0] & 0x1f}, query[1:]...)},
		"a field of two":       {"query", twice},
		"fields in no order":   {"query", swapped},
		"no dataset":           {"query", encoded(map[int]string{2: "520102016001"})},
		"no dataset's claim":   {"verify", encoded(map[int]any{2: "1", 3: "name", 4: []byte(`1`)})},
		"an empty application": {"query", encoded(map[int]any{1: "villages", 9: []string{"", "", "", "", ""}})},
		"another of the kind":  {"verify", encoded(map[int]any{1: "villages", 2: "", 3: "", 4: []byte(`1`), 5: []string{"", "", "", "", ""}})},
		"nothing applied for":  {"query", encoded(map[int]any{1: "villages", 9: map[int]string{}})},
		"a claim with as much": {"verify", encoded(map[int]any{1: "villages", 2: "", 3: "", 4: []byte(`1`), 5: map[int]string{}})},
		"null for a value":     {"query", encoded(map[int]any{1: "villages", 3: map[string]any{"name": nil}})},
		"no value":             {"query", encoded(map[int]any{1: "villages", 3: map[string][]byte{"name": {}}})},
		"another null":         {"verify", encoded(records.Claim{Dataset: named("villages")})},
		"no value's claim":     {"verify", encoded(records.Claim{Dataset: named("villages"), Value: json.RawMessage{}})},
		"more than all fields": {"query", encoded(many)},
		"an empty key":         {"query", encoded(map[int]any{1: "villages", 2: ""})},
		"an empty condition":   {"query", encoded(map[int]any{1: "villages", 3: map[string][]byte{}})},
		"a nameless condition": {"query", encoded(map[int]any{1: "villages", 3: map[string][]byte{"": []byte(`1`)}})},
		"an empty filter":      {"query", encoded(map[int]any{1: "villages", 4: ""})},
		"no fields":            {"query", encoded(map[int]any{1: "villages", 5: []string{}})},
		"an empty field":       {"query", encoded(map[int]any{1: "villages", 5: []string{""}})},
		"an empty cursor":      {"query", encoded(map[int]any{1: "villages", 7: ""})},
		"a claim of no key":    {"verify", encoded(map[int]any{1: "villages", 2: "", 3: "name", 4: []byte(`1`)})},
		"a claim of no field":  {"verify", encoded(map[int]any{1: "villages", 2: "1", 3: "", 4: []byte(`1`)})},
		"a limit below zero":   {"query", encoded(map[int]any{1: "villages", 6: -1})},
		"a limit beyond all":   {"query", encoded(map[int]any{1: "villages", 6: records.MaxLimit + 1})},
		"a measure of none":    {"query", encoded(map[int]any{1: "villages", 8: map[int]any{1: 6}})},
		"a sum of nothing":     {"query", encoded(map[int]any{1: "villages", 8: map[int]any{1: 2}})},
		"a measure of one":     {"query", encoded(map[int]any{1: "villages", 2: "1", 8: map[int]any{1: 1}})},
		"what comes beside it": {"query", encoded(map[int]any{1: "villages", 10: "statistics"})},
		"long parameters":      {"query", encoded(records.Question{Dataset: named("villages"), Filter: strings.Repeat("x", operation.MaxParameters)})},
	} {
		answer, err := county.Send(t, envelope.Call{
			Operation: named(row.operation), Agency: county.Water.Code(), Purpose: named("statistics"), Parameters: row.parameters,
		})
		if f := failure.Of(err); err == nil || f.Code != text.BadRequest || f.Args["where"] != "parameters" || answer.Content != nil {
			t.Errorf("%s: got %x, %v, want %s", what, answer.Content, err, text.BadRequest)
		}
	}
	for _, name := range []string{"query", "verify"} {
		_, err := county.Send(t, envelope.Call{Operation: named(name), Purpose: named("statistics"), Parameters: query})
		if !failure.Is(err, text.AgencyNeeded) {
			t.Errorf("%s for nobody: got %v, want %s", name, err, text.AgencyNeeded)
		}
	}
	if after := len(city.Heads(t, 0)); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}

// TestWellFormedCalls checks that the valid forms of the malformed calls are accepted.
func TestWellFormedCalls(t *testing.T) {
	_, county := newCity(t)
	for what, row := range map[string]struct {
		operation  string
		parameters map[int]any
	}{
		"a question":         {"query", map[int]any{1: "villages", 2: "520102016001"}},
		"with conditions":    {"query", map[int]any{1: "villages", 3: map[string][]byte{"code": []byte(`"520102016001"`), "name": []byte(`"a"`)}, 6: 1}},
		"for a number":       {"query", map[int]any{1: "villages", 8: map[int]any{1: 1}}},
		"for several":        {"query", map[int]any{1: "villages", 8: map[int]any{1: 1, 3: [][]string{{"", "name"}}}}},
		"a claim":            {"verify", map[int]any{1: "villages", 2: "520102016001", 3: "name", 4: []byte(`"a"`)}},
		"a claim of nothing": {"verify", map[int]any{1: "villages", 2: "520102016001", 3: "name", 4: []byte(`null`)}},
	} {
		_, err := county.Send(t, envelope.Call{
			Operation: named(row.operation), Agency: county.Water.Code(), Purpose: named("statistics"), Parameters: encoded(row.parameters),
		})
		if !failure.Is(err, text.BasisNeeded, text.UnknownField) { // it is understood: an application is missing
			t.Errorf("%s: got %v, want %s", what, err, text.BasisNeeded)
		}
	}
}

// TestBesideTheCall checks that the purpose and the evidence come beside the parameters, and never
// in them.
func TestBesideTheCall(t *testing.T) {
	city, county := newCity(t)
	q := question()
	q.Evidence, q.MaxBytes = []byte("of the asker's own making"), 1
	got, err := records.Remote{Caller: county}.Query(t.Context(), county.Asking(t), q)
	if err != nil || len(got.Rows) != 1 || got.Access.IsZero() || !got.GrantedNow {
		t.Fatalf("got %+v, %v", got, err)
	}
	err = city.View(t.Context(), func(r *state.Reader) error {
		payload, err := city.Payload(r, got.Access.Index())
		var said struct {
			Consumer, Purpose string
			Request           []byte
		}
		if err == nil {
			err = json.Unmarshal(payload, &said)
		}
		if said.Consumer != county.Water.String() || said.Purpose != "statistics" || len(said.Request) == 0 || bytes.Equal(said.Request, q.Evidence) {
			t.Errorf("recorded as %s", payload)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// answering is a caller that gets the same bytes as the answer to every call.
type answering []byte

func (a answering) Read(context.Context, operation.Asking, envelope.Call) ([]byte, error) {
	return a, nil
}

func (a answering) Use(_ context.Context, _ operation.Asking, _ identity.Label, _ envelope.Call, read func([]byte) (operation.Told, error)) (operation.Recorded, error) {
	_, err := read(a)
	return operation.Recorded{}, err
}

// FuzzParameters checks that parameters that are accepted are written again as the same bytes.
func FuzzParameters(f *testing.F) {
	f.Add(encoded(question()))
	f.Add(encoded(records.Question{Dataset: named("villages"), Where: map[string]json.RawMessage{"a": []byte(`1`), "b": []byte(`2`)}}))
	f.Add(encoded(records.Question{Dataset: named("villages"), Measure: gather.Measure{
		Function: gather.Sum, Field: "income", By: []gather.By{{Field: "name"}},
	}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var q records.Question
		if canon.Unmarshal(data, operation.MaxParameters, &q) != nil || q.Check() != nil {
			return
		}
		if got := encoded(q); string(got) != string(data) {
			t.Errorf("%x is read and written as %x", data, got)
		}
		if q.Purpose != "" || q.MaxBytes != 0 || q.Evidence != nil || q.Limit > records.MaxLimit {
			t.Errorf("%x is read as %+v", data, q)
		}
	})
}

// FuzzResults checks that a result from another jurisdiction is refused, or can be shown as it is.
func FuzzResults(f *testing.F) {
	grant, err := identity.ParseEntry("guiyang.guizhou/log/1/7")
	if err != nil {
		f.Fatal(err)
	}
	use := records.Use{Grant: grant}
	row := []byte(`{"code":"520102016001","name":"纪念塔社区"}`)
	f.Add(encoded(records.Answer{Rows: [][]byte{row}, Count: 1, Scanned: 1, Cursor: "AAAA", AsOf: 9, Use: use}), false)
	use.GrantedNow = true
	groups := []gather.Group{{Values: []string{"x"}, Count: 2}, {Values: []string{}, Count: 1, Suppressed: true}}
	f.Add(encoded(records.Answer{Count: 3, AsOf: 9, Groups: groups, Use: use}), true)
	f.Fuzz(func(t *testing.T, data []byte, count bool) {
		q := records.Question{Dataset: named("villages")}
		if count {
			q.Measure = gather.Measure{Function: gather.Count, By: []gather.By{{Field: "name"}}}
		}
		r, err := records.Remote{Caller: answering(data)}.Query(t.Context(), operation.Asking{}, q)
		if err != nil {
			return
		}
		if got := encoded(r); string(got) != string(data) {
			t.Errorf("%x is read and written as %x", data, got)
		}
		for _, row := range r.Rows {
			if count || json.Unmarshal(row, &map[string]json.RawMessage{}) != nil {
				t.Errorf("the row %q is shown", row)
			}
		}
		if !count && len(r.Groups) > 0 {
			t.Errorf("the groups %+v are shown", r.Groups)
		}
	})
}
