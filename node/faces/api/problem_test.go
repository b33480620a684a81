package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// got answers a request without the headers of a client.
func (d *door) got(method, path, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

// TestRouterProblems: what there is no operation for is a problem, also where an operation is
// served beside the library, and 405 says what is allowed.
func TestRouterProblems(t *testing.T) {
	d := open(t)
	for _, row := range []struct {
		request string
		want    text.Code
		allow   string
	}{
		{"GET /v1/nothing", text.NoOperation, ""},
		{"GET /", text.NoOperation, ""},
		{"GET /v1/datasets/villages/", text.NoOperation, ""},
		{"GET /problems/", text.NoOperation, ""},
		{"PUT /v1/grants", text.MethodRefused, "GET, HEAD, POST"},
		{"POST /v1/status", text.MethodRefused, "GET, HEAD"},
		{"GET /v1/federated-rows", text.MethodRefused, "POST"},
		{"DELETE /v1/datasets/villages/imports", text.MethodRefused, "POST"},
		{"GET /v1/datasets/villages/imports/check", text.MethodRefused, "POST"},
		{"POST /openapi.json", text.MethodRefused, "GET, HEAD"},
		{"POST /problems/expired", text.MethodRefused, "GET, HEAD"},
		{"OPTIONS /v1/query", text.MethodRefused, "POST"},
		{"GET /problems/nothing", text.NotFound, ""},
	} {
		method, path, _ := strings.Cut(row.request, " ")
		w := d.got(method, path, "", map[string]string{"Accept-Language": "fr;q=1, zh;q=0.9, en;q=0.1"})
		var p client.Problem
		err := json.Unmarshal(w.Body.Bytes(), &p)
		if err != nil || w.Code != text.Status(row.want) || p.Status != w.Code || p.Code != string(row.want) || w.Header().Get("Allow") != row.allow ||
			w.Header().Get("Content-Type") != "application/problem+json" || !strings.ContainsRune(p.Do, '请') {
			t.Errorf("%s: got %d %v %s, want %s", row.request, w.Code, w.Header(), w.Body, row.want)
		}
	}
}

// TestProblemTypesHavePages: the type of a problem leads to a page about it, in the language and
// the form that are asked for.
func TestProblemTypesHavePages(t *testing.T) {
	d := open(t)
	var p client.Problem
	if err := json.Unmarshal(d.got("GET", "/v1/datasets/towns", "", nil).Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ accept, language, kind, want string }{
		{"", "", "text/markdown; charset=utf-8", "# Unknown dataset (unknown-dataset)\n\nHTTP status 404; Number 20"},
		{"*/*", "zh", "text/markdown; charset=utf-8", "**怎么办：** 请用 GET /v1/datasets?at="},
		{"text/html,application/xhtml+xml", "zh-CN,en;q=0.5", "text/html; charset=utf-8", `<html lang="zh-Hans">`},
		{"text/html", "en", "text/html; charset=utf-8", "<dt>What to do<dd>see what there is with `GET /v1/datasets?at={jurisdiction}`"},
	} {
		w := d.got("GET", p.Type, "", map[string]string{"Accept": row.accept, "Accept-Language": row.language})
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != row.kind || !strings.Contains(w.Body.String(), row.want) {
			t.Errorf("%s %s: got %d %v %s, want %s", row.accept, row.language, w.Code, w.Header(), w.Body, row.want)
		}
	}
	for _, code := range text.Codes() {
		if w := d.got("GET", "/problems/"+string(code), "", map[string]string{"Accept": "text/html"}); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "ZgotmplZ") {
			t.Errorf("%s: got %d %s", code, w.Code, w.Body)
		}
	}
}

// TestFaultsArePointedTo: each fault of a request says where it is, as a JSON Pointer into the body
// or as the name of a parameter or header.
func TestFaultsArePointedTo(t *testing.T) {
	d := open(t)
	for _, row := range []struct {
		request, body string
		want          []client.Fault
	}{
		{"POST /v1/query", `{"dataset":5,"purpose":"p"}`, []client.Fault{{Pointer: "#/dataset", Detail: "it must be a text, in quotation marks"}}},
		{"POST /v1/query", `{"dataset":"v","fields":["a",1]}`, []client.Fault{{Pointer: "#/fields/1", Detail: "it must be a text, in quotation marks"}}},
		{"POST /v1/query", `{"dataset":"v","measure":{}}`, []client.Fault{{Pointer: "#/measure/function", Detail: "it lacks function"}}},
		{"POST /v1/query", `{"purpose":"p"}`, []client.Fault{{Pointer: "#/dataset", Detail: "it lacks dataset"}}},
		{"POST /v1/query", `{"dataset":"v","x/y~z":1}`, []client.Fault{{Pointer: "#/x~1y~0z", Detail: "there is no such member"}}},
		{"POST /v1/query", `[]`, []client.Fault{{Pointer: "#", Detail: "it must be an object, in braces"}}},
		{"POST /v1/query", `{"dataset":"v","measure":{"function":"count","function":"sum"}}`, []client.Fault{{Pointer: "#/measure/function"}}},
		{"POST /v1/query", `{"dataset":"v","key":""}`, []client.Fault{{Pointer: "#/key"}}},
		{"POST /v1/query", `{"dataset":"v","limit":1e2}`, []client.Fault{{Pointer: "#/limit"}}},
		{"POST /v1/federated-rows", `{"dataset":"v","at":"**.x","wait":"1"}`, []client.Fault{{Pointer: "#/wait"}}},
		{"POST /v1/federated-rows", `{"dataset":"v","at":"**.x","fields":["\ud800"]}`, []client.Fault{{Pointer: "#/fields/0"}}},
		{"GET /v1/uses?limit=x", "", []client.Fault{{Parameter: "limit"}}},
		{"GET /v1/uses?colour=x", "", []client.Fault{{Parameter: "colour"}}},
		{"GET /v1/uses?limit=", "", []client.Fault{{Parameter: "limit"}}},
		{"GET /v1/uses?limit=1&limit=2", "", []client.Fault{{Parameter: "limit"}}},
		{"GET /v1/ledger/entries/x", "", []client.Fault{{Parameter: "index"}}},
		{"POST /v1/invitations", `{"name":"x","hours":1e9}`, []client.Fault{{Pointer: "#/hours"}}},
	} {
		method, path, _ := strings.Cut(row.request, " ")
		w := d.got(method, path, row.body, map[string]string{"Content-Type": "application/json", "Idempotency-Key": "01934c5e-0000-7000-8000-000000000001"})
		var p client.Problem
		err := json.Unmarshal(w.Body.Bytes(), &p)
		same := func(got, want client.Fault) bool {
			return got.Pointer == want.Pointer && got.Parameter == want.Parameter && got.Header == want.Header && got.Detail != "" && (want.Detail == "" || got.Detail == want.Detail)
		}
		if err != nil || !slices.EqualFunc(p.Errors, row.want, same) {
			t.Errorf("%s %s: got %s, want %+v", row.request, row.body, w.Body, row.want)
		}
	}
}

// TestCommandLineReads: a command line is told of its flags, and nobody else is.
func TestCommandLineReads(t *testing.T) {
	d := open(t)
	for prefer, want := range map[string]string{
		"": "name the agency's code with `Xietong-Agency`", "respond-async": "name the agency's code with `Xietong-Agency`",
		client.PreferCommandLine: "name the agency's code with --as", "wait=5, " + client.PreferCommandLine: "name the agency's code with --as",
	} {
		var p client.Problem
		w := d.got("GET", "/v1/grants", "", map[string]string{"Prefer": prefer})
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || !strings.HasPrefix(p.Do, want) {
			t.Errorf("%q: got %s, want %s", prefer, w.Body, want)
		}
	}
}

// TestKeysAreNotEchoed: no refusal repeats whom was asked about, nor what was claimed.
func TestKeysAreNotEchoed(t *testing.T) {
	d := open(t)
	const secret = "520102199001011234"
	for _, row := range []struct{ path, body string }{
		{"/v1/query", `{"dataset":"villages","key":"` + secret + `","purpose":"x"}`},
		{"/v1/query", `{"dataset":"villages","key":` + secret + `,"purpose":"x"}`},
		{"/v1/query", `{"dataset":"villages","where":{"name":["` + secret + `"]},"purpose":"statistics"}`},
		{"/v1/query", `{"dataset":"villages","filter":"code = '` + secret + `'","purpose":"statistics"}`},
		{"/v1/query", `{"dataset":"villages","limit":"` + secret + `"}`},
		{"/v1/verify", `{"dataset":"villages","key":"` + secret + `","field":"people","value":["` + secret + `"],"purpose":"statistics","basis":"b","scenario":"s","scope":"s","method":"query","until":"2027-01-01T00:00:00Z"}`},
		{"/v1/verify", `{"dataset":"villages","key":{"` + secret + `":1}}`},
		{"/v1/datasets/villages/records", `{"record":{"code":["` + secret + `"]}}`},
		{"/v1/datasets/villages/history", `{"key":"` + secret + `"}`},
		{"/v1/datasets/villages/retractions", `{"key":"` + secret + `","reason":"r"}`},
	} {
		for _, language := range []string{"zh", "en"} {
			w := d.got("POST", row.path, row.body, map[string]string{
				"Content-Type": "application/json", "Idempotency-Key": "01934c5e-0000-7000-8000-000000000009", "Xietong-Agency": "civil-affairs", "Accept-Language": language,
			})
			if w.Code < 400 || strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s %s: got %d %s", row.path, row.body, w.Code, w.Body)
			}
		}
	}
}
