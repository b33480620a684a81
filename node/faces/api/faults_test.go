package api

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestFaultsAreNamed: a refusal says which parameter, header or member it is about, whoever found
// the fault: the library, this package or a room.
func TestFaultsAreNamed(t *testing.T) {
	d := open(t)
	file := "code,name\n1,x\n"
	hashed := fmt.Sprintf("%x", sha256.Sum256([]byte(file)))
	load := "/v1/datasets/villages/imports?rows=1&good=1&keep_good=false"
	key := func(value string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Del(client.HeaderIdempotency)
			if value != "" {
				r.Header.Set(client.HeaderIdempotency, value)
			}
		}
	}
	put := client.PutRecord{Record: []byte(`{"code":"8"}`)}
	read := func(path string) request { return request{method: "GET", path: path, as: "civil-affairs"} }
	sent := func(path string, body any) request {
		return request{method: "POST", path: path, as: "civil-affairs", body: body}
	}
	sum := client.Query{Dataset: "villages", Measure: &client.Measure{Function: "sum"}, Use: use}
	for _, row := range []struct {
		request
		code text.Code
		want client.Fault
	}{
		{read("/v1/ledger/entries?kind=accesss"), text.KindUnknown, client.Fault{Parameter: "kind"}},
		{read("/v1/ledger/entries?from=2026-11&to=2026-10"), text.PeriodInvalid, client.Fault{Parameter: "from"}},
		{read("/v1/uses?from=2026-11&to=2026-10"), text.PeriodInvalid, client.Fault{Parameter: "from"}},
		{read("/v1/uses?to=2026-13"), text.PeriodInvalid, client.Fault{Parameter: "to"}},
		{read("/v1/roster?level=town"), text.LevelUnknown, client.Fault{Parameter: "level"}},
		{read("/v1/standards?level=town"), text.LevelUnknown, client.Fault{Parameter: "level"}},
		{read("/v1/uses?foo=1"), text.BadRequest, client.Fault{Parameter: "foo"}},
		{sent("/v1/query", sum), text.BadRequest, client.Fault{Pointer: "#/measure/field"}},
		{sent(load, file), text.BadRequest, client.Fault{Parameter: "file_hash"}},
		{sent(load+"&file_hash=x", file), text.BadRequest, client.Fault{Parameter: "file_hash"}},
		{sent(load+"&missing=keep&file_hash="+hashed, file), text.PlanNeeded, client.Fault{Parameter: "plan"}},
		{sent("/v1/datasets/villages/imports/check?missing=drop", file), text.BadRequest, client.Fault{Parameter: "missing"}},
		{request{method: "POST", path: load + "&file_hash=" + hashed, as: "civil-affairs", body: file, edit: key("x")}, text.KeyMalformed, client.Fault{Header: client.HeaderIdempotency}},
		{request{method: "POST", path: "/v1/datasets/villages/records", as: "civil-affairs", body: put, edit: key("")}, text.KeyMissing, client.Fault{Header: client.HeaderIdempotency}},
		{request{method: "POST", path: "/v1/datasets/villages/records", as: "civil-affairs", body: put, edit: key("x")}, text.KeyMalformed, client.Fault{Header: client.HeaderIdempotency}},
		{request{method: "POST", path: "/v1/federated-rows", as: "civil-affairs", body: `{"dataset":"villages","at":"**.guizhou","purpose":"statistics"}`, edit: key("x")}, text.KeyMalformed, client.Fault{Header: client.HeaderIdempotency}},
	} {
		p := d.refused(t, row.path, row.request, row.code)
		if row.want.Detail = p.Detail; len(p.Errors) != 1 || p.Errors[0] != row.want {
			t.Errorf("%s: got %+v, want %+v", row.path, p.Errors, row.want)
		}
	}
	if p := d.refused(t, "no hash", sent(load, file), text.BadRequest); !strings.Contains(p.Detail, "it is missing") {
		t.Errorf("got %s", p.Detail)
	}
	if p := d.refused(t, "no plan", sent(load+"&missing=keep&file_hash="+hashed, file), text.PlanNeeded); !strings.Contains(p.Do, "the parameter `plan`") {
		t.Errorf("got %s", p.Do)
	}
}

// TestNearDataset: what is no code, such as the name of a file, is told with the code that is near.
func TestNearDataset(t *testing.T) {
	d := open(t)
	for _, q := range []request{
		{method: "GET", path: "/v1/datasets/villages.json"},
		{method: "POST", path: "/v1/datasets/villages.json/imports/check", body: "code\n1\n"},
		{method: "POST", path: "/v1/query", body: client.Query{Dataset: "villages.json", Key: "1", Use: use}},
	} {
		q.as = "civil-affairs"
		if p := d.refused(t, q.path, q, text.UnknownDataset); !strings.HasSuffix(p.Detail, "near it: villages") {
			t.Errorf("%s: got %s", q.path, p.Detail)
		}
	}
}
