package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"xietong/node/ground/text"
)

// workbook makes the bytes of a workbook.
func workbook(t testing.TB, fill func(f *excelize.File) error, o ...excelize.Options) []byte {
	t.Helper()
	f := excelize.NewFile(o...)
	defer f.Close()
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b, o...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// put writes rows of values into a sheet, from the row on.
func put(f *excelize.File, sheet string, from int, rows ...[]any) error {
	for i, row := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", from+i), &row); err != nil {
			return err
		}
	}
	return nil
}

func TestBookIsRead(t *testing.T) {
	day := time.Date(2020, 2, 3, 0, 0, 0, 0, time.UTC)
	file := workbook(t, func(f *excelize.File) error {
		f.NewSheet("空表")
		chinese, _ := f.NewStyle(&excelize.Style{CustomNumFmt: ptr(`yyyy"年"m"月"d"日"`)})
		plain, _ := f.NewStyle(&excelize.Style{CustomNumFmt: ptr(`"month" 0.00`)})
		f.SetCellStyle("Sheet1", "B3", "B3", chinese)
		f.SetCellStyle("Sheet1", "C4", "C4", plain)
		f.SetCellFormula("Sheet1", "D4", "SUM(1,2)")
		return put(f, "Sheet1", 1, []any{"代码", "日期", "数"}, []any{}, []any{"520102016001", 43864, 1234.5},
			[]any{520102016002, day.Add(90 * time.Minute), 1.1, 3}, []any{"", nil}, []any{"x_x000D_\n", true, 1e17}, []any{nil, nil, 0.1 + 0.2})
	})
	taken, rows, err := read(bytes.NewReader(file), Wish{})
	want := []string{"1:代码|日期|数", "3:520102016001|2020-02-03|1234.5", "4:520102016002|2020-02-03T01:30:00|1.1|3", "6:x\r\n|TRUE|100000000000000000", "7:||0.3"}
	taken.found = nil
	if err != nil || taken != (Taken{Format: XLSX, Sheet: "Sheet1"}) || !slices.Equal(rows, want) {
		t.Errorf("got %+v, %q, %v, want %q", taken, rows, err, want)
	}
}

func ptr(s string) *string { return &s }

// TestDates checks the serial numbers of both systems against the programs that made them.
func TestDates(t *testing.T) {
	for _, row := range []struct {
		n    float64
		day0 int
		want string
	}{
		{1, 1900, "1900-01-01"}, {59, 1900, "1900-02-28"}, {60, 1900, ""}, {61, 1900, "1900-03-01"}, {43864, 1900, "2020-02-03"},
		{43864.5, 1900, "2020-02-03T12:00:00"}, {0.5, 1900, "12:00:00"}, {42402, 1904, "2020-02-03"}, {0, 1904, "1904-01-01"}, {0.5, 1904, "12:00:00"}, {1.5, 1904, "1904-01-02T12:00:00"},
		{2958465, 1900, "9999-12-31"}, {2958466, 1900, ""}, {-1, 1900, ""}, {43863.999999, 1900, "2020-02-03"},
	} {
		if got, ok := dateOf(row.n, row.day0); got != row.want || ok != (row.want != "") {
			t.Errorf("%v from %d: got %q, want %q", row.n, row.day0, got, row.want)
		}
	}
	for _, value := range []string{"60", "-1", "2958466"} { // what is shown is no date, and nothing else is meant
		cell, err := (&sheetRows{dates: []bool{true}, day0: 1900}).made("", "0", value)
		if err != nil || cell.Kind != Failed {
			t.Errorf("a date of %s: got %+v, %v, want a cell that cannot be read", value, cell, err)
		}
	}
	for code, want := range map[string]bool{
		"General": false, "0.00": false, "#,##0;[Red]-#,##0": false, "yyyy-mm-dd": true, `yyyy"年"m"月"`: true, `"day" 0`: false, `0\d`: false, "[h]:mm": true,
		"[$-804]yyyy/m/d;@": true, "[Red]0": false, "@": false, "0_d": false, "[$¥-804]#,##0.00": false, "e/m/d": true,
	} {
		if got := showsDate(code); got != want {
			t.Errorf("%s: got %t, want %t", code, got, want)
		}
	}
	system := workbook(t, func(f *excelize.File) error {
		on := true
		style, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		f.SetCellStyle("Sheet1", "A1", "A1", style)
		f.SetCellValue("Sheet1", "A1", 42402)
		return f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &on})
	})
	if _, rows, err := read(bytes.NewReader(system), Wish{}); err != nil || !slices.Equal(rows, []string{"1:2020-02-03"}) {
		t.Errorf("of 1904: got %q, %v", rows, err)
	}
}

// TestSheetIsChosen checks which sheet is read, and that nobody has to guess which.
func TestSheetIsChosen(t *testing.T) {
	two := workbook(t, func(f *excelize.File) error {
		f.NewSheet("二月")
		f.NewSheet("备注")
		f.NewSheet("旧")
		f.SetSheetVisible("旧", false)
		put(f, "旧", 1, []any{"x"})
		put(f, "Sheet1", 1, []any{"a"})
		return put(f, "二月", 1, []any{"b"})
	})
	one := workbook(t, func(f *excelize.File) error {
		f.NewSheet("旧")
		f.SetSheetVisible("旧", false)
		put(f, "旧", 1, []any{"x"})
		return put(f, "Sheet1", 1, []any{"a"})
	})
	hidden := workbook(t, func(f *excelize.File) error {
		f.NewSheet("旧")
		f.SetSheetVisible("旧", false)
		return put(f, "旧", 1, []any{"x"})
	})
	pivot := workbook(t, func(f *excelize.File) error {
		f.NewSheet("透视")
		put(f, "Sheet1", 1, []any{"区", "数"}, []any{"南明", 1}, []any{"云岩", 2})
		return f.AddPivotTable(&excelize.PivotTableOptions{
			DataRange: "Sheet1!A1:B3", PivotTableRange: "透视!A1:C9", Rows: []excelize.PivotTableField{{Data: "区"}}, Data: []excelize.PivotTableField{{Data: "数", Subtotal: "Sum"}},
		})
	})
	for name, row := range map[string]struct {
		file  []byte
		sheet string
		taken Taken
		code  text.Code
	}{
		"two":            {two, "", Taken{}, text.SheetNeeded},
		"two, named":     {two, "二月", Taken{Format: XLSX, Sheet: "二月"}, ""},
		"hidden, named":  {two, "旧", Taken{Format: XLSX, Sheet: "旧"}, ""},
		"not there":      {two, "三月", Taken{}, text.SheetUnknown},
		"one and hidden": {one, "", Taken{Format: XLSX, Sheet: "Sheet1", Hidden: "旧"}, ""},
		"hidden alone":   {hidden, "", Taken{}, text.SheetHidden},
		"beside a pivot": {pivot, "", Taken{Format: XLSX, Sheet: "Sheet1"}, ""},
		"the pivot":      {pivot, "透视", Taken{}, text.SheetPivot},
	} {
		taken, _, err := read(bytes.NewReader(row.file), Wish{Sheet: row.sheet})
		if taken.found = nil; taken != row.taken || code(err) != row.code {
			t.Errorf("%s: got %+v, %v, want %+v, %s", name, taken, err, row.taken, row.code)
		}
	}
	for _, w := range []Wish{{Format: "csv", Sheet: "二月"}, {Encoding: "utf-8", Sheet: "二月"}, {Delimiter: ";", Sheet: "二月"}} {
		if _, _, err := read(bytes.NewReader(two), w); code(err) != text.OptionIdle {
			t.Errorf("%+v: got %v, want it refused as without effect", w, err)
		}
	}
	_, _, err := read(bytes.NewReader(two), Wish{})
	if f := text.AsFailure(err); f.Args["sheets"] != "Sheet1, 二月" {
		t.Errorf("got %v", f.Args)
	}
}

// byHand makes a workbook of one sheet with the data; it need not be whole.
func byHand(data string) []byte {
	data = strings.Replace(data, "<worksheet", "<worksheet "+mainSpace, 1)
	return book1(oneSheet, data).packed()
}

// A hostile book is one that no program writes, and the code that it is refused with.
type hostileBook struct {
	file []byte
	want text.Code
}

// refused holds that it ends with a sentence, soon, and in little memory.
func (h hostileBook) refused(t *testing.T, name string) {
	t.Helper()
	// What is not yet collected is in HeapInuse too: at GOGC=400 that is four times what lives.
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, rows, err := read(bytes.NewReader(h.file), Wish{})
	runtime.ReadMemStats(&after)
	if code(err) != h.want {
		t.Errorf("%s: got %.200q, %v, want %s", name, rows, err, h.want)
	}
	if held := int64(after.HeapInuse) - int64(before.HeapInuse); held > 64<<20 {
		t.Errorf("%s: holds %d MiB more", name, held>>20)
	}
}

// TestHostileBooks (A35, A35b) meets books whose parts are damaged, missing or in contradiction.
func TestHostileBooks(t *testing.T) {
	locked := workbook(t, func(f *excelize.File) error { return put(f, "Sheet1", 1, []any{"a"}) }, excelize.Options{Password: "x"})
	good := workbook(t, func(f *excelize.File) error { return put(f, "Sheet1", 1, []any{"a"}, []any{"b"}) })
	for name, row := range map[string]hostileBook{
		"a password":          {locked, text.FileLocked},
		"cut short":           {good[:len(good)-100], text.FileDamaged},
		"far below":           {byHand(`<worksheet><sheetData><row r="99999999"/></sheetData></worksheet>`), text.FileTooLarge},
		"a far column":        {byHand(`<worksheet><sheetData><row><c r="ZZZZ1"><v>1</v></c></row></sheetData></worksheet>`), text.FileDamaged},
		"no shared text":      {byHand(`<worksheet><sheetData><row><c t="s"><v>7</v></c></row></sheetData></worksheet>`), text.FileDamaged},
		"rows back":           {byHand(`<worksheet><sheetData><row r="3"/><row r="3"/></sheetData></worksheet>`), text.FileAmbiguous},
		"cells back":          {byHand(`<worksheet><sheetData><row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row></sheetData></worksheet>`), text.FileAmbiguous},
		"the sheet ends":      {byHand(`<worksheet><sheetData>`), text.FileDamaged},
		"an entity":           {byHand(`<!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`), text.FileAmbiguous},
		"no workbook":         {book1("", "").packed(), text.FileEmpty},
		"a zip of other kind": {zipOf("a.txt"), text.FileNoTable},
		"an ods":              {zipOf("content.xml"), text.FileKind},
		"an xlsb":             {zipOf("xl/workbook.bin"), text.FileKind},
	} {
		row.refused(t, name)
	}
}

// TestEndlessBooks (A35) meets books that would fill the memory.
func TestEndlessBooks(t *testing.T) {
	for name, row := range map[string]hostileBook{
		"a million empty": {byHand("<worksheet><sheetData>" + strings.Repeat("<row/>", maxSheetRow) + "</sheetData></worksheet>"), text.FileEmpty},
		"an endless text": {byHand(`<worksheet><sheetData><row>` + `<c r="A1" t="inlineStr"><is><t>` + strings.Repeat("x", 8<<20)), text.FileTooLarge},
		"an endless tag":  {byHand(`<worksheet ` + strings.Repeat("a", 8<<20)), text.FileTooLarge},
		"many attributes": {byHand(`<worksheet ` + strings.Repeat(`a="" `, 2<<20)), text.FileTooLarge},
		"200,000 parts":   {zipOf(slices.Repeat([]string{"xl/workbook.xml"}, 200_000)...), text.FileTooLarge},
	} {
		row.refused(t, name)
	}
}

func zipOf(names ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		z.Create(name)
	}
	z.Close()
	return b.Bytes()
}

// TestOtherProgramsNames reads workbooks whose parts have other names than usual, as some programs
// write them.
func TestOtherProgramsNames(t *testing.T) {
	sheet := sheetOf(`<sheetData><row><c t="s"><v>0</v></c></row></sheetData>`)
	books := book1(oneSheet, "")[1][1]
	for name, row := range map[string]parts{
		"backslashes, other case": {
			{`_rels\.rels`, related("", "a", "officeDocument", "xl/workbook.xml")},
			{`xl\workbook.xml`, books},
			{`xl\_rels\workbook.xml.rels`, related("", "r1", "worksheet", "sheet1.xml", "r2", "sharedStrings", "/xl/sharedStrings.xml")},
			{`xl\Sheet1.xml`, sheet}, {`xl\SharedStrings.xml`, `<sst ` + mainSpace + `><si><t>a</t></si></sst>`},
		},
		"at the top": {
			{`_rels/.rels`, related("", "a", "officeDocument", "workbook.xml")},
			{`workbook.xml`, books},
			{`_rels/workbook.xml.rels`, related("", "r1", "worksheet", "sheet1.xml", "r2", "sharedStrings", "s.xml")},
			{`sheet1.xml`, sheet}, {`s.xml`, `<sst ` + mainSpace + `><si><r><t>a</t></r><rPh><t>b</t></rPh></si></sst>`},
		},
	} {
		if _, rows, err := read(bytes.NewReader(row.packed()), Wish{}); err != nil || !slices.Equal(rows, []string{"1:a"}) {
			t.Errorf("%s: got %q, %v", name, rows, err)
		}
	}
}

// TestTruthOfDamage: a sheet that ends too early must not pass for a shorter sheet.
func TestTruthOfDamage(t *testing.T) {
	whole := `<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row></sheetData></worksheet>`
	for cut := strings.Index(whole, "<row r=\"2\""); cut < strings.Index(whole, "</sheetData>")+len("</sheetData>"); cut++ {
		if _, rows, err := read(bytes.NewReader(byHand(whole[:cut])), Wish{}); code(err) != text.FileDamaged {
			t.Errorf("cut at %d: got %q, %v", cut, rows, err)
		}
	}
}

// TestWhatExcelizeWritesComesBack checks that texts, numbers, booleans and dates of any rows are
// read as they were written.
func TestWhatExcelizeWritesComesBack(t *testing.T) {
	style := func(f *excelize.File) int { s, _ := f.NewStyle(&excelize.Style{NumFmt: 22}); return s }
	text := rapid.StringOfN(rapid.RuneFrom([]rune("a <&>\"'\n\t名_单x0é𠮷")), 0, 10, -1)
	rapid.Check(t, func(rt *rapid.T) {
		var want []string
		file := workbook(t, func(f *excelize.File) error {
			dates := style(f)
			for i := range rapid.IntRange(1, 5).Draw(rt, "rows") {
				a, n, b := text.Draw(rt, "text"), rapid.Int64Range(-1e14, 1e14).Draw(rt, "number"), rapid.Bool().Draw(rt, "bool")
				at := time.Unix(rapid.Int64Range(-1e9, 4e9).Draw(rt, "time"), 0).UTC()
				f.SetCellStyle("Sheet1", fmt.Sprintf("D%d", i+1), fmt.Sprintf("D%d", i+1), dates)
				if err := put(f, "Sheet1", i+1, []any{a, float64(n) / 100, b, at}); err != nil {
					return err
				}
				shown := strings.TrimSuffix(at.Format("2006-01-02T15:04:05"), "T00:00:00")
				number := strings.TrimSuffix(strings.TrimSuffix(fmt.Sprintf("%.2f", float64(n)/100), "0"), "0")
				want = append(want, fmt.Sprintf("%d:%s|%s|%s|%s", i+1, a, strings.TrimSuffix(number, "."), strings.ToUpper(fmt.Sprint(b)), shown))
			}
			return nil
		})
		if _, rows, err := read(bytes.NewReader(file), Wish{}); err != nil || !slices.Equal(rows, want) {
			rt.Fatalf("got %q, %v, want %q", rows, err, want)
		}
	})
}

func FuzzSheet(f *testing.F) {
	f.Add([]byte(`<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>x</v></c><c s="1"><v>1e9</v></c></row></sheetData></worksheet>`))
	f.Add([]byte(`<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:r><x:t>a</x:t></x:r><x:rPh><x:t>b</x:t></x:rPh></x:is></x:c></x:row></x:sheetData>`))
	f.Fuzz(func(t *testing.T, sheet []byte) {
		if _, _, err := read(bytes.NewReader(byHand(string(sheet))), Wish{}); err != nil && code(err) == "" {
			t.Errorf("ended by %v", err)
		}
	})
}

// TestMergedCells reads ranges of merged cells: the first cell has the value, and the others say
// why they have none.
func TestMergedCells(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for at, v := range map[string]any{"A1": "名单", "A2": "号", "B2": "户", "C2": "数", "A3": "1", "B3": "甲", "C3": 1, "A4": "2", "C4": 2, "A5": "3", "A6": "4", "B6": "乙", "C6": 6} {
		f.SetCellValue("Sheet1", at, v)
	}
	for _, m := range [][2]string{{"A1", "C1"}, {"B3", "B4"}, {"B5", "C5"}, {"D6", "XFD9"}} {
		f.MergeCell("Sheet1", m[0], m[1])
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	taken, err := Inspect(bytes.NewReader(b.Bytes()), Wish{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(bytes.NewReader(b.Bytes()), taken)
	var got []string
	for err == nil {
		var row Row
		if row, err = r.Next(); err == nil {
			told := strconv.FormatUint(row.Line, 10)
			for _, c := range row.Cells {
				told += "|" + c.Text + map[bool]string{true: "^"}[c.Kind == Merged]
			}
			got = append(got, told)
		}
	}
	want := []string{"1|名单", "2|号|户|数", "3|1|甲|1", "4|2|^|2", "5|3", "6|4|乙|6"}
	if !errors.Is(err, io.EOF) || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestFormulas: a formula counts by its value, and one that was never calculated is a fault of its
// cell: a program shows what the file does not hold.
func TestFormulas(t *testing.T) {
	for cell, want := range map[string]Cell{
		`<c r="A1"><f>1+1</f><v>2</v></c>`:                             {Text: "2", Kind: Number},
		`<c r="A1" t="str"><f>A2</f><v>x</v></c>`:                      {Text: "x"},
		`<c r="A1" t="str"><f>1+1</f></c>`:                             {Text: "=1+1", Kind: Failed},
		`<c r="A1"><f t="shared" si="0"/></c>`:                         {Text: "=", Kind: Failed},
		`<c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><v>1</v></c>`: {},
	} {
		file := book1(oneSheet, sheetOf(`<sheetData><row r="1">`+cell+`</row></sheetData>`)).packed()
		src := bytes.NewReader(file)
		taken, err := Inspect(src, Wish{})
		if err != nil {
			t.Fatal(cell, err)
		}
		r, err := Open(src, taken)
		if err != nil {
			t.Fatal(cell, err)
		}
		if row, err := r.Next(); err != nil || row.Cells[0] != want {
			t.Errorf("%s: got %+v, %v, want %+v", cell, row.Cells, err, want)
		}
	}
}
