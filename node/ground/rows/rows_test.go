package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

const villageSchema = `{"type":"object","required":["code","name"],"properties":{
	"code":{"type":"string","pattern":"^[0-9]{12}$"},"name":{"type":"string","minLength":1,"maxLength":40},
	"category":{"enum":["111","112"]},"households":{"type":["integer","null"],"minimum":0},"area":{"type":"number"},
	"urban":{"type":"boolean"},"tags":{"type":"array","items":{"type":"string"}}}}`

func villages(t testing.TB) *Schema {
	t.Helper()
	s, err := Compile(json.RawMessage(villageSchema), "code", []string{"name", "households", "urban"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRecord(t *testing.T) {
	s := villages(t)
	for _, row := range []struct{ in, want string }{
		{` {"name":"纪念塔社区" , "code":"520102016001"}`, `{"code":"520102016001","name":"纪念塔社区"}`},
		{`{"code":"520102016001","name":"<a>&\"\\\/\n"}`, `{"code":"520102016001","name":"<a>&\"\\/\u000a"}`},
		{`{"code":"520102016001","name":"x","households":1e2,"area":0.50}`, `{"area":0.5,"code":"520102016001","households":100,"name":"x"}`},
		{`{"code":"520102016001","name":"x","households":12345678901234567890}`, `{"code":"520102016001","households":12345678901234567890,"name":"x"}`},
		{`{"code":"520102016001","name":"x","area":-0,"tags":["b","a"]}`, `{"area":0,"code":"520102016001","name":"x","tags":["b","a"]}`},
		{`{"code":"520102016001","name":"x","households":null}`, `{"code":"520102016001","households":null,"name":"x"}`},
	} {
		got, err := s.Record([]byte(row.in))
		if err != nil || string(got.JSON) != row.want {
			t.Errorf("%s: got %s, %v, want %s", row.in, got.JSON, err, row.want)
		}
		if again, err := s.Record(got.JSON); err != nil || !bytes.Equal(again.JSON, got.JSON) {
			t.Errorf("%s: not the same when read again: %s, %v", row.in, again.JSON, err)
		}
	}
	got, err := s.Record([]byte(`{"code":"520102016001","name":"x","urban":true,"households":null}`))
	if err != nil || string(got.Key) != `"520102016001"` || len(got.Indexed) != 2 || string(got.Indexed[1].Value) != "true" {
		t.Errorf("got key %s, indexed %v, %v", got.Key, got.Indexed, err)
	}
}

func TestRecordRefused(t *testing.T) {
	s := villages(t)
	with := func(members string) string { return `{"code":"520102016001","name":"x",` + members + `}` }
	deep := strings.Repeat(`[`, MaxDepth+1) + strings.Repeat(`]`, MaxDepth+1)
	for _, row := range []struct{ in, column, reason string }{
		{``, "", "malformed"},
		{`[]`, "", "not an object"},
		{`{"code":"520102016001"`, "", "malformed"},
		{`{"code":"520102016001","name":"x"} {}`, "", "malformed"},
		{`{"name":"x"}`, "code", "required"},
		{`{"code":null,"name":"x"}`, "code", "required"},
		{`{"code":"520102016001"}`, "name", "required"},
		{`{"code":"52010","name":"x"}`, "code", "pattern"},
		{`{"code":520102016001,"name":"x"}`, "code", "type"},
		{`{"code":"520102016001","name":""}`, "name", "minLength"},
		{with(`"category":"999"`), "category", "enum"},
		{with(`"households":-1`), "households", "minimum"},
		{with(`"households":1.5`), "households", "type"},
		{with(`"area":1e999`), "area", "number too large"},
		{with(`"area":0.1234567890123456789`), "area", "number too small"},
		{with(`"phone":"1"`), "phone", "unknown field"},
		{with(`"name":"y"`), "name", "duplicate member"},
		{with(`"tags":[{"a":1,"a":2}]`), "tags", "duplicate member"},
		{with(`"tags":` + deep), "tags", "too deep"},
		{with(`"tags":["` + "\xff" + `"]`), "", "not UTF-8"},
		{with(`"tags":["\ud800"]`), "tags", "character U+FFFD"},
		{with(`"tags":["` + strings.Repeat("x", MaxRecordLen) + `"]`), "", "too long"},
	} {
		_, err := s.Record([]byte(row.in))
		if refused, ok := errors.AsType[*Bad](err); !ok || refused.Column != row.column || refused.Reason != row.reason {
			t.Errorf("%.80s: got %v, want column %q, reason %q", row.in, err, row.column, row.reason)
		}
	}
}

func TestCompileRefused(t *testing.T) {
	object := func(properties string) string { return `{"type":"object","properties":` + properties + `}` }
	for name, row := range map[string]struct {
		schema, key string
		indexed     []string
	}{
		"no JSON":              {`{`, "a", nil},
		"no properties":        {`{}`, "a", nil},
		"no schema":            {object(`{"a":{"type":5}}`), "a", nil},
		"key missing":          {object(`{"a":{"type":"string"}}`), "b", nil},
		"key of a number":      {object(`{"a":{"type":"number"}}`), "a", nil},
		"key or null":          {object(`{"a":{"type":["string","null"]}}`), "a", nil},
		"indexed missing":      {object(`{"a":{"type":"string"}}`), "a", []string{"b"}},
		"indexed list":         {object(`{"a":{"type":"string"},"b":{"type":"array"}}`), "a", []string{"b"}},
		"foreign reference":    {object(`{"a":{"type":"string"},"b":{"$ref":"https://example.org/s.json"}}`), "a", nil},
		"a long name":          {object(`{"a":{"type":"string"},"` + strings.Repeat("b", MaxName+1) + `":{"type":"string"}}`), "a", nil},
		"file reference":       {object(`{"a":{"type":"string"},"b":{"$ref":"file:///etc/passwd"}}`), "a", nil},
		"required, not listed": {`{"required":["a","b"],"properties":{"a":{"type":"string"}}}`, "a", nil},
		"the same, below":      {object(`{"a":{"type":"string"},"b":{"required":["y"],"properties":{"x":true}}}`), "a", nil},
		"the same, by allOf":   {object(`{"a":{"type":"string"},"b":{"allOf":[{"properties":{"x":true}}],"required":["y"]}}`), "a", nil},
		"too long":             {object(`{"a":{"type":"string","title":"` + strings.Repeat("x", MaxSchemaLen) + `"}}`), "a", nil},
	} {
		if _, err := Compile(json.RawMessage(row.schema), row.key, row.indexed); !errors.Is(err, ErrSchema) {
			t.Errorf("%s: got %v, want %v", name, err, ErrSchema)
		}
	}
}

// TestRequiredElsewhere takes schemas that require what they list somewhere, or what may be there
// unlisted.
func TestRequiredElsewhere(t *testing.T) {
	for _, b := range []string{
		`{"required":["x"]}`, `{"required":["y"],"properties":{"x":true},"additionalProperties":true}`, `{"required":["y"],"allOf":[{"properties":{"y":true}}]}`,
		`{"allOf":[{"required":["y"],"properties":{"x":true}},{"properties":{"y":true}}]}`, `{"not":{"required":["y"]},"properties":{"x":true}}`,
	} {
		if _, err := Compile(json.RawMessage(`{"required":["a","b"],"properties":{"a":{"type":"string"},"b":`+b+`}}`), "a", nil); err != nil {
			t.Errorf("%s: %v", b, err)
		}
	}
}

func TestValue(t *testing.T) {
	s := villages(t)
	for _, row := range []struct{ field, typed, want string }{
		{"code", "520102016001", `"520102016001"`}, {"households", "12", "12"}, {"households", "012", ""},
		{"urban", "true", "true"}, {"urban", "yes", ""}, {"area", "1.50", "1.5"}, {"area", "x", ""}, {"phone", "1", ""},
		{"category", `111`, `"111"`},
	} {
		got, err := s.Value(row.field, row.typed)
		if string(got) != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%s=%s: got %s, %v, want %s", row.field, row.typed, got, err, row.want)
		}
	}
}

// read reads a file to its end, and returns the keys of the records, the refused rows by their
// lines and the error that ended the file.
func read(s *Schema, f table.Format, file string) (keys, refused string, err error) {
	r := newReader(strings.NewReader(file), f, s)
	for {
		record, err := r.Next()
		bad, isBad := errors.AsType[*Bad](err)
		switch {
		case errors.Is(err, io.EOF):
			return keys, refused, nil
		case isBad:
			refused += fmt.Sprintf("%d %s %s;", bad.Line, bad.Column, bad.Reason)
		case err != nil:
			return keys, refused, err
		default:
			keys += strings.Trim(string(record.Key), `"`)[9:] + " "
		}
	}
}

func TestReader(t *testing.T) {
	s := villages(t)
	for name, row := range map[string]struct {
		format              table.Format
		file, keys, refused string
		ends                text.Code
	}{
		"csv":             {table.CSV, "code,name\n520102016001,a\n520102016002,b", "001 002 ", "", ""},
		"mark and crlf":   {table.CSV, "\xef\xbb\xbfcode,name\r\n520102016001,a\r\n", "001 ", "", ""},
		"quotes":          {table.CSV, "name,code\n\"a,\n\"\"b\"\"\",520102016001\n", "001 ", "", ""},
		"types":           {table.CSV, "code,name,households,urban,tags\n520102016001,a,5,true,\"[\"\"x\"\"]\"\n520102016002,a,x,,\n", "001 ", "3 households type;", ""},
		"empty cells":     {table.CSV, "code,name,households\n520102016001,a,\n520102016002,,1\n,a,1\n", "001 ", "3 name required;4 code required;", ""},
		"empty rows":      {table.CSV, "code,name\n520102016001,a\n,\n\n , \n520102016002,b\n", "001 002 ", "", ""},
		"columns":         {table.CSV, "code,name\n520102016001\n520102016002,b,c\n520102016003,c,\n", "003 ", "2  columns;3  columns;", ""},
		"trailing commas": {table.CSV, "code,name,,\n520102016001,a,,\n520102016002,b\n520102016003,c,,x\n", "001 002 ", "4  no header;", ""},
		"twice":           {table.CSV, "code,name\n520102016001,a\n520102016001,b\n", "001 ", "3 code duplicate key;", ""},
		"twice, one bad":  {table.CSV, "code,name,households\n520102016001,a,x\n520102016001,b,1\n520102016001,c,2\n", "001 ", "2 households type;4 code duplicate key;", ""},
		"header only":     {table.CSV, "code,name\n", "", "", ""},
		"nothing":         {table.CSV, "", "", "", text.FileEmpty},
		"unknown column":  {table.CSV, "code,name,phone\n", "", "", text.HeaderRefused},
		"column twice":    {table.CSV, "code,name,name\n", "", "", text.HeaderRefused},
		"no key":          {table.CSV, "name\n", "", "", text.HeaderRefused},
		"open quote":      {table.CSV, "code,name\n520102016001,\"a\n520102016002,b\n", "002 ", "2  open quote;", ""},
		"endless quote":   {table.CSV, "code,name\n520102016001,\"" + strings.Repeat("a", 400<<10), "", "2  too long;", ""},
		"not UTF-8":       {table.CSV, "code,name\n520102016001,\xff\n520102016002,b\n", "", "", text.EncodingBroken},
		"jsonl":           {table.JSONL, "{\"code\":\"520102016001\",\"name\":\"a\"}\n\n{\"code\":\"520102016002\",\"name\":\"b\"}", "001 002 ", "", ""},
		"jsonl bad lines": {table.JSONL, "{\"x\n\n{\"code\":\"520102016002\",\"name\":\"b\"}\n[]\n", "002 ", "1  cut short;4  not an object;", ""},
		"endless line":    {table.JSONL, strings.Repeat("x", 400<<10), "", "1  too long;", ""},
		"own columns":     {table.CSV, "code,name,xietong:line,xietong:fault\n520102016001,a,2,x\n", "001 ", "", ""},
	} {
		keys, refused, err := read(s, row.format, row.file)
		var code text.Code
		if f, ok := errors.AsType[*text.Failure](err); ok {
			code = f.Code
		}
		if keys != row.keys || refused != row.refused || code != row.ends || err != nil && code == "" {
			t.Errorf("%s: got %q, refused %q, %v; want %q, %q, %s", name, keys, refused, err, row.keys, row.refused, row.ends)
		}
	}
}

func TestProject(t *testing.T) {
	record := []byte(`{"a":1,"b":"x","c":null}`)
	for fields, want := range map[string]string{"": string(record), "c,a": `{"a":1,"c":null}`, "z": `{}`} {
		var names []string
		if fields != "" {
			names = strings.Split(fields, ",")
		}
		if got, err := Project(record, names); err != nil || string(got) != want {
			t.Errorf("%q: got %s, %v, want %s", fields, got, err, want)
		}
	}
	if got, err := Member(record, "z"); err != nil || string(got) != "null" {
		t.Errorf("an absent member: got %s, %v, want null", got, err)
	}
}

func FuzzRecord(f *testing.F) {
	s := villages(f)
	for _, seed := range []string{
		`{"code":"520102016001","name":"纪念塔社区"}`, `{"code":"520102016001","name":"x","area":1e-7,"tags":["\u0000"]}`, `{"a":{"b":[1,2,{}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := s.Record(data)
		if err != nil {
			return
		}
		if again, err := s.Record(got.JSON); err != nil || !bytes.Equal(again.JSON, got.JSON) {
			t.Errorf("%q became %s, and that %s, %v", data, got.JSON, again.JSON, err)
		}
	})
}

func FuzzReader(f *testing.F) {
	s := villages(f)
	f.Add("code,name\n520102016001,a\n", true)
	f.Add("{\"code\":\"520102016001\",\"name\":\"a\"}\n{", false)
	f.Fuzz(func(t *testing.T, file string, csv bool) {
		format := table.JSONL
		if csv {
			format = table.CSV
		}
		_, _, err := read(s, format, file)
		if _, told := errors.AsType[*text.Failure](err); err != nil && !told {
			t.Errorf("ended by %v", err)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	s := villages(b)
	var file bytes.Buffer
	file.WriteString("code,name,category,households\n")
	for n := range b.N {
		fmt.Fprintf(&file, "%012d,第%d村村民委员会,111,%d\n", n, n, n%5000)
	}
	b.SetBytes(int64(file.Len() / b.N))
	b.ResetTimer()
	r := newReader(&file, table.CSV, s)
	for range b.N {
		if _, err := r.Next(); err != nil {
			b.Fatal(err)
		}
	}
}
