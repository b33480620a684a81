package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// aboutNoMember are refusals of requests with a body that are about who asks, about the path, or
// about how things stand, and so about no member.
var aboutNoMember = []text.Code{
	text.NotProvider, text.NotThatAgency, text.AgencyNeeded, text.UnknownAgency, text.UnknownDataset, text.NoStandard, text.NotReady, text.NotStoppable,
	text.EntryPlanNeeded, text.NotListening, text.KeysTooSoon, text.KeysPending, text.JurisdictionUnknown, text.NotConfirmable, text.NotFound, text.ClockBelieved, text.LedgerNotInQuestion,
	text.ReplicaNoAddress, text.ReplicaNotCome, text.ReplicaUnknown, text.NoFork,
}

// TestPointers sends every wrong body to every operation that takes one: what a room refuses
// carries a JSON Pointer to a member that the body has or may have.
func TestPointers(t *testing.T) {
	d := open(t)
	for _, w := range wrongs() {
		_, file := w.body.(string)
		if w.method != http.MethodPost || w.body == nil || file {
			continue
		}
		p := d.refused(t, w.id+": "+w.what, w.request, w.want)
		if len(p.Errors) == 0 {
			if !slices.Contains(aboutNoMember, w.want) && !strings.Contains(w.path, "?") {
				t.Errorf("%s, %s: %s has no pointer: %s", w.id, w.what, w.want, p.Detail)
			}
			continue
		}
		var body any
		d := json.NewDecoder(bytes.NewReader(must(json.Marshal(w.body))))
		d.UseNumber()
		if err := d.Decode(&body); err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Errors {
			if f.Detail == "" || f.Parameter == "" && !resolves(body, f.Pointer) || f.Parameter != "" && !strings.Contains(w.path, f.Parameter+"=") {
				t.Errorf("%s, %s: the pointer %q leads nowhere", w.id, w.what, f.Pointer)
			}
		}
	}
}

// resolves reports whether all steps of a pointer but the last lead to a value, or the first is the
// last: a member that was left out.
func resolves(body any, pointer string) bool {
	steps := strings.Split(strings.TrimPrefix(pointer, "#"), "/")[1:]
	for i, step := range steps {
		switch v := body.(type) {
		case map[string]any:
			body = v[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(v) {
				return false
			}
			body = v[n]
		default:
			return false
		}
		if body == nil && i < len(steps)-1 {
			return false
		}
	}
	return strings.HasPrefix(pointer, "#")
}

// TestPointersByValue: the pointer leads to the value that is refused, also in a list, in a map and
// in a document.
func TestPointersByValue(t *testing.T) {
	d := open(t)
	schema := func(s string) client.NewDataset {
		return edited(villages(), func(n *client.NewDataset) { n.Schema = json.RawMessage(s) })
	}
	for _, row := range []struct {
		want, path, as string
		body           any
	}{
		{"#/datasets/1", "/v1/moves", "", client.Moving{Datasets: []string{"villages", "towns"}, Into: "water"}},
		{"#/into", "/v1/moves", "", client.Moving{Datasets: []string{"villages"}, Into: "nobody"}},
		{"#/fields/1", "/v1/query", "water", client.Query{Dataset: "villages", Key: "1", Fields: []string{"name", "colour"}, Use: use}},
		{"#/where/colour", "/v1/query", "water", client.Query{Dataset: "villages", Where: map[string]json.RawMessage{"colour": json.RawMessage(`"x"`)}, Use: use}},
		{"#/measure/field", "/v1/query", "water", client.Query{Dataset: "villages", Measure: &client.Measure{Function: "sum", Field: "colour"}, Use: use}},
		{"#/code", "/v1/agencies", "", client.NewAgency{Code: "No Code", Title: "x"}},
		{"#/consumer", "/v1/grants", "civil-affairs", client.NewGrant{Dataset: "villages", Consumer: "water@No Where", Purpose: "statistics", Until: "2027-11-24T09:00:00Z", Basis: "b", Paper: "p"}},
		{"#/schema/properties/code", "/v1/datasets", "civil-affairs", schema(`{"type":"object","properties":{"code":{"type":"string","$dynamicRef":"#x"}}}`)},
	} {
		w := d.send(t, request{method: http.MethodPost, path: row.path, as: row.as, body: row.body})
		var p client.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || len(p.Errors) != 1 || p.Errors[0].Pointer != row.want {
			t.Errorf("%s: got %d, %+v, want %s", row.path, w.Code, p, row.want)
		}
	}
}
