package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// listings are a command line of each verb that lists, and how many rows the fake node gives it.
var listings = map[string]int{
	"agency list": 2, "dataset list": 1, "dataset standard list": 1, "grant list": 6, "host list": 1, "replica list": 5, "roster list": 2,
	"keys status": 3, "tree": 5, "ledger audits": 14, "record history villages 1": 2,
	"record export villages --purpose p": 2, "record get villages 520102001001 --purpose p": 2, "query villages --purpose p": 2,
	"query villages --at **.贵阳市 --purpose p": 3, "query villages --at **.贵阳市 --count --by urban --purpose p": 3,
	"query villages --at **.贵阳市 --count --purpose p": 1,
	"question list": 1, "question run 户数": 1, "use list": 3, "ledger list": 2, "use count --by agency": 2,
	"asked list": 3, "asked count --by dataset": 1,
}

func listingBench(t *testing.T, lang string) *workbench {
	b := newWorkbench(t, lang)
	b.node.in = map[string]func([]byte) any{
		"GET /v1/standards": func([]byte) any {
			return client.Standards{Standards: []client.Standard{{NewStandard: client.NewStandard{NewDataset: villages.NewDataset, Level: "county"}, Version: 1, Entry: log + "3"}}}
		},
		"GET /v1/roster": func([]byte) any {
			return client.Roster{Root: "guizhou", Hash: "ab", Places: []client.RosterPlace{
				{Name: "guizhou", Code: "520000", Level: "province", DisplayName: "贵州省"},
				{Name: "guiyang.guizhou", Code: "520100", Level: "prefecture", DisplayName: "贵阳市", EnglishName: "Guiyang"},
			}}
		},
	}
	b.node.lined = rowsLines
	return b
}

// rowsLines are the answer of many: two with records, one of which has more.
var rowsLines = []any{
	client.RowsLine{From: "nanming.guiyang.guizhou", Title: "南明区", Answer: &client.Answer{
		Rows: []json.RawMessage{json.RawMessage(`{"code":"1","name":"a"}`), json.RawMessage(`{"code":"2"}`)}, Count: 2, Access: log + "31", Cursor: "bmV4dA",
	}},
	client.RowsLine{From: "huaxi.guiyang.guizhou", Title: "花溪区", Answer: &client.Answer{
		Rows: []json.RawMessage{json.RawMessage(`{"code":"9","households":4}`)}, Count: 1, Access: "huaxi.guiyang.guizhou/log/1/8",
	}},
	client.RowsLine{Coverage: &client.FederatedAnswer{Total: 3, Answered: 2, Members: 10}},
}

// TestListingsInEveryFormat walks the tree of commands: each verb that lists is in the table above,
// and gives the same rows in each format, alone on standard output.
func TestListingsInEveryFormat(t *testing.T) {
	var untried []string
	root := (&app{lang: text.En, getenv: func(string) string { return "" }}).rootCommand()
	each(root, func(c *cobra.Command) {
		line := strings.TrimPrefix(c.CommandPath(), "xietong ")
		tried := slices.ContainsFunc(slices.Collect(maps.Keys(listings)), func(l string) bool { return strings.HasPrefix(l+" ", line+" ") })
		if c.Annotations[lists] != "" && !tried {
			untried = append(untried, line)
		}
		if slices.Contains([]string{"list", "history", "audits", "export"}, c.Name()) && c.Annotations[lists] == "" && line != "ledger export" { // which writes files
			t.Errorf("%s lists and takes no -o", line)
		}
	})
	if len(untried) > 0 {
		t.Errorf("not tried: %q", untried)
	}
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		b := listingBench(t, lang)
		code, stdout, stderr := b.run("query", "villages", "-o", "xlsx") // has an escape
		if !strings.Contains(stderr, "(cell-control)") && code != exitFailed || stdout != "" || !strings.Contains(stderr, "name") {
			t.Errorf("a control character: exit %d, %q, %s", code, stdout, stderr)
		}
		b.node.in["POST /v1/query"] = func(body []byte) any {
			a := answers["POST /v1/query"].(client.Answer)
			if strings.Contains(string(body), `"limit"`) { // the only page
				a.Cursor = ""
			}
			a.Rows = []json.RawMessage{a.Rows[0], json.RawMessage(`{"code":"0012","households":123456789012345678,"name":"=1+1,\n\"x\"","tags":["a",{"b":null}]}`)}
			return a
		}
		for line, want := range listings {
			var first [][]string
			for _, format := range []export.Format{export.CSV, export.TSV, export.JSONL, export.XLSX} {
				code, stdout, stderr := b.run(append(strings.Fields(line), "-o", string(format))...)
				rows := tableRowsOf(t, format, stdout)
				if code != exitDone && !strings.Contains(line, "--count") || len(rows) != want+1 { // the count has a proven lie
					t.Fatalf("%s -o %s: exit %d, %d rows, want %d: %s%s", line, format, code, len(rows)-1, want, stdout, stderr)
				}
				if first == nil {
					first = rows
				}
				if !reflect.DeepEqual(rows, normal(first, format)) {
					t.Errorf("%s -o %s:\n got %q\nwant %q", line, format, rows, first)
				}
			}
			alias, _, _ := second(b.run(append(strings.Fields(line), "--json")...))
			if _, asked, stderr := b.run(append(strings.Fields(line), "-o", "json")...); asked != alias || stderr != "" && line != "record export villages --purpose p" { // it tells beside the rows what they lack
				t.Errorf("%s: -o json is not --json: %s %s", line, asked, stderr)
			}
			if code, stdout, _ := b.run(append(strings.Fields(line), "-o", "table")...); code != exitDone && code != exitUnverified || strings.HasPrefix(line, "query") && strings.Contains(stdout, log) {
				t.Errorf("%s -o table: exit %d, %s", line, code, stdout)
			}
		}
	}
}

func each(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, child := range c.Commands() {
		each(child, visit)
	}
}

func second(_ int, stdout, stderr string) (string, string, int) { return stdout, stderr, 0 }

// tableRowsOf reads rows in a format, with the line of the columns. JSON Lines get the columns of
// all rows, sorted.
func tableRowsOf(t *testing.T, format export.Format, data string) (rows [][]string) {
	t.Helper()
	var err error
	switch format {
	case export.CSV, export.TSV:
		r := csv.NewReader(strings.NewReader(data))
		if format == export.TSV {
			r.Comma = '\t'
		}
		rows, err = r.ReadAll()
	case export.XLSX:
		var f *excelize.File
		if f, err = excelize.OpenReader(strings.NewReader(data)); err == nil {
			rows, err = f.GetRows(f.GetSheetName(0))
		}
		for i := range rows { // empty cells at the end are left out
			rows[i] = append(rows[i], make([]string, len(rows[0])-len(rows[i]))...)
		}
	case export.JSONL:
		rows = append(rows, nil)
		for d := json.NewDecoder(strings.NewReader(data)); ; {
			var object json.RawMessage
			if err := d.Decode(&object); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, data)
			}
			names, values, err := export.Members(object)
			if err != nil {
				t.Fatal(err)
			}
			var row []string
			for _, name := range names {
				if s := export.Spell(values[name]); s != "" {
					row = append(row, name+"="+s)
				}
			}
			rows = append(rows, row)
		}
	}
	if err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return rows
}

// normal returns rows as table returns those of the format.
func normal(rows [][]string, format export.Format) [][]string {
	if format != export.JSONL {
		return rows
	}
	out := [][]string{nil}
	for _, row := range rows[1:] {
		var members []string
		for i, cell := range row {
			if cell != "" {
				members = append(members, rows[0][i]+"="+cell)
			}
		}
		out = append(out, members)
	}
	return out
}

// TestOnlyListingsPrintTables: whatever prints a table goes through show, or is a description of
// one thing.
func TestOnlyListingsPrintTables(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]int{
		"listing.go": 1, "fit.go": 3, "rows.go": 1, "measure.go": 1, "schema.go": 1, // one: the fields of a dataset
		"agency.go": 1, "bench.go": 3, "tree.go": 1, "keys.go": 1, "check.go": 1, // list itself, and what stands among sentences
	}
	call := regexp.MustCompile(`\ba\.(table|list)\(`)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(call.FindAll(data, -1)); n > allowed[name] && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s prints %d tables, want %d: use show and listing", name, n, allowed[name])
		}
	}
}

// TestOutFile checks the file of --out: whole or not there, private, never written over what is
// there.
func TestOutFile(t *testing.T) {
	b := listingBench(t, "en_US.UTF-8")
	dir := t.TempDir()
	file := filepath.Join(dir, "agencies.csv")
	code, stdout, stderr := b.run("agency", "list", "--out", file)
	got, err := os.ReadFile(file)
	if err != nil || code != exitDone || stdout != "" || stderr != "written to "+file+": 2 rows\n" || !bytes.HasPrefix(got, []byte("\uFEFFcode,title,id,entry,former,twin,ended\r\ncivil-affairs,民政局,")) {
		t.Fatalf("exit %d, %q, %q: %q, %v", code, stdout, stderr, got, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	code, _, stderr = b.run("grant", "list", "--out", file)
	if again, _ := os.ReadFile(file); code != exitFailed || !bytes.Equal(again, got) || !strings.Contains(stderr, "is there already, and nothing was written") {
		t.Errorf("over a file: exit %d, %s", code, stderr)
	}
	if code, _, stderr = b.run("grant", "list", "--out", file, "--force"); code != exitDone {
		t.Errorf("with --force: exit %d, %s", code, stderr)
	}
	b.node.fail = map[string]client.Problem{"POST /v1/query": {Title: "x", Status: 403, Code: "use-refused", Detail: "not yours"}}
	refused := filepath.Join(dir, "refused.xlsx")
	if code, _, stderr = b.run("query", "villages", "--out", refused); code != exitFailed || !strings.Contains(stderr, "not yours") {
		t.Errorf("a refusal: exit %d, %s", code, stderr)
	}
	if code, _, stderr = b.run("agency", "list", "--out", filepath.Join(dir, "none", "x.csv")); code != exitFailed || !strings.Contains(stderr, "where: "+filepath.Join(dir, "none", "x.csv")) {
		t.Errorf("no folder: exit %d, %s", code, stderr)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("%d files, want no other", len(left))
	}
}

// TestOutputFlags checks what does not go together.
func TestOutputFlags(t *testing.T) {
	b := listingBench(t, "C")
	for line, want := range map[string]string{
		"agency list -o pdf":                            "it is one of table, csv, tsv, jsonl, json, xlsx",
		"agency list --json -o csv":                     "the flags --json and -o csv do not go together",
		"agency list -o table --out x":                  "the flags -o table and --out do not go together",
		"agency list --out x.txt":                       "the name x.txt does not tell the format: give -o",
		"agency list --force":                           "the flag --force goes with --out, and has no effect without it",
		"query villages --key 1 --verify name=a -o csv": "the flags -o csv and --verify do not go together",
	} {
		if code, stdout, stderr := b.run(strings.Fields(line)...); code != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %s, want %s", line, code, stderr, want)
		}
	}
	b.app.columns = 80
	if code, _, stderr := b.run("agency", "list", "-o", "xlsx"); code != exitUsage || !strings.Contains(stderr, "cannot be shown on a terminal") {
		t.Errorf("xlsx on a terminal: exit %d, %s", code, stderr)
	}
	if len(b.node.asked) > 0 {
		t.Errorf("the node was asked %q", b.node.asked)
	}
}

// TestOutBeforeItAsks (N21-40): a file that is there, or in a folder that is not, is told before
// the node is asked: the question would be recorded at both sides.
func TestOutBeforeItAsks(t *testing.T) {
	b := newWorkbench(t, "C")
	there := filepath.Join(b.dir, "there.csv")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(b.dir, "nowhere", "x.csv")
	for _, line := range []string{
		"query villages --key 1 --purpose p", "query villages --count --purpose p", "query villages --at **.guizhou --count --purpose p",
		"query villages --at **.guizhou --purpose p", "query villages --all --purpose p", "use list",
	} {
		for file, want := range map[string]string{there: "there.csv", nowhere: "no such file or folder"} {
			b.node.asked = nil
			code, stdout, stderr := b.run(append(strings.Fields(line), "--out", file)...)
			if code != exitFailed || stdout != "" || !strings.Contains(stderr, want) || len(b.node.asked) > 0 {
				t.Errorf("%s --out %s: exit %d, the node was asked %q\n%s", line, file, code, b.node.asked, stderr)
			}
		}
	}
	if left, err := filepath.Glob(filepath.Join(b.dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("it left %s, %v", left, err)
	}
}
