package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"xietong/consensus/ledger"
	"xietong/node/faces/client"
)

// description is what the test reads of the description of the API.
type description struct {
	Paths map[string]map[string]struct {
		Parameters  []struct{ Name, In string }
		RequestBody *struct {
			Content map[string]struct{ Schema bodySchema }
		}
		Responses map[string]struct {
			Content map[string]struct{ Schema bodySchema }
		}
	}
	Components struct{ Schemas map[string]bodySchema }
}

type bodySchema struct {
	Ref         string `json:"$ref"`
	Type        any
	Pattern     string
	Description string
	Properties  map[string]bodySchema
}

// TestUnknownParametersAreRefused walks the description of the API: what no operation knows, and
// what is given twice, is refused by name, before anything is done.
func TestUnknownParametersAreRefused(t *testing.T) {
	d := open(t)
	var api description
	answered := httptest.NewRecorder()
	d.handler.ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if err := json.Unmarshal(answered.Body.Bytes(), &api); err != nil {
		t.Fatal(err)
	}
	refused := func(method, path, name string, header http.Header) {
		r := httptest.NewRequest(method, path, strings.NewReader("{}"))
		for name, values := range header {
			r.Header[name] = values
		}
		got := httptest.NewRecorder()
		d.handler.ServeHTTP(got, r)
		var p client.Problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || p.Code != "bad-request" || p.Where != name || len(p.Errors) != 1 || p.Errors[0].Parameter+p.Errors[0].Header != strings.TrimPrefix(name, "?") {
			t.Errorf("%s %s %v: got %d %s, want the refusal of %s", method, path, header, got.Code, got.Body, name)
		}
	}
	for path, item := range api.Paths {
		path = strings.NewReplacer("{code}", "villages", "{index}", "1", "{child}", "x", "{name}", "x").Replace(path)
		for method, o := range item {
			method = strings.ToUpper(method)
			refused(method, path+"?lmit=1", "?lmit", nil)
			for _, p := range o.Parameters {
				if p.In == "query" {
					refused(method, path+"?"+p.Name+"=1&"+p.Name+"=2", "?"+p.Name, nil)
				}
			}
			refused(method, path, "Xietong-Agency", http.Header{"Xietong-Agency": {"water", "civil-affairs"}})
		}
	}
}

// TestEmptyIsRefused walks the description of the API: every text, list and map that a body may
// have, and every parameter and header that directs a request, is refused where it is given and
// empty. So a new one cannot be forgotten: an empty key asked for all records.
func TestEmptyIsRefused(t *testing.T) {
	d := open(t)
	var api description
	answered := httptest.NewRecorder()
	d.handler.ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if err := json.Unmarshal(answered.Body.Bytes(), &api); err != nil {
		t.Fatal(err)
	}
	tried := 0
	refused := func(method, path, body, name string, header http.Header) {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for name, values := range header {
			r.Header[name] = values
		}
		got := httptest.NewRecorder()
		d.handler.ServeHTTP(got, r)
		var p client.Problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || p.Code != "empty" || !strings.Contains(p.Where, name) {
			t.Errorf("%s %s %s: got %d %s, want the refusal of %s as empty", method, path, body, got.Code, got.Body, name)
		}
		tried++
	}
	for path, item := range api.Paths {
		path = strings.NewReplacer("{code}", "villages", "{index}", "1", "{child}", "x", "{name}", "x").Replace(path)
		for method, o := range item {
			method = strings.ToUpper(method)
			for _, p := range o.Parameters {
				if p.In == "query" {
					refused(method, path+"?"+p.Name+"=", "", p.Name, nil)
				}
			}
			for _, header := range []string{"Xietong-Agency", "Xietong-Jurisdiction", "Idempotency-Key"} {
				refused(method, path, "", header, http.Header{header: {" "}})
			}
			if o.RequestBody != nil {
				api.members(o.RequestBody.Content["application/json"].Schema, func(name, empty string) {
					refused(method, path, `{"`+name+`":`+empty+`}`, name, nil)
				})
			}
		}
	}
	if tried < 150 {
		t.Errorf("%d were tried", tried)
	}
	for _, body := range []string{
		`{"dataset":"villages","key":"","purpose":"statistics"}`, `{"dataset":"villages","fields":[""],"purpose":"statistics"}`,
		`{"dataset":"villages","measure":{"function":"count","by":[]}}`, `{"dataset":"villages","at":"　","purpose":"statistics"}`,
		`{"dataset":"villages","where":{},"purpose":"statistics"}`,
	} {
		refused(http.MethodPost, "/v1/query", body, "", nil)
		refused(http.MethodPost, "/v1/federated-rows", body, "", nil)
	}
	if got := d.Heads(t, 0); slices.ContainsFunc(got, func(h ledger.Head) bool { return h.Kind == ledger.KindAccess }) {
		t.Errorf("it left %+v", got)
	}
}

// members calls each with the members of a body that may be empty, and an empty value of each.
func (api description) members(s bodySchema, each func(name, empty string)) {
	if s.Ref != "" {
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		if slices.Contains(documents, name) {
			return
		}
		s = api.Components.Schemas[name]
	}
	for name, property := range s.Properties {
		switch {
		case property.Type == "string" && property.Pattern == notBlank:
			each(name, `" "`)
			each(name, `""`)
		case property.Type == "array":
			each(name, `[]`)
		case property.Type == "object":
			each(name, `{}`)
		}
	}
}

// TestPlansAreShown: whoever agrees to a plan gets it from the same path, or from the one that the
// description names.
func TestPlansAreShown(t *testing.T) {
	api := open(t).described(t)
	found := 0
	for path, item := range api.Paths {
		body := item["post"].RequestBody
		if body == nil || path == "/v1/imports" {
			continue
		}
		plan, asked := api.of(body.Content["application/json"].Schema).Properties["plan"]
		if !asked {
			continue
		}
		found++
		_, shown := api.of(item["get"].Responses["200"].Content["application/json"].Schema).Properties["hash"]
		if !shown && !strings.Contains(plan.Description, "/plan") {
			t.Errorf("POST %s asks for a plan (%s), and GET of it has no hash", path, plan.Description)
		}
	}
	if found < 6 {
		t.Errorf("%d plans were found", found)
	}
}

// described returns the description of the API.
func (d *door) described(t *testing.T) (api description) {
	t.Helper()
	answered := httptest.NewRecorder()
	d.handler.ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if err := json.Unmarshal(answered.Body.Bytes(), &api); err != nil {
		t.Fatal(err)
	}
	return api
}

// of returns a schema, also where it is named.
func (a description) of(s bodySchema) bodySchema {
	if s.Ref != "" {
		return a.Components.Schemas[s.Ref[strings.LastIndex(s.Ref, "/")+1:]]
	}
	return s
}
