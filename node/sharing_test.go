package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// villages is the dataset of these tests: the providing agency is civil-affairs.
func villages(category string) client.NewDataset {
	d := client.NewDataset{
		Code: "villages", Title: "村（居）委会名录", Agency: "civil-affairs", Category: category,
		Purposes: []client.Purpose{{Code: "residence-check", Title: "居住地核验"}, {Code: "statistics", Title: "统计"}},
		Schema: json.RawMessage(`{"type":"object","required":["code","name"],"properties":{
			"code":{"type":"string","pattern":"^[0-9]{12}$"},"name":{"type":"string","minLength":1},
			"township":{"type":"string"},"households":{"type":["integer","null"]}}}`),
		Key: "code", Indexed: []string{"township"}, NotSecret: true, UpdateCycle: "yearly",
	}
	if category == client.NotShared {
		d.Citation = "《居民身份证法》第十九条"
	}
	return d
}

// counted asks for the number of records instead of the records.
var counted = &client.Measure{Function: client.MeasureCount}

var use = client.Use{
	Purpose: "residence-check", Basis: "《居住证暂行条例》", Scenario: "居住证办理", Scope: "南明区", Method: "query", Until: "2028-12-31T00:00:00+08:00",
}

// desk is a running node with two agencies and the dataset.
type desk struct {
	dir             string
	stop            func()
	provider, water *client.Client
}

func newDesk(t *testing.T, category string) *desk {
	t.Helper()
	d := &desk{}
	d.dir, _ = initDir(t)
	d.start(t)
	for code, title := range map[string]string{"civil-affairs": "民政局", "water": "水务管理局"} {
		must(t)(d.provider.AddAgency(t.Context(), client.NewAgency{Code: code, Title: title}))
	}
	must(t)(d.provider.PublishDataset(t.Context(), villages(category)))
	return d
}

func (d *desk) start(t *testing.T) {
	t.Helper()
	d.stop = serve(t, d.dir)
	d.provider = client.Dial(d.dir, client.Options{As: "civil-affairs", Language: "en"})
	d.water = client.Dial(d.dir, client.Options{As: "water", Language: "en"})
	t.Cleanup(d.provider.Close)
	t.Cleanup(d.water.Close)
}

func (d *desk) restart(t *testing.T) {
	t.Helper()
	d.stop()
	d.start(t)
}

// must ends the test on an error.
func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// aPlaceholder is a place that nothing was put into. A pattern of a schema, such as ^[0-9]{12}$, is
// none, and neither is a part of an address, such as /v1/datasets/{code}.
var aPlaceholder = regexp.MustCompile(`(^|[^/])\{[a-z_]+\}`)

// refused demands a problem with the code, worded without an empty placeholder.
func refused(t *testing.T, err error, want text.Code) {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Code != string(want) {
		t.Errorf("got %v, want the problem %s", err, want)
		return
	}
	if aPlaceholder.MatchString(p.Detail + p.Where + p.Do) {
		t.Errorf("%s is told with an empty place: %v", want, p)
	}
}

func village(n int) string {
	return fmt.Sprintf(`{"code":"5201020160%02d","name":"村%02d","township":"52010201%d","households":%d}`, n, n, n%3, 100*n)
}

func (d *desk) put(t *testing.T, n int) client.RecordPut {
	t.Helper()
	put, err := d.provider.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(village(n))})
	if err != nil {
		t.Fatal(err)
	}
	return put
}

// load imports villages from..to as JSON Lines.
func (d *desk) load(t *testing.T, from, to int) client.Imported {
	t.Helper()
	var lines []string
	for n := from; n <= to; n++ {
		lines = append(lines, village(n))
	}
	done, err := d.provider.ImportRecords(t.Context(), client.Import{
		Dataset: "villages", Format: client.FormatJSONL, File: strings.NewReader(strings.Join(lines, "\n")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestRecords(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	before := strings.Replace(village(1), `"households":100`, `"households":99`, 1)
	must(t)(d.provider.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(before)}))
	if again := d.put(t, 1); !again.Replaced {
		t.Error("the same key a second time: got a new record, want it replaced")
	}
	if again := d.put(t, 1); !again.Unchanged {
		t.Error("the same record again: it was written")
	}
	q := client.Query{Dataset: "villages", Key: "520102016001", Use: use}
	got, err := d.water.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"code":"520102016001","households":100,"name":"村01","township":"520102011"}`
	if len(got.Rows) != 1 || string(got.Rows[0]) != want || !got.GrantedNow || got.Grant == "" || got.Access == "" {
		t.Errorf("got %s granted now %t, want %s under a new grant", got.Rows, got.GrantedNow, want)
	}
	must(t)(d.provider.RetractRecord(t.Context(), "villages", client.Retraction{Key: "520102016001", Reason: "撤并"}))
	if got, err = d.water.Query(t.Context(), q); err != nil || len(got.Rows) != 0 || got.GrantedNow {
		t.Errorf("after the retraction: got %v, %v, granted now %t", got.Rows, err, got.GrantedNow)
	}
	history, err := d.provider.RecordHistory(t.Context(), "villages", "520102016001")
	if err != nil || len(history.Versions) != 3 || history.Older || history.Versions[2].State != client.VersionRetracted {
		t.Errorf("history: got %v, %v, want put, put, retracted", history, err)
	}
	_, err = d.provider.RetractRecord(t.Context(), "villages", client.Retraction{Key: "520102016001", Reason: "再次"})
	refused(t, err, text.UnknownRecord)
	_, err = d.water.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(village(2))})
	refused(t, err, text.NotProvider)
	_, err = d.provider.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(`{"code":"x","name":"y"}`)})
	refused(t, err, text.SchemaRejected)
	_, err = d.provider.PutRecord(t.Context(), "towns", client.PutRecord{Record: json.RawMessage(village(2))})
	refused(t, err, text.UnknownDataset)
}

func TestQuery(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	done := d.load(t, 1, 30)
	if done.Rows != 30 || done.Import == "" || done.Published == "" {
		t.Fatalf("import: got %+v", done)
	}
	d.put(t, 31)
	ask := func(q client.Query) client.Answer {
		t.Helper()
		q.Dataset, q.Use = "villages", use
		got, err := d.water.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for name, row := range map[string]struct {
		q    client.Query
		want uint64
	}{
		"all":                {client.Query{Measure: counted}, 31},
		"indexed":            {client.Query{Where: map[string]json.RawMessage{"township": json.RawMessage(`"520102011"`)}, Measure: counted}, 11},
		"not indexed":        {client.Query{Where: map[string]json.RawMessage{"name": json.RawMessage(`"村07"`)}}, 1},
		"number as text":     {client.Query{Where: map[string]json.RawMessage{"households": json.RawMessage(`"700"`)}}, 1},
		"filter":             {client.Query{Filter: `households > 2500 && name.startsWith("村")`, Measure: counted}, 6},
		"filter and indexed": {client.Query{Where: map[string]json.RawMessage{"township": json.RawMessage(`"520102010"`)}, Filter: `households <= 600`}, 2},
		"nothing":            {client.Query{Key: "520102999999"}, 0},
	} {
		if got := ask(row.q); got.Count != row.want {
			t.Errorf("%s: got %d, want %d", name, got.Count, row.want)
		}
	}
	for _, where := range []map[string]json.RawMessage{nil, {"township": json.RawMessage(`"520102011"`)}} {
		seen, cursor := map[string]bool{}, ""
		for page := 0; page == 0 || cursor != ""; page++ {
			got := ask(client.Query{Limit: 4, Cursor: cursor, Fields: []string{"code"}, Where: where})
			for _, r := range got.Rows {
				if seen[string(r)] {
					t.Errorf("%s was answered on two pages", r)
				}
				seen[string(r)] = true
			}
			cursor = got.Cursor
		}
		if want := map[bool]int{true: 31, false: 11}[where == nil]; len(seen) != want {
			t.Errorf("paged through %d records, want %d", len(seen), want)
		}
	}
	first := ask(client.Query{Limit: 4})
	_, err := d.water.Query(t.Context(), client.Query{Dataset: "villages", Cursor: first.Cursor, Filter: "true", Use: use})
	refused(t, err, text.BadCursor)
	_, err = d.water.Query(t.Context(), client.Query{Dataset: "villages", Cursor: first.Cursor + "A", Use: use})
	refused(t, err, text.BadCursor)
	_, err = d.water.Query(t.Context(), client.Query{Dataset: "villages", Filter: "name ==", Use: use})
	refused(t, err, text.FilterMalformed)
	_, err = d.water.Query(t.Context(), client.Query{Dataset: "villages", Fields: []string{"phone"}, Use: use})
	refused(t, err, text.UnknownField)
}

func TestSharing(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	d.put(t, 1)
	q := client.Query{Dataset: "villages", Key: "520102016001"}
	_, err := d.water.Query(t.Context(), q)
	refused(t, err, text.PurposeNeeded)
	q.Purpose = "curiosity"
	_, err = d.water.Query(t.Context(), q)
	refused(t, err, text.UnknownPurpose)
	q.Purpose = "residence-check"
	_, err = d.water.Query(t.Context(), q)
	refused(t, err, text.BasisNeeded)
	if got, err := d.provider.Query(t.Context(), q); err != nil || len(got.Rows) != 1 || got.Grant != "" || got.Access == "" {
		t.Errorf("the provider's own use: got %+v, %v, want a logged answer without a grant", got, err)
	}
	q.Use = use
	got, err := d.water.Query(t.Context(), q)
	if err != nil || !got.GrantedNow {
		t.Fatalf("got %+v, %v", got, err)
	}
	d.restart(t)
	q.Use = client.Use{Purpose: "residence-check"}
	if again, err := d.water.Query(t.Context(), q); err != nil || again.Grant != got.Grant || again.GrantedNow {
		t.Errorf("under the same grant after a restart: got %+v, %v", again, err)
	}
	listed, err := d.provider.Grants(t.Context(), client.WantedGrants{})
	grants := listed.Grants
	if err != nil || len(grants) != 1 || grants[0].Uses != 2 || grants[0].State != client.GrantLive || grants[0].Basis != use.Basis {
		t.Fatalf("grants: got %+v, %v", grants, err)
	}
	index := indexOf(t, got.Grant)
	_, err = d.water.RevokeGrant(t.Context(), index, client.Revocation{Reason: "用途变更"})
	refused(t, err, text.NotProvider)
	must(t)(d.provider.RevokeGrant(t.Context(), index, client.Revocation{Reason: "用途变更"}))
	d.restart(t)
	q.Use = use
	_, err = d.water.Query(t.Context(), q)
	refused(t, err, text.GrantRevoked)
	for who, want := range map[*client.Client]string{d.provider: "用途变更", d.water: ""} { // the reason is the provider's own word (G8)
		listed, err := who.Grants(t.Context(), client.WantedGrants{})
		if err != nil || len(listed.Grants) != 1 || listed.Grants[0].Reason != want || listed.Grants[0].Revoked == "" {
			t.Errorf("got %+v, %v, want the reason %q", listed, err, want)
		}
	}
}

func indexOf(t *testing.T, entry string) (index uint64) {
	t.Helper()
	if _, err := fmt.Sscanf(entry[strings.LastIndexByte(entry, '/')+1:], "%d", &index); err != nil {
		t.Fatal(err)
	}
	return index
}

func TestVerify(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	d.put(t, 1)
	claim := func(key, value string) client.Verification {
		return client.Verification{Dataset: "villages", Key: key, Field: "name", Value: json.RawMessage(value), Use: use}
	}
	for _, row := range []struct{ key, value, want string }{
		{"520102016001", `"村01"`, client.AnswerYes},
		{"520102016001", `"村02"`, client.AnswerNo},
		{"520102016002", `"村02"`, client.AnswerNoSuchRecord},
	} {
		got, err := d.water.Verify(t.Context(), claim(row.key, row.value))
		if err != nil || got.Answer != row.want || got.Access == "" {
			t.Errorf("%s is %s: got %+v, %v, want %s", row.key, row.value, got, err, row.want)
		}
	}
	for range 18 { // two probes of this key are spent
		must(t)(d.water.Verify(t.Context(), claim("520102016001", `"x"`)))
	}
	_, err := d.water.Verify(t.Context(), claim("520102016001", `"村01"`))
	refused(t, err, text.QuotaSpent)
	d.restart(t)
	_, err = d.water.Verify(t.Context(), claim("520102016001", `"村01"`))
	refused(t, err, text.QuotaSpent)
}

func TestCategories(t *testing.T) {
	for category, want := range map[string]text.Code{client.Conditional: text.GrantNeeded, client.NotShared: text.NotShared} {
		d := newDesk(t, category)
		d.put(t, 1)
		_, err := d.water.Query(t.Context(), client.Query{Dataset: "villages", Key: "520102016001", Use: use})
		refused(t, err, want)
		_, err = d.water.Verify(t.Context(), client.Verification{
			Dataset: "villages", Key: "520102016001", Field: "name", Value: json.RawMessage(`"x"`), Use: use,
		})
		refused(t, err, want)
		d.stop()
	}
}

func TestImportAllOrNothing(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	file := "code,name,township,households\n520102016001,村01,520102011,100\n52010,坏,520102011,1\n520102016001,重,520102011,\n"
	im := client.Import{Dataset: "villages", Format: client.FormatCSV, File: strings.NewReader(file)}
	_, err := d.provider.ImportRecords(t.Context(), im)
	if rejected, ok := errors.AsType[*client.BadRowsError](err); !ok || rejected.Check.BadCount != 2 ||
		fmt.Sprintln(rejected.Check.Bad[0].Line, rejected.Check.Bad[0].Column, rejected.Check.Bad[0].Reason) != "3 code pattern\n" ||
		fmt.Sprintln(rejected.Check.Bad[1].Line, rejected.Check.Bad[1].Column, rejected.Check.Bad[1].Reason) != "4 code duplicate key\n" {
		t.Errorf("got %v", err)
	}
	q := client.Query{Dataset: "villages", Measure: counted, Use: use}
	if got, err := d.water.Query(t.Context(), q); err != nil || got.Count != 0 {
		t.Errorf("after a refused import: got %d records, %v", got.Count, err)
	}
	im.KeepGood = true
	done, err := d.provider.ImportRecords(t.Context(), im)
	if err != nil || done.Rows != 1 || done.Skipped != 1+1 {
		t.Errorf("keeping the good rows: got %+v, %v", done, err)
	}
	again, err := d.provider.ImportRecords(t.Context(), im)
	if done.Unchanged = true; err != nil || again != done {
		t.Errorf("the same import again: got %+v, %v, want %+v", again, err, done)
	}
	if got, err := d.water.Query(t.Context(), q); err != nil || got.Count != 1 {
		t.Errorf("got %d records, %v", got.Count, err)
	}
	for file, want := range map[string]text.Code{
		"name\nx\n":         text.HeaderRefused,
		"code,phone\n1,2\n": text.HeaderRefused,
		"code,name\n1,2\n":  text.ColumnsMissing,
		"":                  text.FileEmpty,
	} {
		_, err := d.provider.ImportRecords(t.Context(), client.Import{
			Dataset: "villages", Format: client.FormatCSV, File: strings.NewReader(file),
		})
		if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(want) {
			t.Errorf("%q: got %v, want %s", file, err, want)
		}
	}
}

// TestNothingInClear demands that no record, key, indexed value, query parameter or word of an
// application stands in any file of the data directory, raft's log included, or in the log.
func TestNothingInClear(t *testing.T) {
	var logged bytes.Buffer
	dir, _ := initDir(t)
	stop := serveLogging(t, dir, slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	provider := client.Dial(dir, client.Options{As: "civil-affairs"})
	defer provider.Close()
	water := client.Dial(dir, client.Options{As: "water"})
	defer water.Close()
	must(t)(provider.AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: "民政局"}))
	must(t)(provider.AddAgency(t.Context(), client.NewAgency{Code: "water", Title: "水务管理局"}))
	must(t)(provider.PublishDataset(t.Context(), villages(client.Unconditional)))
	must(t)(provider.ImportRecords(t.Context(), client.Import{
		Dataset: "villages", Format: client.FormatCSV,
		File: strings.NewReader("code,name,township\n520102776601,金丝雀甲,金丝雀乡\n520102776602,金丝雀乙,金丝雀乡\n"),
	}))
	must(t)(provider.PutRecord(t.Context(), "villages", client.PutRecord{
		Record: json.RawMessage(`{"code":"520102776603","name":"金丝雀丙","township":"金丝雀乡"}`),
	}))
	secret := client.Use{Purpose: "statistics", Basis: "金丝雀依据", Scenario: "金丝雀场景", Scope: "金丝雀范围", Method: "金丝雀方式", Until: use.Until}
	township := map[string]json.RawMessage{"township": json.RawMessage(`"金丝雀乡"`)}
	got, err := water.Query(t.Context(), client.Query{Dataset: "villages", Where: township, Filter: `name != "金丝雀丁"`, Use: secret})
	if err != nil || len(got.Rows) != 3 {
		t.Fatalf("got %d rows, %v", len(got.Rows), err)
	}
	must(t)(water.Verify(t.Context(), client.Verification{
		Dataset: "villages", Key: "520102776601", Field: "name", Value: json.RawMessage(`"金丝雀戊"`), Use: secret,
	}))
	must(t)(provider.RetractRecord(t.Context(), "villages", client.Retraction{Key: "520102776602", Reason: "金丝雀理由"}))
	_, err = provider.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(`{"code":"金丝雀","name":"金丝雀"}`)})
	refused(t, err, text.SchemaRejected)
	stop()
	files := map[string][]byte{"the log": logged.Bytes()}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range files {
		for _, canary := range []string{"金丝雀", "5201027766"} {
			if bytes.Contains(data, []byte(canary)) {
				t.Errorf("%s holds %s in clear", path, canary)
			}
		}
	}
}
