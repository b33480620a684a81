package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// written writes rows, each a JSON object, in a format.
func written(t *testing.T, f Format, o Options, columns []string, objects ...string) (string, error) {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, f, columns, o)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for _, object := range objects {
		row, err := RowOf([]byte(object), columns)
		if err == nil {
			err = w.Write(row)
		}
		if err != nil {
			return "", err
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), nil
}

func TestFormats(t *testing.T) {
	columns := []string{"code", "name", "n"}
	one, two := `{"n":1.50,"name":"a, \"b\"\n<c>\r\n","code":"007"}`, `{"code":"=1+1","name":null,"n":[1,{"x":"é\t"}]}`
	for name, row := range map[string]struct {
		format  Format
		o       Options
		columns []string
		objects []string
		want    string
	}{
		"csv":           {CSV, Options{}, columns, []string{one, two, `{"name":""}`}, "code,name,n\r\n007,\"a, \"\"b\"\"\n<c>\r\n\",1.50\r\n=1+1,,\"[1,{\"\"x\"\":\"\"é\\t\"\"}]\"\r\n,\"\",\r\n"},
		"tsv":           {TSV, Options{}, columns, []string{`{"name":"a\tb","code":" c,d"}`}, "code\tname\tn\r\n\" c,d\"\t\"a\tb\"\t\r\n"},
		"a mark":        {CSV, Options{Mark: true}, columns, nil, "\uFEFFcode,name,n\r\n"},
		"one column":    {CSV, Options{}, []string{"a"}, []string{`{}`, `{"a":""}`, `{"a":"x"}`}, "a\r\n\"\"\r\n\"\"\r\nx\r\n"},
		"json lines":    {JSONL, Options{}, columns, []string{one, two}, `{"code":"007","name":"a, \"b\"\n<c>\r\n","n":1.50}` + "\n" + `{"code":"=1+1","name":null,"n":[1,{"x":"é\t"}]}` + "\n"},
		"json":          {JSON, Options{}, columns, []string{`{"code":"1"}`, `{}`}, "[\n{\"code\":\"1\"},\n{}\n]\n"},
		"empty json":    {JSON, Options{}, columns, nil, "[\n\n]\n"},
		"odd columns":   {JSONL, Options{}, []string{"姓名", "a<b"}, []string{`{"a<b":2,"姓名":1}`}, "{\"姓名\":1,\"a<b\":2}\n"},
		"quoted column": {CSV, Options{}, []string{"a,b", "c"}, nil, "\"a,b\",c\r\n"},
	} {
		if got, err := written(t, row.format, row.o, row.columns, row.objects...); err != nil || got != row.want {
			t.Errorf("%s:\n got %q, %v\nwant %q", name, got, err, row.want)
		}
	}
	for name, want := range map[string]Format{"a.csv": CSV, "b/A.XLSX": XLSX, "x.ndjson": JSONL, "x.jsonl": JSONL, "x.txt": "", "csv": ""} {
		if got := FormatOf(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestSheet: what a spreadsheet would change stays a text.
func TestSheet(t *testing.T) {
	long := "11010519491231002X"
	got, err := written(t, XLSX, Options{}, []string{"v"}, `{"v":"007"}`, `{"v":"`+long+`"}`, `{"v":"=1+1"}`, `{"v":"@x"}`, `{"v":"-5"}`,
		`{"v":123456789012345678}`, `{"v":123456789012345}`, `{"v":0.1}`, `{"v":true}`, `{"v":"_x0041_ \n"}`, `{"v":null}`, `{}`)
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(strings.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		text   string
		number bool
	}{
		{"007", false}, {long, false}, {"=1+1", false}, {"@x", false}, {"-5", false}, {"123456789012345678", false}, {"123456789012345", true},
		{"0.1", true}, {"true", false}, {"_x0041_ \n", false},
	} {
		at, _ := excelize.CoordinatesToCellName(1, i+2)
		value, err := f.GetCellValue(sheetName, at, excelize.Options{RawCellValue: true})
		kind, _ := f.GetCellType(sheetName, at)
		formula, _ := f.GetCellFormula(sheetName, at)
		if err != nil || value != want.text || formula != "" || (kind == excelize.CellTypeUnset || kind == excelize.CellTypeNumber) != want.number {
			t.Errorf("%s: got %q of type %d, formula %q, %v, want %q, a number: %t", at, value, kind, formula, err, want.text, want.number)
		}
	}
}

func TestSheetRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		value string
		want  Unfit
	}{
		"a long text":         {strings.Repeat("长", MaxCell+1), Unfit{2, "v", MaxCell + 1}},
		"a long one of pairs": {strings.Repeat("😀", MaxCell/2+1), Unfit{2, "v", MaxCell/2*2 + 2}},
		"a control character": {"a\x1b", Unfit{2, "v", 2}},
	} {
		value, _ := json.Marshal(row.value)
		_, err := written(t, XLSX, Options{}, []string{"v"}, `{"v":"`+strings.Repeat("长", MaxCell)+`"}`, `{"v":`+string(value)+`}`)
		if unfit, ok := errors.AsType[*Unfit](err); !ok || *unfit != row.want {
			t.Errorf("%s: got %v, want %v", name, err, &row.want)
		}
	}
	if _, err := NewWriter(io.Discard, XLSX, []string{"id", "x\x1b[31m"}, Options{}); err == nil {
		t.Error("a column with a control character is written, and the sheet is no XML")
	}
	s := &sheet{rows: MaxSheetRows}
	if _, ok := errors.AsType[*TooManyRows](s.Write(Row{nil})); !ok {
		t.Error("a full sheet takes a row")
	}
}

func TestMembers(t *testing.T) {
	names, values, err := Members([]byte(`{"b":1,"a":{"x":[ ]},"b":2}`))
	if err != nil || !reflect.DeepEqual(names, []string{"b", "a"}) || string(values["b"]) != "2" {
		t.Errorf("got %q, %q, %v", names, values, err)
	}
	for _, bad := range []string{"", "[]", `"x"`, `{"a":`, `{"a" 1}`} {
		if _, _, err := Members([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	type inner struct {
		B int `json:"b"`
	}
	type outer struct {
		A string `json:"a,omitempty"`
		inner
		C    bool `json:"c"`
		D    bool `json:"-"`
		none int
	}
	if got, want := Columns(reflect.TypeFor[outer]()), []string{"a", "b", "c"}; !reflect.DeepEqual(got, want) {
		t.Errorf("columns %q, want %q", got, want)
	}
	_ = outer{}.none
}
