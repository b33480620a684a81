package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// part is what the test reads of the description of a value.
type part struct {
	Ref        string `json:"$ref"`
	Properties map[string]part
	Items      *part
}

// spellings are other ways to write the name of a member, which decoders of Go take for it.
func spellings(name string) (all []string) {
	folded := strings.NewReplacer("s", "\u017f", "k", "\u212a").Replace(name)
	for _, other := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], folded} {
		if other != name {
			all = append(all, other)
		}
	}
	return all
}

// TestMembersAreExact (A37b) walks the description of the API: every member of every body, at every
// depth, is refused by its name where it is written in another case or with a letter that folds to
// one of its own, alone or beside the member, and where it stands twice.
func TestMembersAreExact(t *testing.T) {
	d := open(t)
	var api struct {
		Paths map[string]map[string]struct {
			RequestBody *struct {
				Content map[string]struct{ Schema part }
			}
		}
		Components struct{ Schemas map[string]part }
	}
	answered := httptest.NewRecorder()
	d.handler.ServeHTTP(answered, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if err := json.Unmarshal(answered.Body.Bytes(), &api); err != nil {
		t.Fatal(err)
	}
	tried := 0
	refused := func(path, body string, want string) {
		tried++
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		got := httptest.NewRecorder()
		d.handler.ServeHTTP(got, r)
		var p client.Problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || got.Code < 400 || got.Code >= 500 || !strings.Contains(p.Detail, want) {
			t.Errorf("%s %s: got %d %s, want %s", path, body, got.Code, got.Body, want)
		}
	}
	var walk func(path string, of part, before, after, at string)
	walk = func(path string, of part, before, after, at string) {
		if of.Ref != "" {
			of = api.Components.Schemas[of.Ref[strings.LastIndex(of.Ref, "/")+1:]]
		}
		if of.Items != nil {
			walk(path, *of.Items, before+"[", "]"+after, at+"0/")
		}
		for name, below := range of.Properties {
			one := `"` + name + `":null`
			refused(path, before+"{"+one+","+one+"}"+after, `it has the member "`+at+name+`" twice`)
			for _, other := range spellings(name) {
				refused(path, before+`{"`+other+`":null}`+after, other+": there is no such member")
				refused(path, before+`{`+one+`,"`+other+`":null}`+after, other+": there is no such member")
			}
			walk(path, below, before+`{"`+name+`":`, "}"+after, at+name+"/")
		}
	}
	for path, item := range api.Paths {
		if post := item["post"]; post.RequestBody != nil {
			path = strings.NewReplacer("{code}", "villages", "{index}", "1", "{child}", "x", "{name}", "x").Replace(path)
			walk(path, post.RequestBody.Content["application/json"].Schema, "", "", "")
		}
	}
	if tried < 800 {
		t.Errorf("%d were tried", tried)
	}
}

// TestTypedIsExact: also what decodes a body into its type takes no other spelling.
func TestTypedIsExact(t *testing.T) {
	for _, body := range []string{`{"dataset":"v","Key":"a"}`, "{\"dataset\":\"v\",\"\u212aey\":\"a\"}", `{"dataset":"v","dataset":"w"}`} {
		var q client.Query
		if err := unmarshal([]byte(body), &q); err == nil {
			t.Errorf("%s: got %+v, want it refused", body, q)
		}
	}
}

// TestOneDocument replays what an attacker did: a body whose members stand in two spellings, of
// which the description was held against one, and the other was taken.
func TestOneDocument(t *testing.T) {
	d := open(t)
	for path, body := range map[string]string{
		"/v1/query":                     `{"dataset":"villages","purpose":"statistics","filter":"name==\"x\"","FILTER":""}`,
		"/v1/verify":                    `{"dataset":"villages","key":"1","Key":"2","field":"name","value":"x"}`,
		"/v1/datasets/villages/records": `{"record":{"code":"8"},"RECORD":{"code":"9"}}`,
		"/v1/federated-rows":            `{"dataset":"villages","at":"**.guizhou","At":"x"}`,
	} {
		d.refused(t, body, request{method: "POST", path: path, as: "civil-affairs", body: body}, text.NotAsDescribed)
	}
}
