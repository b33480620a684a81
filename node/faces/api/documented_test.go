package api

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// listRow is a row of the table of lists: the paths, and the conditions that they take.
var listRow = regexp.MustCompile("(?m)^\\| (`/v1/[^|]*) \\| ([^|]*) \\|")

var quoted = regexp.MustCompile("`([^`]+)`")

// TestListsTakeWhatIsDocumented: the guides of the API name, in both languages, every list that
// comes in pages and every condition that it takes, and no other.
func TestListsTakeWhatIsDocumented(t *testing.T) {
	api := open(t).described(t)
	for _, guide := range []string{"../../../docs/api.md", "../../../docs/zh/api.md"} {
		data, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		told := map[string]bool{}
		for _, row := range listRow.FindAllStringSubmatch(string(data), -1) {
			var said []string
			for _, name := range quoted.FindAllStringSubmatch(row[2], -1) {
				said = append(said, name[1])
			}
			slices.Sort(said)
			for _, path := range quoted.FindAllStringSubmatch(row[1], -1) {
				told[path[1]] = true
				var takes []string
				for _, p := range api.Paths[path[1]]["get"].Parameters {
					if p.In == "query" && !slices.Contains([]string{"limit", "cursor", "sort"}, p.Name) {
						takes = append(takes, p.Name)
					}
				}
				if slices.Sort(takes); !slices.Equal(said, takes) {
					t.Errorf("%s: %s takes %v, and %v is said", guide, path[1], takes, said)
				}
			}
		}
		for path, item := range api.Paths {
			paged := slices.ContainsFunc(item["get"].Parameters, func(p struct{ Name, In string }) bool { return p.Name == "cursor" })
			if paged && !told[path] && !strings.Contains(path, "{") {
				t.Errorf("%s: the list %s is not told", guide, path)
			}
		}
	}
}

// operationNamed is an operation as a sentence names it, up to its parameters.
var operationNamed = regexp.MustCompile(`\b(GET|POST|PUT|DELETE) (/v1/[a-z0-9/{}_-]*)`)

// TestRemediesNameOperations: each operation that a problem tells a program to use is one of the
// API.
func TestRemediesNameOperations(t *testing.T) {
	var known []string
	hole := regexp.MustCompile(`\{[a-z_]*\}`)
	for path, item := range open(t).described(t).Paths {
		for method := range item {
			known = append(known, strings.ToUpper(method)+" "+hole.ReplaceAllString(path, "{}"))
		}
	}
	for _, code := range text.Codes() {
		for _, l := range []text.Lang{text.Zh, text.En} {
			e := text.ExplainHTTP(l, code, nil)
			for _, named := range operationNamed.FindAllStringSubmatch(e.What+" "+e.Do, -1) {
				if got := named[1] + " " + hole.ReplaceAllString(named[2], "{}"); !slices.Contains(known, got) {
					t.Errorf("%s names %s, which is no operation", code, got)
				}
			}
		}
	}
}

// TestTitlesAreTrimmed: the space that somebody types around the title of an agency, also the wide
// one of an input method, is none of it; and the same agency again is told as that.
func TestTitlesAreTrimmed(t *testing.T) {
	d := open(t)
	for _, want := range []bool{false, true} {
		r := httptest.NewRequest("POST", "/v1/agencies", strings.NewReader(`{"code":"roads","title":"\u3000交通局 "}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", must(identity.NewMessage()).String())
		got := httptest.NewRecorder()
		d.handler.ServeHTTP(got, r)
		var added client.Agency
		if err := json.Unmarshal(got.Body.Bytes(), &added); err != nil || added.Title != "交通局" || added.Unchanged != want {
			t.Errorf("got %d %s, want the title alone, unchanged %t", got.Code, got.Body, want)
		}
	}
}
