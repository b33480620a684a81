package api

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestDescriptionIsComplete: the description says of every operation what it does, what comes of it
// as a type, and what a refusal is.
func TestDescriptionIsComplete(t *testing.T) {
	d := open(t)
	type media map[string]struct {
		Schema map[string]any `json:"schema"`
	}
	var described struct {
		OpenAPI string
		Info    struct {
			Title, Version, Description string
			License                     struct{ Identifier string }
		}
		Servers  []struct{ URL, Description string }
		Security []map[string][]string
		Tags     []struct{ Name, Description string }
		Paths    map[string]map[string]struct {
			OperationID, Summary, Description string
			Tags                              []string
			Parameters                        []struct {
				Name, In, Example string
				Required          bool
				Schema            struct{ Format string }
			}
			Responses map[string]struct {
				Ref     string `json:"$ref"`
				Content media
			}
		}
	}
	if err := json.Unmarshal(d.done(t, "GET", "/openapi.json", "", nil), &described); err != nil {
		t.Fatal(err)
	}
	if i := described.Info; i.Version != "test" || i.License.Identifier != "Apache-2.0" || len(described.Servers) != 1 || len(described.Security) != 1 ||
		!strings.Contains(i.Description, "whoever may open the socket") {
		t.Errorf("got %+v, servers %v, security %v", i, described.Servers, described.Security)
	}
	var ids []string
	for path, methods := range described.Paths {
		for method, o := range methods {
			ids = append(ids, o.OperationID)
			tagged := len(o.Tags) == 1 && slices.ContainsFunc(described.Tags, func(t struct{ Name, Description string }) bool { return t.Name == o.Tags[0] && t.Description != "" })
			if o.OperationID == "" || len(o.Description) <= len(o.Summary) || !tagged || o.Responses["4XX"].Ref == "" || o.Responses["5XX"].Ref == "" {
				t.Errorf("%s %s: got %+v", method, path, o)
			}
			for media, of := range o.Responses["200"].Content {
				if len(of.Schema) == 0 {
					t.Errorf("%s %s: what is %s has no type", method, path, media)
				}
			}
			for _, p := range o.Parameters {
				if p.Name == client.HeaderIdempotency && (!p.Required || p.Schema.Format != "uuid" || p.Example != exampleKey) {
					t.Errorf("%s %s: the key is %+v", method, path, p)
				}
			}
		}
	}
	for name, lines := range map[string][]string{
		"/v1/federated-rows": {"RowsLine"}, "/v1/datasets/{code}/imports": {"ImportProgress", "Imported", "ImportFailed"},
	} {
		schema, _ := json.Marshal(described.Paths[name]["post"].Responses["200"].Content["application/x-ndjson"].Schema)
		for _, line := range lines {
			if !strings.Contains(string(schema), line) {
				t.Errorf("%s: got %s, want lines of %s", name, schema, line)
			}
		}
	}
	for id := range details {
		if !slices.Contains(ids, id) {
			t.Errorf("details tell of %s, which is no operation", id)
		}
	}
}

// TestDescriptionIsClean runs a linter with its recommended rules over the description.
func TestDescriptionIsClean(t *testing.T) {
	linter, err := filepath.Abs("testdata/lint/node_modules/.bin/spectral")
	if err == nil {
		_, err = os.Stat(linter)
	}
	if err != nil {
		const how = "no linter here: cd node/faces/api/testdata/lint && npm ci --ignore-scripts"
		if os.Getenv("CI") != "" {
			t.Fatal(how)
		}
		t.Skip(how)
	}
	file := filepath.Join(t.TempDir(), "openapi.json")
	if err := os.WriteFile(file, open(t).done(t, "GET", "/openapi.json", "", nil), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), linter, "lint", "--fail-severity=warn", "-r", "testdata/lint/ruleset.yaml", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "No results") {
		t.Errorf("%v\n%s", err, out)
	}
}
