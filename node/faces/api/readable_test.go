package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/faces/client"
)

// TestNotText (P17, U-C18): what is no readable text is refused in every body, with the place, and
// nothing is recorded.
func TestNotText(t *testing.T) {
	d := open(t)
	before := len(d.Heads(t, 0))
	const gbk = "\xc3\xf1\xd5\xfe\xbe\xd6"
	for _, row := range []struct{ path, body, where string }{
		{"/v1/agencies", `{"code":"gg","title":"` + gbk + `"}`, "title"},
		{"/v1/agencies", `{"code":"gg","title":"\u0000"}`, "title"},
		{"/v1/agencies", `{"code":"gg","title":"民` + "\uFFFD" + `"}`, "title"},
		{"/v1/datasets", `{"code":"gk","title":"t","category":"unconditional","purposes":[{"code":"t","title":"` + gbk + `"}],"schema":{},"key":"id","not_secret":true}`, "purposes/0/title"},
		{"/v1/datasets", `{"code":"gk","title":"t","category":"unconditional","purposes":[],"schema":{"properties":{"` + gbk + `":{}}},"key":"id","not_secret":true}`, "schema/properties/?"},
		{"/v1/datasets/villages/retractions", `{"key":"1","reason":"` + gbk + `"}`, "reason"},
		{"/v1/datasets/villages/records", `{"record":{"code":"1","name":"\u0000"}}`, "record/name"},
		{"/v1/query", `{"dataset":"villages","basis":"` + gbk + `"}`, "basis"},
		{"/v1/federated-rows", `{"dataset":"villages","basis":"` + gbk + `"}`, "basis"},
		{"/v1/roster", `{"csv":"` + gbk + `"}`, "csv"},
	} {
		r := httptest.NewRequest(http.MethodPost, row.path, strings.NewReader(row.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", must(identity.NewMessage()).String())
		got := httptest.NewRecorder()
		d.handler.ServeHTTP(got, r)
		var p client.Problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || p.Code != "not-text" || p.Where != row.where {
			t.Errorf("%s %q: got %d %s, want not-text at %s", row.path, row.body, got.Code, got.Body, row.where)
		}
	}
	if after := len(d.Heads(t, 0)); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}
