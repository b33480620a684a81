package table

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	utf16 "golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"xietong/node/ground/text"
)

// read reads a whole file: how it was taken, and its rows as "LINE:cell|cell", with ! before a bad
// one.
func read(src Source, w Wish) (Taken, []string, error) {
	t, err := Inspect(src, w)
	if err != nil {
		return t, nil, err
	}
	r, err := Open(src, t)
	if err != nil {
		return t, nil, err
	}
	var rows []string
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, rows, nil
		} else if err != nil {
			return t, rows, err
		}
		var cells []string
		for _, c := range row.Cells {
			cells = append(cells, c.Text)
		}
		mark := ""
		if row.Fault != Good {
			mark = fmt.Sprintf("!%d ", row.Fault)
		}
		rows = append(rows, fmt.Sprintf("%d:%s%s%s", row.Line, mark, strings.Join(cells, "|"), row.JSON))
	}
}

func in(e encoding.Encoding, s string) string {
	b, err := e.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return b
}

// code returns the code of a failure; "" for any other error.
func code(err error) text.Code {
	if f, ok := errors.AsType[*text.Failure](err); ok {
		return f.Code
	}
	return ""
}

const list = "代码,姓名,性别\r\n520102016001,王小明,男\r\n520102016002,欧阳喆,女\r\n"

var listed = []string{"1:代码|姓名|性别", "2:520102016001|王小明|男", "3:520102016002|欧阳喆|女"}

func TestTextIsRead(t *testing.T) {
	little, big := utf16.UTF16(utf16.LittleEndian, utf16.UseBOM), utf16.UTF16(utf16.BigEndian, utf16.UseBOM)
	traditional := "代碼,姓名\n1,陳建國\n2,劉麗華\n"
	for name, row := range map[string]struct {
		file string
		wish Wish
		want Taken
		rows []string
	}{
		"gb18030":         {in(simplifiedchinese.GB18030, list), Wish{}, Taken{Format: CSV, Encoding: "gb18030", Delimiter: ","}, listed},
		"utf-8":           {list, Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, listed},
		"utf-8, marked":   {"\ufeff" + list, Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, listed},
		"utf-16le":        {in(little, strings.ReplaceAll(list, ",", "\t")), Wish{}, Taken{Format: TSV, Encoding: "utf-16le", Delimiter: "\t"}, listed},
		"utf-16be":        {in(big, list), Wish{}, Taken{Format: CSV, Encoding: "utf-16be", Delimiter: ","}, listed},
		"semicolons":      {strings.ReplaceAll(list, ",", ";"), Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ";"}, listed},
		"full-width":      {strings.ReplaceAll(list, ",", "，"), Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: "，"}, listed},
		"bars, commas":    {"a|b\n1,2|3\n4,5|6,7\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: "|"}, []string{"1:a|b", "2:1,2|3", "3:4,5|6,7"}},
		"old Mac":         {strings.ReplaceAll(list, "\r\n", "\r"), Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, listed},
		"old Mac, lines":  {"a,b\r1,\"x\ry\"\r", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:a|b", "2:1|x\ry"}},
		"lines of CRLF":   {"a,b\r\n1,\"x\r\ny\r\"\r\n2,\"x\ny\"\r\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:a|b", "2:1|x\r\ny\r", "5:2|x\ny"}},
		"big5, named":     {in(traditionalchinese.Big5, traditional), Wish{Encoding: "Big5"}, Taken{Format: CSV, Encoding: "big5", Delimiter: ","}, []string{"1:代碼|姓名", "2:1|陳建國", "3:2|劉麗華"}},
		"gbk, named":      {"\xc5\xae,1\n", Wish{Encoding: "GBK"}, Taken{Format: CSV, Encoding: "gb18030", Delimiter: ","}, []string{"1:女|1"}},
		"one column":      {"代码\n1\n2\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:代码", "2:1", "3:2"}},
		"blank lines":     {"a,b\n\n1,\"x\ny\"\n,\n , \n\n2,z\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:a|b", "3:1|x\ny", "8:2|z"}},
		"bare mark":       {"a,b\n1,x\n2,b\"c\"\n3,z\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:a|b", "2:1|x", "3:!2 2|b\"c\"", "4:3|z"}},
		"open mark":       {"a,b\n1,\"x\n2,y\n3,z\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:a|b", "2:!1 1|x", "3:2|y", "4:3|z"}},
		"two open marks":  {"a,b\n1,\"x\n2,\"y\n3,z\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:a|b", "2:!1 1|x", "3:!1 2|y", "4:3|z"}},
		"json":            {"[\n{\"a\":\"x]\\\"\"},\n\n {\"a\":[1,{}]} ]\n", Wish{}, Taken{Format: JSON, Encoding: "utf-8"}, []string{`2:{"a":"x]\""}`, `4:{"a":[1,{}]}`}},
		"lost, and a NUL": {"代码,姓名\n6,\ufffd\n7,\x00\n", Wish{}, Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","}, []string{"1:代码|姓名", "2:6|\ufffd", "3:7|\x00"}},
		"no objects":      {"[]", Wish{}, Taken{Format: JSON, Encoding: "utf-8"}, nil},
		"json lines":      {"{\"a\":1}\n\n{\"a\":2}", Wish{}, Taken{Format: JSONL, Encoding: "utf-8"}, []string{`1:{"a":1}`, `3:{"a":2}`}},
		"json in gbk":     {in(simplifiedchinese.GB18030, `[{"姓名":"欧阳小明"}]`), Wish{}, Taken{Format: JSON, Encoding: "gb18030"}, []string{`1:{"姓名":"欧阳小明"}`}},
	} {
		taken, rows, err := read(strings.NewReader(row.file), row.wish)
		if err != nil || taken != row.want || !slices.Equal(rows, row.rows) {
			t.Errorf("%s: got %+v, %q, %v, want %+v, %q", name, taken, rows, err, row.want, row.rows)
		}
	}
}

// TestLineEnds: lines end as spreadsheets and editors show it, whatever stands elsewhere in the
// file. Within quotation marks an end is of the cell, and stays as it is.
func TestLineEnds(t *testing.T) {
	long, many := strings.Repeat("x", 64<<10-5), 20_000
	of := []string{"1:a|b"}
	for i := range many {
		of = append(of, fmt.Sprint(i+2, ":1|x"))
	}
	for file, want := range map[string][]string{
		"id,k,o\n1,a\r2,b\r\n3,\"c\rd\ne\",d\n\r4,e\r":         {"1:id|k|o", "2:1|a", "3:2|b", "4:3|c\rd\ne|d", "8:4|e"},
		"a,b\n" + long + "\r\n1,2\n":                           {"1:a|b", "2:" + long, "3:1|2"},
		"a,b\n" + long + "\r1,2\n":                             {"1:a|b", "2:" + long, "3:1|2"},
		"a,b\r" + strings.Repeat("1,x\r", many) + "5,q\n6,z\r": append(of, fmt.Sprint(many+2, ":5|q"), fmt.Sprint(many+3, ":6|z")),
	} {
		_, got, err := read(strings.NewReader(file), Wish{})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%.40q: got %.200q, %v", file, got, err)
		}
	}
}

// TestLettersOfTwoBytes (F4): the letters of words in other scripts are no Chinese, and neither is
// what has many different ones, however long the file is.
func TestLettersOfTwoBytes(t *testing.T) {
	distinct := "id,name\n"
	for c := range distinctPairs {
		distinct += "1,\xc5" + string([]byte{0xa1 + byte(c)}) + "\n"
	}
	for _, file := range []string{
		"id,address\n" + strings.Repeat("H1,Königstraße 1 in Zürich-Örlikon\n", 3000), "id,at\n1,\"12, Königstrasse\"\n", "code,name\n1,Kanton Bärn\n",
		"id,name\n1,MÜLLER\n2,Ångström\n3,Ústí nad Labem\n", "id,name\n1,à côté de la forêt\n2,Orléans\n3,São João, Amélie\n",
		"id,name\n1,Łódź\n2,Gdańsk\n3,Poznań\n", "id,name\n1,Москва\n2,Рязань\n", "id,name\n1,Αθήνα\n2,Πάτρα\n", distinct,
	} {
		if taken, err := Inspect(strings.NewReader(file), Wish{}); err != nil || taken.Encoding != "utf-8" {
			t.Errorf("%.60q: got %+v, %v", file, taken, err)
		}
	}
}

// TestPlusSigns: a plus sign in a file of ASCII is a plus sign.
func TestPlusSigns(t *testing.T) {
	for _, file := range []string{
		"code,name\n1,CPU+RAM\n2,USA+ROM+SIM\n3,a+b=c\n", "code\nMTIz+RAM+TuN4AQ\n", "{\"code\":\"+TuN4AQ-+WdNUDQ-\"}\n", "a\n+\n++\n",
	} {
		if taken, err := Inspect(strings.NewReader(file), Wish{}); err != nil || taken.Encoding != "utf-8" {
			t.Errorf("%q: got %+v, %v", file, taken, err)
		}
	}
}

// TestOtherEncodingIsNotDamage: a file that is read in an encoding that is not its own has lost
// nothing, and is not said to have; one in which U+FFFD stands has.
func TestOtherEncodingIsNotDamage(t *testing.T) {
	gb, big5 := simplifiedchinese.GB18030, traditionalchinese.Big5
	const hub = "code,name\n1,湖北省武汉市\n2,江夏区统计局\n3,�\n"
	whole := strings.Replace(hub, "�", "王", 1)
	for name, row := range map[string]struct {
		file, named, want string
	}{
		"utf-8 named gb18030":   {whole, "gb18030", "other bytes"},
		"utf-8 named big5":      {whole, "big5", "other bytes"},
		"utf-8 named shift-jis": {whole, "shift-jis", "other bytes"},
		"big5 named gb18030":    {in(big5, "代碼,姓名\n1,陳建國\n2,劉麗華") + "\xff\n", "gb18030", "other bytes"},
		"gb18030 named utf-8":   {in(gb, whole), "utf-8", "other bytes"},
		"half a pair of utf-16": {"1\x00,\x00\x00\xd8\n\x00", "utf-16le", "other bytes"},
		"lost in gb18030":       {in(gb, hub), "gb18030", "lost characters"},
		"lost in utf-16":        {in(utf16.UTF16(utf16.LittleEndian, utf16.IgnoreBOM), hub), "utf-16le", "lost characters"},
	} {
		_, err := judge(strings.NewReader(row.file), Wish{Encoding: row.named})
		if args := text.AsFailure(err).Args; args["reason"] != row.want {
			t.Errorf("%s: got %v with %v, want %q", name, err, args, row.want)
		}
	}
}

func TestTextIsRefused(t *testing.T) {
	sjis, big5 := japanese.ShiftJIS, traditionalchinese.Big5
	for name, row := range map[string]struct {
		file string
		wish Wish
		want text.Code
	}{
		"women in gbk":             {"code,sex\n1,\xc5\xae\n2,\xc5\xae\n", Wish{}, text.EncodingUnsure},
		"women in gbk, twice":      {"code,sex\n1,\xc5\xae\n2,\xc5\xae\xc3\xa8\n", Wish{}, text.EncodingUnsure},
		"letters beside gbk":       {"code\nVIP\xc5\xae\nvip\xc5\xae\nLED\xc3\xb1\nA\xc3\xa8,\xc3\xa8B\n", Wish{}, text.EncodingUnsure},
		"few, most of them common": {"code,sex\n1,\xc5\xae\xc3\xa8\xc3\xb1\xc3\x9f\n", Wish{}, text.EncodingUnsure},
		"big5":                     {in(big5, "代碼,姓名\n1,陳建國\n2,劉麗華\n"), Wish{}, text.EncodingUnsure},
		"shift-jis":                {in(sjis, "番号,氏名\n1,山田太郎\n2,すずき花子\n"), Wish{}, text.EncodingUnsure},
		"utf-7":                    {"+TuN4AQ-,+WdNUDQ-\n1,2\n", Wish{}, text.FileKind},
		"much utf-7":               {strings.Repeat("+TuN4AQ-,1 +- 2\n", 10_000), Wish{}, text.FileKind},
		"utf-16 without a mark":    {"a\x00,\x00b\x00\n\x00", Wish{}, text.EncodingUnsure},
		"lost in gb18030":          {"code,name\n6,\x84\x31\xa4\x37\xcd\xf5\n", Wish{}, text.EncodingBroken},
		"not as marked":            {"\ufeffcode,name\n6,\xc5\xff\n", Wish{}, text.EncodingBroken},
		"not as named":             {in(simplifiedchinese.GB18030, list), Wish{Encoding: "utf-8"}, text.EncodingBroken},
		"a byte of nothing":        {"code,name\n6,\xff\xff\n", Wish{}, text.EncodingBroken},
		"unknown name":             {"code", Wish{Encoding: "latin1"}, text.FileWish},
		"a sheet of CSV":           {"code,name\n1,a\n", Wish{Sheet: "Sheet1"}, text.OptionIdle},
		"a sheet of JSONL":         {"{}\n", Wish{Sheet: "Sheet1"}, text.OptionIdle},
		"a delimiter of JSON":      {"[{},{}]", Wish{Delimiter: ";"}, text.OptionIdle},
		"unknown format":           {"code", Wish{Format: "ods"}, text.FileWish},
		"unknown delimiter":        {"code", Wish{Delimiter: "#"}, text.FileWish},
		"empty":                    {"", Wish{}, text.FileEmpty},
		"blank":                    {" \r\n\n", Wish{}, text.FileEmpty},
		"a web page":               {"\n<html><table><tr><td>代码", Wish{}, text.FileKind},
		"pdf":                      {"%PDF-1.7\n", Wish{}, text.FileNoTable},
		"binary":                   {strings.Repeat("abcdefghijklmnopqrst", 10) + "\x00\xff", Wish{}, text.FileNoTable},
		"one object":               {"{\n \"a\": 1\n}\n", Wish{}, text.FileOneObject},
		"named a workbook":         {"a,b\n", Wish{Format: "xlsx"}, text.FileKind},
		"cut":                      {`[{"a":1},{"a":`, Wish{}, text.FileDamaged},
		"not closed":               {`[{"a":1}`, Wish{}, text.FileDamaged},
		"two lists":                {`[{"a":1}][]`, Wish{}, text.FileDamaged},
		"no comma":                 {`[{"a":1} {"a":2}]`, Wish{}, text.FileDamaged},
		"an old workbook":          {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600) + "W\x00o\x00r\x00k\x00b\x00o\x00o\x00k\x00", Wish{}, text.FileKind},
	} {
		_, rows, err := read(strings.NewReader(row.file), row.wish)
		if code(err) != row.want {
			t.Errorf("%s: got %q, %v, want %s", name, rows, err, row.want)
		}
	}
}

// TestMessagesSayWhatToDo reads what a clerk reads.
func TestMessagesSayWhatToDo(t *testing.T) {
	_, _, err := read(strings.NewReader("code,sex\n1,\xc5\xae\n"), Wish{})
	f := text.AsFailure(err)
	zh, en := text.Explain(text.Zh, f.Code, f.Args), text.Explain(text.En, f.Code, f.Args)
	if !strings.Contains(zh.What, "utf-8、gb18030") || !strings.Contains(zh.Do, "--encoding") || !strings.Contains(en.What, "it can be read as either") {
		t.Errorf("got %q, %q", zh, en)
	}
}

// TestWhatGoWritesComesBack checks that what the csv and json packages write of any texts is read
// as it stands, with the line of each row: where package csv ends lines with CR LF it changes the
// line breaks within cells, and they are read as the file has them.
func TestWhatGoWritesComesBack(t *testing.T) {
	cell := rapid.StringOfN(rapid.RuneFrom([]rune("a,;\"\n 名单，\t|'é0x")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 8).Draw(t, "rows")
		var b, lines bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t', '，'}).Draw(t, "comma")
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		var want, objects []string
		for _, row := range rows {
			before := 1 + bytes.Count(b.Bytes(), []byte("\n"))
			w.Write(row)
			w.Flush()
			if strings.TrimSpace(strings.Join(row, "")) != "" {
				is := strings.Join(row, "|")
				if w.UseCRLF {
					is = strings.ReplaceAll(is, "\n", "\r\n")
				}
				want = append(want, fmt.Sprintf("%d:%s", before, is))
			}
			object, _ := json.Marshal(map[string]string{"a": row[0]})
			objects = append(objects, string(object))
		}
		r, _ := Open(bytes.NewReader(b.Bytes()), Taken{Format: CSV, Encoding: "utf-8", Delimiter: string(w.Comma)})
		if got := cellsOf(r); !slices.Equal(got, want) {
			t.Fatalf("of %q: got %q, want %q", b.String(), got, want)
		}
		fmt.Fprintf(&lines, "[\n%s\n]", strings.Join(objects, " ,\n"))
		r, _ = Open(bytes.NewReader(lines.Bytes()), Taken{Format: JSON, Encoding: "utf-8"})
		for i, object := range objects {
			if row, err := r.Next(); err != nil || string(row.JSON) != object || row.Line != uint64(i+2) {
				t.Fatalf("of %q: got %d:%s, %v", lines.String(), row.Line, row.JSON, err)
			}
		}
	})
}

func cellsOf(r *Reader) (rows []string) {
	for {
		row, err := r.Next()
		if err != nil {
			return rows
		}
		var cells []string
		for _, c := range row.Cells {
			cells = append(cells, c.Text)
		}
		rows = append(rows, fmt.Sprintf("%d:%s", row.Line, strings.Join(cells, "|")))
	}
}

// TestBadRowsAreBounded: a file of quotation marks that are never closed costs no more than a file
// of that size.
func TestBadRowsAreBounded(t *testing.T) {
	var b strings.Builder
	for b.Len() < 4<<20 {
		b.WriteString("1,\"x\n")
		b.WriteString(strings.Repeat("2,plain\n", 4000))
	}
	b.WriteString("3," + strings.Repeat("x", 3*MaxRow) + "\n4,y\n")
	r, err := Open(strings.NewReader(b.String()), Taken{Format: CSV, Encoding: "utf-8", Delimiter: ","})
	if err != nil {
		t.Fatal(err)
	}
	faults := map[Fault]int{}
	var last string
	for {
		row, err := r.Next()
		if err != nil {
			break
		}
		faults[row.Fault]++
		last = row.Cells[0].Text
	}
	if faults[OpenQuote] < 100 || faults[TooLong] != 1 || last != "4" {
		t.Errorf("got %v, the last row %s", faults, last)
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{list, in(simplifiedchinese.GB18030, list), "[{\"a\":1}]", "{\"a\":1}\n", "a,\"b\n\"c", "\xff\xfea\x00"} {
		f.Add([]byte(seed), "")
	}
	f.Fuzz(func(t *testing.T, file []byte, format string) {
		taken, rows, err := read(bytes.NewReader(file), Wish{Format: format})
		if err != nil && code(err) == "" {
			t.Errorf("ended by %v", err)
		}
		again, same, _ := read(bytes.NewReader(file), Wish{Format: format})
		if taken != again || !slices.Equal(rows, same) {
			t.Errorf("read again: %+v %q, %+v %q", taken, rows, again, same)
		}
	})
}

// TestWordsTellTheEncoding (G29): a short file whose bytes may be of two encodings is of the one in
// which the titles of its columns stand; titles of ASCII, or of one other character, tell nothing.
func TestWordsTellTheEncoding(t *testing.T) {
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String("No.,名称\n1,a\n")
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		content string
		words   []string
		want    string // "": it is asked for
	}{
		"a title in UTF-8":        {"No.\tНазвание\n1\ta\n", []string{"No.", "Название"}, "utf-8"},
		"no title":                {"No.\tНазвание\n1\ta\n", nil, ""},
		"titles of ASCII":         {"No.\tНазвание\n1\ta\n", []string{"No."}, ""},
		"a title of one letter":   {"No.\tНазвание\n1\ta\n", []string{"Н"}, ""},
		"titles in both":          {"No.\tНазвание\n1\ta\n", []string{"Название", mojibake(t, "Название")}, ""},
		"a title read as GB18030": {"No.\tНазвание\n1\ta\n", []string{mojibake(t, "Название")}, "gb18030"},
		"GB18030 as it was":       {gbk, []string{"Название"}, "gb18030"},
	} {
		got, err := Inspect(bytes.NewReader([]byte(row.content)), Wish{Words: row.words})
		f, _ := errors.AsType[*text.Failure](err)
		if failed := f != nil && f.Code == text.EncodingUnsure; got.Encoding != row.want && !failed || failed != (row.want == "") {
			t.Errorf("%s: got %q, %v, want %q", what, got.Encoding, err, row.want)
		}
	}
}

// mojibake returns what the text in UTF-8 looks like in GB18030.
func mojibake(t *testing.T, utf string) string {
	t.Helper()
	s, err := simplifiedchinese.GB18030.NewDecoder().String(utf)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
