package api

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestOneReading counts the readings and the commands of each operation. An operation resolves the
// acting agency, decides and reads in one reading, which sees everything acknowledged before it; a
// use that has to apply first needs two readings and two commands. In a group of several replicas
// each reading asks the other replicas, so each costs time.
func TestOneReading(t *testing.T) {
	sum := client.Measure{Function: client.MeasureSum, Field: "people"}
	set := client.NewStandard{NewDataset: villages(), Level: "county"}
	set.Code = "towns"
	one := client.Query{Dataset: "villages", Key: "1", Use: use}
	claim := client.Verification{Dataset: "villages", Key: "1", Field: "name", Value: json.RawMessage(`"村1"`), Use: use}
	d := open(t)
	for _, row := range []struct {
		what, method, path, as string
		body                   any
		views, proposals       int64
	}{
		{"add-agency", "POST", "/v1/agencies", "", client.NewAgency{Code: "archives", Title: "x"}, 2, 1}, // whether it is there with this title, and its row
		{"agencies", "GET", "/v1/agencies", "", nil, 1, 0},
		{"status", "GET", "/v1/status", "", nil, 1, 0},
		{"publish-dataset, as it is", "POST", "/v1/datasets", "civil-affairs", villages(), 2, 1},
		{"plan-dataset", "POST", "/v1/datasets/plan", "civil-affairs", edited(villages(), func(d *client.NewDataset) { d.Title = "x" }), 2, 1},
		{"publish-standard", "POST", "/v1/standards", "civil-affairs", set, 1, 1},
		{"standards", "GET", "/v1/standards", "", nil, 1, 0},
		{"datasets", "GET", "/v1/datasets", "", nil, 1, 0},
		{"dataset", "GET", "/v1/datasets/villages", "", nil, 1, 0},
		{"put-record", "POST", "/v1/datasets/villages/records", "civil-affairs", client.PutRecord{Record: json.RawMessage(`{"code":"4"}`)}, 1, 1},
		{"retract-record", "POST", "/v1/datasets/villages/retractions", "civil-affairs", client.Retraction{Key: "3", Reason: "r"}, 1, 1},
		{"record-history", "POST", "/v1/datasets/villages/history", "civil-affairs", client.HistoryOf{Key: "3"}, 1, 0},
		{"the first query, which applies", "POST", "/v1/query", "water", one, 2, 2},
		{"query", "POST", "/v1/query", "water", one, 1, 1},
		{"a query of what is not there", "POST", "/v1/query", "water", client.Query{Dataset: "villages", Key: "9", Use: use}, 1, 1},
		{"a search", "POST", "/v1/query", "water", client.Query{Dataset: "villages", Filter: `name != ""`, Use: use}, 1, 1},
		{"a sum", "POST", "/v1/query", "water", client.Query{Dataset: "villages", Measure: &sum, Use: use}, 1, 1},
		{"the provider's query", "POST", "/v1/query", "civil-affairs", one, 1, 1},
		{"verify", "POST", "/v1/verify", "water", claim, 1, 1},
		{"the first verification, which applies", "POST", "/v1/verify", "archives", claim, 2, 2},
		{"grants", "GET", "/v1/grants", "civil-affairs", nil, 1, 0},
		{"uses", "GET", "/v1/uses?limit=3", "civil-affairs", nil, 1, 0},
		{"count-uses", "GET", "/v1/uses/counts?by=agency", "", nil, 1, 0},
		{"entry", "GET", "/v1/ledger/entries/0", "", nil, 1, 0},
		{"revoke-grant", "POST", "", "civil-affairs", client.Revocation{Reason: "r"}, 2, 1},
		{"roster", "GET", "/v1/roster", "", nil, 0, 0},
	} {
		if row.what == "revoke-grant" {
			row.path = d.revocation(t)
		}
		views, proposals := d.Views.Load(), d.Proposals.Load()
		d.done(t, row.method, row.path, row.as, row.body)
		views, proposals = d.Views.Load()-views, d.Proposals.Load()-proposals
		if views != row.views || proposals != row.proposals {
			t.Errorf("%s: got %d readings and %d commands, want %d and %d", row.what, views, proposals, row.views, row.proposals)
		}
	}
}

// revocation returns the path at which the first grant is revoked.
func (d *door) revocation(t *testing.T) string {
	t.Helper()
	var all client.Grants
	if err := json.Unmarshal(d.done(t, "GET", "/v1/grants", "civil-affairs", nil), &all); err != nil || len(all.Grants) == 0 {
		t.Fatalf("got %+v, %v", all, err)
	}
	name := all.Grants[0].Grant
	return "/v1/grants/" + name[strings.LastIndexByte(name, '/')+1:] + "/revocation"
}

// TestDoorWritesNothing reads the source: this package proposes no command and signs no statement,
// and it uses only those names of consensus with which it reads.
func TestDoorWritesNothing(t *testing.T) {
	reads := map[string][]string{
		"ledger": {"Checkpoint", "None"}, "state": {"Reader"},
	}
	files := token.NewFileSet()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, e.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		read++
		taken := consensusOf(t, file, reads)
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, _ := s.X.(*ast.Ident)
			switch {
			case slices.Contains([]string{"Propose", "Act", "Note", "Enter"}, s.Sel.Name):
				t.Errorf("%s: it calls %s: a room has to", files.Position(s.Pos()), s.Sel.Name)
			case of != nil && taken[of.Name] && !slices.Contains(reads[of.Name], s.Sel.Name):
				t.Errorf("%s: it takes %s.%s of consensus", files.Position(s.Pos()), of.Name, s.Sel.Name)
			}
			return true
		})
	}
	if read < 10 {
		t.Errorf("%d files were read", read)
	}
}

// consensusOf returns the packages of consensus that a file imports, by their names.
func consensusOf(t *testing.T, file *ast.File, may map[string][]string) map[string]bool {
	t.Helper()
	taken := map[string]bool{}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name, of := strings.CutPrefix(path, "xietong/consensus/")
		if !of {
			continue
		}
		if _, ok := may[name]; !ok || spec.Name != nil {
			t.Errorf("it imports %s", path)
		}
		taken[name] = true
	}
	return taken
}
