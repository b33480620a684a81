package rows

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

func schemaOf(t testing.TB, schema, key string) *Schema {
	t.Helper()
	s, err := Compile(json.RawMessage(schema), key, nil)
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	return s
}

// open reads a file: its records, one a line, and what is told of the bad rows in English.
func open(src table.Source, s *Schema, w table.Wish, o Options) (r *Reader, records, told []string, err error) {
	taken, err := table.Inspect(src, w)
	if err == nil {
		r, err = Open(src, taken, s, o)
	}
	for err == nil {
		var record Record
		record, err = r.Next()
		if bad, ok := errors.AsType[*Bad](err); ok {
			for _, f := range bad.Faults {
				told = append(told, f.Tell(text.En))
			}
			err = nil
		} else if err == nil {
			records = append(records, string(record.JSON))
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return r, records, told, err
}

// TestCellsAreReadAsTheSchemaWants reads a cell of many schemas as CSV, and the same value as JSON:
// P09, and its kind.
func TestCellsAreReadAsTheSchemaWants(t *testing.T) {
	for _, row := range []struct{ schema, cell, want string }{
		{`{"$ref":"#/$defs/code"}`, "520102016001", `"520102016001"`},
		{`{"$ref":"#/$defs/code"}`, "52", ""},
		{`{"type":["string"]}`, "abc", `"abc"`},
		{`{"type":["string"]}`, "12", `"12"`},
		{`{"anyOf":[{"type":"string","pattern":"^[0-9]{6}$"},{"type":"string","pattern":"^[0-9]{12}$"}]}`, "520102", `"520102"`},
		{`{"enum":["男","女",null]}`, "男", `"男"`},
		{`{"enum":["男","女",null]}`, "null", ""},
		{`{"const":"x"}`, "x", `"x"`},
		{`{"const":12}`, "12", `12`},
		{`{"pattern":"^[0-9]{6}$"}`, "520102", `"520102"`},
		{`{"pattern":"^[0-9]{6}$"}`, "99", ""},
		{`{"pattern":"^[0-9]{6}$"}`, "5.20102E+5", ""},
		{`{}`, "12", `"12"`},
		{`true`, "true", `"true"`},
		{`{"minimum":0}`, "12", `12`},
		{`{"minimum":0}`, "abc", ""},
		{`{"type":["string","integer"]}`, "12", `"12"`},
		{`{"oneOf":[{"type":"string","pattern":"^[a-z]+$"},{"type":"integer","minimum":5}]}`, "12", `12`},
		{`{"oneOf":[{"type":"string","pattern":"^[a-z]+$"},{"type":"integer","minimum":5}]}`, "ab", `"ab"`},
		{`{"oneOf":[{"type":"string","pattern":"^[a-z]+$"},{"type":"integer","minimum":5}]}`, "3", ""},
		{`{"enum":[1,2,"x"]}`, "2", `2`},
		{`{"enum":[1,2,"x"]}`, "x", `"x"`},
		{`{"enum":[1,2,"x"]}`, "3", ""},
		{`{"type":["integer","null"]}`, "null", ""},
		{`{"type":["boolean","null"]}`, "true", `true`},
		{`{"type":["boolean","null"]}`, "TRUE", ""},
		{`{"allOf":[{"$ref":"#/$defs/code"},{"maxLength":12}]}`, "520102016001", `"520102016001"`},
		{`{"type":"integer"}`, "5.20102E+11", ""},
		{`{"type":"integer"}`, "1.0", `1`},
		{`{"type":"integer"}`, "1.5", ""},
		{`{"type":"array"}`, `["a"]`, `["a"]`},
		{`{"type":"object"}`, `{"a":1}`, `{"a":1}`},
		{`{"type":"array"}`, `a`, ""},
		{`false`, "1", ""},
	} {
		s := schemaOf(t, `{"properties":{"id":{"type":"string"},"v":`+row.schema+`},"$defs":{"code":{"type":"string","pattern":"^[0-9]{12}$"}}}`, "id")
		file := "id,v\n1,\"" + strings.ReplaceAll(row.cell, `"`, `""`) + "\"\n"
		_, records, told, err := open(strings.NewReader(file), s, table.Wish{}, Options{})
		want := `{"id":"1","v":` + row.want + `}`
		if err != nil || (row.want == "") != (len(told) > 0) || row.want != "" && !slices.Equal(records, []string{want}) {
			t.Errorf("%s, cell %s: got %q, %q, %v, want %s", row.schema, row.cell, records, told, err, want)
		}
		if row.want == "" {
			continue
		}
		if _, err := s.Record([]byte(want)); err != nil {
			t.Errorf("%s as JSON: %v", want, err)
		}
		if got, err := s.Value("v", row.cell); err != nil || string(got) != row.want {
			t.Errorf("%s typed: got %s, %v", row.cell, got, err)
		}
	}
}

const people = `{"type":"object","required":["code","name"],"properties":{
	"code":{"type":"string","pattern":"^[0-9]{12}$","title":"代码"},"name":{"type":"string","title":"姓名","maxLength":5},
	"sex":{"enum":["男","女"],"title":"性别"},"born":{"type":"string","format":"date","title":"出生日期"},
	"income":{"type":"number","minimum":0,"title":"收入"},"poor":{"type":"boolean","title":"低保"},"n":{"type":"integer"}}}`

func TestHeaders(t *testing.T) {
	s := schemaOf(t, people, "code")
	one := `{"code":"520102016001","name":"王"}`
	for name, file := range map[string]string{
		"by name":             "code,name\n520102016001,王\n",
		"by title":            "姓名,代码\n王,520102016001\n",
		"both, spaces, marks": "\ufeff 代码 ,name\u3000\n520102016001,王\n",
		"full width":          "ｃｏｄｅ,ｎａｍｅ\n520102016001,王\n",
		"below a title":       "贵阳市低保对象名单,\n制表日期：2026-11-28,\n代码,姓名\n520102016001,王\n",
		"merged":              "代码,基本信息\n,姓名\n520102016001,王\n",
		"empty columns":       "代码,姓名,,\n520102016001,王,,\n",
	} {
		r, records, told, err := open(strings.NewReader(file), s, table.Wish{}, Options{})
		if err != nil || len(told) > 0 || !slices.Equal(records, []string{one}) {
			t.Errorf("%s: got %q, %q, %v", name, records, told, err)
		} else if !slices.Equal(r.Missing(), []string{"born", "income", "n", "poor", "sex"}) {
			t.Errorf("%s: missing %q", name, r.Missing())
		}
	}
	r, _, _, _ := open(strings.NewReader("名单,\n\n代码,姓名\n520102016001,王\n"), s, table.Wish{}, Options{})
	if h := r.Header(); h.First != 3 || h.Line != 3 || !slices.Equal(h.Titles, []uint64{1}) {
		t.Errorf("got %+v", h)
	}
	_, _, _, err := open(strings.NewReader("代码,姓 名,code,电话,收人\n"), s, table.Wish{}, Options{})
	f := text.AsFailure(err)
	zh, en := text.Explain(text.Zh, f.Code, f.Args), text.Explain(text.En, f.Code, f.Args)
	want := `column B "姓 名" is no field of the dataset; near it: name (姓名); column C "code" and column A are both the field code; ` +
		`column D "电话" is no field of the dataset; column E "收人" is no field of the dataset; near it: income (收入)`
	if !strings.HasSuffix(en.What, want) || en.Where != "line 1 of the file" {
		t.Errorf("got %s, %s\nwant %s", en.What, en.Where, want)
	}
	if !strings.Contains(zh.What, "B 列“姓 名”不是该数据资源的数据项，相近的是“name (姓名)”；C 列“code”与 A 列都是数据项“code”；D 列“电话”不是该数据资源的数据项；") {
		t.Errorf("got %s", zh.What)
	}
	_, _, _, err = open(strings.NewReader("姓名\n王\n"), s, table.Wish{}, Options{})
	if f := text.AsFailure(err); !strings.Contains(text.Explain(text.En, f.Code, f.Args).What, "there is no column for the key code (代码)") {
		t.Errorf("no key: got %v", f.Args)
	}
}

// TestRequiredColumns: a header without a column for what every record must have is refused once,
// and not each row; not where a value of a record may fill it.
func TestRequiredColumns(t *testing.T) {
	s := schemaOf(t, `{"type":"object","required":["code","name"],"properties":{"code":{"type":"string"},"name":{"type":"string","title":"姓名"},"note":{"type":"string"}}}`, "code")
	read := func(file string, o Options) error {
		src := strings.NewReader(file)
		taken, err := table.Inspect(src, table.Wish{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Open(src, taken, s, o)
		if err != nil {
			t.Fatal(err)
		}
		return r.Whole()
	}
	f := text.AsFailure(read("名单\ncode,note\n1,x\n", Options{}))
	if f == nil || f.Code != text.HeaderRefused || f.Args["line"] != "2" {
		t.Fatalf("got %v", f)
	}
	if what := text.Explain(text.En, f.Code, f.Args).What; !strings.HasSuffix(what, ": there is no column for name (姓名), which every record must have") {
		t.Errorf("got %s", what)
	}
	if what := text.Explain(text.Zh, f.Code, f.Args).What; !strings.HasSuffix(what, "缺少必填数据项“name (姓名)”的列") {
		t.Errorf("got %s", what)
	}
	for file, o := range map[string]Options{
		"code,name\n1,x\n": {}, "code,note\n1,x\n": {Present: func([]byte) ([]byte, error) { return nil, nil }}, `[{"code":"1"}]`: {},
	} {
		if err := read(file, o); err != nil {
			t.Errorf("%q: got %v", file, err)
		}
	}
}

// TestAllFaultsAreTold reads rows with several faults, as a clerk sees them.
func TestAllFaultsAreTold(t *testing.T) {
	s := schemaOf(t, people, "code")
	file := "code,name,sex,born,income,n\n" +
		"52010201600X,王小小小小明,m,2020/2/30,-1,x\n\n" +
		"520102016001,,女,,,5.20102E+11\n" +
		"520102016002,\"李\n四\",女,,,1\n" +
		"520102016002,李,,,,\n"
	_, records, told, err := open(strings.NewReader(file), s, table.Wish{}, Options{})
	want := []string{
		`line 2, column A "code": "52010201600X": it has another form; expected: ^[0-9]{12}$, such as 123456789123`,
		`line 2, column B "name": "王小小小小明": it is too long; expected: at most 5 characters`,
		`line 2, column C "sex": "m": it is none of the values allowed; expected: one of 男, 女`,
		`line 2, column D "born": "2020/2/30": it has another form; expected: a date, such as 2020-02-03`,
		`line 2, column E "income": "-1": it is less than the minimum; expected: ≥ 0`,
		`line 2, column F "n": "x": it is of another type; expected: a whole number, such as 12`,
		`line 4, column B "name": it is missing`,
		`line 4, column F "n": "5.20102E+11": a spreadsheet program has made an exponent of it, and digits may be lost (make the column text, and enter it again)`,
		`line 7, column A "code": "520102016002": an earlier row has the same key, which is in line 5 first`,
	}
	if !slices.Equal(told, want) || len(records) != 1 || err != nil {
		t.Errorf("got %q, %v\n%s\nwant\n%s", records, err, strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	bad, _ := errors.AsType[*Bad](func() error { _, err := s.Record([]byte(`{"code":"secret","name":"x"}`)); return err }())
	if strings.Contains(bad.Error(), "secret") {
		t.Errorf("the error holds the value: %v", bad)
	}
	zh := Fault{Line: 3, Letter: "C", Header: "性别", Reason: "enum", Value: "m", Expected: "男 | 女"}.Tell(text.Zh)
	if zh != "第 3 行，C 列“性别”：“m”不在允许的取值之内，应为 男、女 之一" {
		t.Errorf("got %s", zh)
	}
}

// TestRecordsOfAListAreCounted: a list of JSON may stand in one line, so of each fault it is told
// in which record it is, and of a text that is no JSON up to which character.
func TestRecordsOfAListAreCounted(t *testing.T) {
	s := schemaOf(t, `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"n":{"type":"integer"}}}`, "id")
	file := `[{"id":"1","n":1},{"id":"2","n":"x"},{"id":"3","n":3,},{"id":"4"，"n":4},{"id":"1","n":5}]`
	r, records, told, err := open(strings.NewReader(file), s, table.Wish{}, Options{})
	want := []string{
		`line 1, record 2, field n: "x": it is of another type; expected: a whole number, such as 12`,
		`line 1, record 3: "{"id":"3","n":3,}": its last character must not stand there in JSON`,
		`line 1, record 4: "{"id":"4"，": its last character is a Chinese mark; expected: ,`,
		`line 1, record 5, field id: "1": an earlier row has the same key, which record 1 has first`,
	}
	if !slices.Equal(told, want) || len(records) != 1 || err != nil || r == nil {
		t.Errorf("got %q, %v\n%s\nwant\n%s", records, err, strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	_, _, told, err = open(strings.NewReader("{\"id\":\"1\"}\n{\"id\":\"2\"\n"), s, table.Wish{}, Options{})
	if len(told) != 1 || told[0] != "line 2: it is a JSON object that is cut short: a bracket or quotation mark is not closed" || err != nil {
		t.Errorf("got %q, %v", told, err)
	}
	file = `[{"id":"a"},{"id":"A"}]`
	if r, _, _, err = open(strings.NewReader(file), s, table.Wish{}, Options{}); err != nil {
		t.Fatal(err)
	}
	if like, n := r.Alike(); n != 1 || like[0] != (Alike{Line: 2, First: 1}) {
		t.Errorf("got %+v, %d", like, n)
	}
}

// TestShortRowsAreTold: as a spreadsheet leaves out empty cells at the end, a row with fewer cells
// than the header is good, and is told: it may be cut short.
func TestShortRowsAreTold(t *testing.T) {
	s := schemaOf(t, `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"n":{"type":"integer"},"at":{"type":"string"}}}`, "id")
	file := "id,n,at\n1,2,x\n2,3\n3,4,\n4\n5,1,花果"
	r, records, told, err := open(strings.NewReader(file), s, table.Wish{}, Options{AsSpreadsheet: true})
	if err != nil || len(records) != 5 || len(told) > 0 {
		t.Fatalf("got %q, %q, %v", records, told, err)
	}
	if lines, n := r.Short(); n != 2 || !slices.Equal(lines, []uint64{3, 5}) {
		t.Errorf("got %v, %d", lines, n)
	}
	r, _, told, err = open(strings.NewReader(file), s, table.Wish{}, Options{})
	if lines, n := r.Short(); err != nil || n != 0 || len(told) != 2 {
		t.Errorf("not as a spreadsheet: got %v, %d, %q, %v", lines, n, told, err)
	}
}

// TestAsSpreadsheet reads what spreadsheets show, and says how it was read.
func TestAsSpreadsheet(t *testing.T) {
	s := schemaOf(t, people, "code")
	file := "code,name,born,income,poor,n\n" +
		"520102016001,a,2020/2/3,\"￥1,234.50\",是,１２\n" +
		"520102016002,\"1,2\",20200203,\"1,234\",FALSE,\"12,345\"\n" +
		"520102016003,c,2020年2月3日,12,√,3\n" +
		"520102016004\t,d,2020-2-3,1,0,4\n" +
		"520102016005,e,2020/2/30,\"1,23\",否否,\"1,2345\"\n"
	r, records, told, err := open(strings.NewReader(file), s, table.Wish{}, Options{AsSpreadsheet: true})
	want := []string{
		`{"born":"2020-02-03","code":"520102016001","income":1234.5,"n":12,"name":"a","poor":true}`,
		`{"born":"2020-02-03","code":"520102016002","income":1234,"n":12345,"name":"1,2","poor":false}`,
		`{"born":"2020-02-03","code":"520102016003","income":12,"n":3,"name":"c","poor":true}`,
		`{"born":"2020-02-03","code":"520102016004","income":1,"n":4,"name":"d","poor":false}`,
	}
	if err != nil || !slices.Equal(records, want) || len(told) != 4 {
		t.Errorf("got %s, %q, %v", strings.Join(records, "\n"), told, err)
	}
	if got := r.Readings(); len(got) != maxReadings || got[0] != (Reading{2, "C", "born", "2020/2/3", "2020-02-03"}) || got[1].Read != "1234.50" {
		t.Errorf("got %+v", got)
	}
	if _, _, told, _ := open(strings.NewReader(file), s, table.Wish{}, Options{}); len(told) < 12 {
		t.Errorf("without the flag: got %q", told)
	}
}

// TestWorkbook reads a workbook as a clerk's program keeps it: codes as numbers, dates, formulas.
func TestWorkbook(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	style, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
	f.MergeCell("Sheet1", "A1", "E1")
	f.SetCellStyle("Sheet1", "C4", "C9", style)
	for i, row := range [][]any{
		{"2026 年名单"}, {}, {"代码", "姓名", "出生日期", "收入", "低保"},
		{520102016001, "王", 43864, 1.1, true}, {}, {"520102016002", "李", "2020-02-03", "12", "TRUE"}, {5.2010201600312345e17, "赵", nil, "x"},
	} {
		f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	_, records, told, err := open(bytes.NewReader(b.Bytes()), schemaOf(t, people, "code"), table.Wish{}, Options{AsSpreadsheet: true})
	want := []string{
		`{"born":"2020-02-03","code":"520102016001","income":1.1,"name":"王","poor":true}`,
		`{"born":"2020-02-03","code":"520102016002","income":12,"name":"李","poor":true}`,
	}
	if err != nil || !slices.Equal(records, want) || len(told) != 2 || !strings.Contains(told[0], "more than 15 digits") {
		t.Errorf("got %q, %q, %v", records, told, err)
	}
}

// TestBadRowsCanBeMended writes the bad rows of a file, mends them, and imports them.
func TestBadRowsCanBeMended(t *testing.T) {
	s := schemaOf(t, people, "code")
	gbk, _ := simplifiedchinese.GB18030.NewEncoder().String("名单;;\n代码;姓名;收入\n520102016001;王小明;1\n52010201600X;欧阳;2\n520102016003;\"赵\n六\";x\n")
	for name, row := range map[string]struct{ file, from, to, want string }{
		"csv":        {gbk, "52010201600X", "520102016002", "\ufeff代码,姓名,收入,xietong:line,xietong:fault,xietong:mark\n"},
		"json":       {`[{"code":"520102016001","name":"王"},{"code":"52010201600X","name":"欧阳","income":2},{"code":"520102016003","name":"赵六","income":"x"}]`, "52010201600X", "520102016002", `{"code":"52010201600X"`},
		"json lines": {"{\"code\":\"52010201600X\",\"name\":\"欧阳\",\"income\":2}\n{\"code\":\"520102016003\",\"name\":\"赵六\",\"income\":\"x\"}\n", "52010201600X", "520102016002", `"xietong:line":2`},
	} {
		src := strings.NewReader(row.file)
		taken, err := table.Inspect(src, table.Wish{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		n, err := WriteBad(&b, src, taken, s, Options{}, text.Zh)
		if err != nil || n != 2 || !strings.Contains(b.String(), row.want) || !strings.Contains(b.String(), "应为 ^[0-9]{12}$，例如 123456789123") {
			t.Errorf("%s: got %d rows, %v:\n%s", name, n, err, b.String())
		}
		mended := strings.NewReplacer(row.from, row.to, `,x,`, `,3,`, `"income":"x"`, `"income":3`).Replace(b.String())
		_, records, told, err := open(strings.NewReader(mended), s, table.Wish{}, Options{})
		if err != nil || len(told) > 0 || len(records) != 2 || records[0] != `{"code":"520102016002","income":2,"name":"欧阳"}` {
			t.Errorf("%s, mended: got %q, %q, %v", name, records, told, err)
		}
	}
}

// TestKeysAreFound checks the keys that stand twice or alike against a map, with runs that are held
// outside.
func TestKeysAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "A", "ａ", "b", "é", "e\u0301", "c1", "c2", "c3"}), 0, 40).Draw(t, "keys")
		k := keySet{dir: "", most: rapid.IntRange(1, 8).Draw(t, "most")}
		defer k.close()
		first, like, distinct := map[string]uint32{}, map[string]bool{}, map[string]bool{}
		var want []repeated
		for i, key := range keys {
			row, line := uint32(i+1), uint32(2*i+2)
			if err := k.add([]byte(key), uint64(row), uint64(line)); err != nil {
				t.Fatal(err)
			}
			if at, twice := first[key]; twice {
				want = append(want, repeated{at, at}, repeated{row, at})
				continue
			}
			first[key], distinct[key], like[string(alike([]byte(key)))] = row, true, true
		}
		slices.SortFunc(want, func(a, b repeated) int { return cmp.Compare(a.row, b.row) })
		want = slices.Compact(want)
		got, _, count, err := k.found()
		if err != nil || !slices.Equal(got, want) || int(count) != len(distinct)-len(like) {
			t.Fatalf("of %q: got %v, %d alike, %v, want %v, %d", keys, got, count, err, want, len(distinct)-len(like))
		}
	})
	s := schemaOf(t, people, "name")
	for _, like := range []string{"ＡＢＣ", "abc\ufe0f", "a\u034fbc", "abc\U000e0100", "ab\u180bc"} {
		r, _, _, _ := open(strings.NewReader("code,name\n520102016001,abc\n520102016002,"+like+"\n"), s, table.Wish{Encoding: "utf-8"}, Options{})
		if got, n := r.Alike(); n != 1 || got[0] != (Alike{3, 2}) {
			t.Errorf("%q: got %v, %d", like, got, n)
		}
	}
}

// TestExamplesFit checks the examples that are told for patterns.
func TestExamplesFit(t *testing.T) {
	for pattern, want := range map[string]string{
		`^[0-9]{12}$`: "123456789123", `^\d{17}[\dXx]$`: "123456789123456789", `^(abc|d)+-[A-Z]{2}$`: "abc-AA", `^[\x{4e00}-\x{9fa5}]{2,4}$`: "一一",
		`^1[3-9]\d{9}$`: "13345678912", `^[^,]+$`: "1", `a{1000}`: "", `^\p{Han}*$`: "",
	} {
		if got := sample(pattern); got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}

// FuzzFile checks, for any file: it ends with a sentence, and what is good is good again.
func FuzzFile(f *testing.F) {
	s := schemaOf(f, people, "code")
	f.Add([]byte("代码,姓名\n520102016001,王\n"), true)
	f.Add([]byte("[{\"code\":\"520102016001\",\"name\":\"王\"}]"), false)
	f.Fuzz(func(t *testing.T, file []byte, asSpreadsheet bool) {
		_, records, _, err := open(bytes.NewReader(file), s, table.Wish{}, Options{AsSpreadsheet: asSpreadsheet})
		if _, told := errors.AsType[*text.Failure](err); err != nil && !told {
			t.Errorf("ended by %v", err)
		}
		for _, record := range records {
			if again, err := s.Record([]byte(record)); err != nil || string(again.JSON) != record {
				t.Errorf("%s became %s, %v", record, again.JSON, err)
			}
		}
	})
}
