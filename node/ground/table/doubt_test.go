package table

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"xietong/node/ground/text"
)

const (
	mainSpace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	relSpace  = `xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relType   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	oneSheet  = `<sheet name="S" sheetId="1" r:id="r1"/>`
	goodRow   = `<row r="1"><c r="A1" t="str"><v>good</v></c></row>`
)

// parts are the parts of a workbook in their order: a name and what is in it.
type parts [][2]string

func (p parts) packed() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range p {
		w, _ := z.Create(part[0])
		w.Write([]byte(part[1]))
	}
	z.Close()
	return b.Bytes()
}

// book1 are the parts of a workbook of one sheet.
func book1(sheets, sheet string) parts {
	return parts{
		{"_rels/.rels", related("", "r1", "officeDocument", "xl/workbook.xml")},
		{"xl/workbook.xml", `<workbook ` + mainSpace + ` ` + relSpace + `><sheets>` + sheets + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", related("", "r1", "worksheet", "worksheets/sheet1.xml")},
		{"xl/worksheets/sheet1.xml", sheet},
	}
}

// related makes relations: attributes, and then an id, a kind and a target for each.
func related(attrs string, of ...string) string {
	s := `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	for r := range slices.Chunk(of, 3) {
		s += `<Relationship ` + attrs + ` Id="` + r[0] + `" Type="` + relType + r[1] + `" Target="` + r[2] + `"/>`
	}
	return s + `</Relationships>`
}

func sheetOf(inside string) string {
	return `<worksheet ` + mainSpace + ` ` + relSpace + `>` + inside + `</worksheet>`
}

// ofRows makes a workbook of one sheet with the rows.
func ofRows(rows string) []byte {
	return book1(oneSheet, sheetOf(`<sheetData>`+rows+`</sheetData>`)).packed()
}

// ofCells makes a workbook of one row with the cells.
func ofCells(cells string) []byte { return ofRows(`<row r="1">` + cells + `</row>`) }

// and returns the parts with more.
func (p parts) and(more ...[2]string) parts { return append(slices.Clone(p), more...) }

// with returns the parts with another text in one of them.
func (p parts) with(name, old, with string) parts {
	p = slices.Clone(p)
	i := slices.IndexFunc(p, func(part [2]string) bool { return part[0] == name })
	if !strings.Contains(p[i][1], old) {
		panic(old)
	}
	p[i][1] = strings.Replace(p[i][1], old, with, 1)
	return p
}

// TestOneReadingOfABook (S40, S40c) checks that no workbook is read of which another program shows
// something else: what stands twice, or where it does not belong, is refused.
func TestOneReadingOfABook(t *testing.T) {
	good := book1(oneSheet, sheetOf(`<sheetData>`+goodRow+`</sheetData>`))
	evil := strings.ReplaceAll(good[3][1], "good", "EVIL")
	shared := good.and([2]string{"xl/s.xml", `<sst ` + mainSpace + `><si><t>good</t></si></sst>`}, [2]string{"xl/t.xml", `<sst ` + mainSpace + `><si><t>EVIL</t></si></sst>`}).
		with("xl/worksheets/sheet1.xml", `t="str"><v>good`, `t="s"><v>0`)
	two := `<sheet name="S" state="hidden" sheetId="1" r:id="r1"/><sheet name="s" sheetId="2" r:id="r2"/>`
	second := good.and([2]string{"xl/worksheets/sheet2.xml", evil}).with("xl/_rels/workbook.xml.rels", `</Rel`, `<Relationship Id="r2" Type="`+relType+`worksheet" Target="worksheets/sheet2.xml"/></Rel`)
	sheet := func(old, with string) []byte { return good.with("xl/worksheets/sheet1.xml", old, with).packed() }
	for name, file := range map[string][]byte{
		"two sheets of one name":        second.with("xl/workbook.xml", oneSheet, two).packed(),
		"a part of two sheets":          good.with("xl/workbook.xml", oneSheet, oneSheet+`<sheet name="T" state="hidden" sheetId="2" r:id="r1"/>`).packed(),
		"a part twice":                  good.and([2]string{"xl/worksheets/sheet1.xml", evil}).packed(),
		"a part in another case":        good.and([2]string{"xl/worksheets/SHEET1.xml", evil}).packed(),
		"a part with a backslash":       good.and([2]string{`xl\worksheets\sheet1.xml`, evil}).packed(),
		"a part with a dot":             good.and([2]string{`xl/./worksheets/sheet1.xml`, evil}).packed(),
		"a part with a sign":            good.and([2]string{`xl/worksheets/sheet%31.xml`, evil}).packed(),
		"a part with a slash":           good.and([2]string{`/xl/worksheets/sheet1.xml`, evil}).packed(),
		"a part with a zero":            good.and([2]string{"xl/worksheets/sheet1.xml\x00", evil}).packed(),
		"an id twice":                   good.and([2]string{"xl/worksheets/sheet2.xml", evil}).with("xl/_rels/workbook.xml.rels", `</Rel`, `<Relationship Id="r1" Type="`+relType+`worksheet" Target="worksheets/sheet2.xml"/></Rel`).packed(),
		"two workbooks":                 good.and([2]string{"xl/workbook2.xml", good[1][1]}).with("_rels/.rels", `</Rel`, `<Relationship Id="r2" Type="`+relType+`officeDocument" Target="xl/workbook2.xml"/></Rel`).packed(),
		"two lists of shared texts":     shared.with("xl/_rels/workbook.xml.rels", `</Rel`, `<Relationship Id="r2" Type="`+relType+`sharedStrings" Target="s.xml"/><Relationship Id="r3" Type="`+relType+`sharedStrings" Target="t.xml"/></Rel`).packed(),
		"two ids":                       second.with("xl/workbook.xml", `r:id="r1"`, `id="r1" r:id="r2"`).with("xl/workbook.xml", `<workbook`, `<workbook xmlns:q="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`).with("xl/workbook.xml", `id="r1"`, `q:id="r1"`).packed(),
		"sheets twice":                  second.with("xl/workbook.xml", `</sheets>`, `</sheets><sheets><sheet name="T" sheetId="2" r:id="r2"/></sheets>`).packed(),
		"an alternate sheet":            second.with("xl/workbook.xml", oneSheet, `<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="r">`+oneSheet+`</mc:Choice></mc:AlternateContent>`).packed(),
		"the data twice":                sheet(`</sheetData>`, `</sheetData><sheetData>`+strings.ReplaceAll(goodRow, "good", "EVIL")+`</sheetData>`),
		"the data within something":     sheet(`<sheetData>`, `<x><sheetData>`+strings.ReplaceAll(goodRow, "good", "EVIL")+`</sheetData></x><sheetData>`),
		"1904 and not":                  good.with("xl/workbook.xml", `<sheets>`, `<workbookPr date1904="1"/><workbookPr date1904="0"/><sheets>`).packed(),
		"1904 perhaps":                  good.with("xl/workbook.xml", `<sheets>`, `<workbookPr date1904="on"/><sheets>`).packed(),
		"a row twice":                   sheet(goodRow, goodRow+strings.ReplaceAll(goodRow, "good", "EVIL")),
		"an alternate row":              sheet(goodRow, `<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice Requires="r">`+goodRow+`</mc:Choice></mc:AlternateContent>`),
		"a cell of another row":         sheet(`r="A1"`, `r="A7"`),
		"a cell twice":                  ofCells(`<c r="A1" t="str"><v>good</v></c><c r="A1" t="str"><v>EVIL</v></c>`),
		"a cell twice, first empty":     ofCells(`<c r="A1"/><c r="A1" t="str"><v>EVIL</v></c>`),
		"a cell within a cell":          ofCells(`<c r="A1" t="str"><c r="A1" t="str"><v>EVIL</v></c><v>good</v></c>`),
		"a place twice":                 ofCells(`<c r="A1" r="B1" t="str"><v>EVIL</v></c>`),
		"a value twice":                 ofCells(`<c r="A1" t="str"><v>good</v><v>EVIL</v></c>`),
		"a value and a text":            ofCells(`<c r="A1" t="inlineStr"><v>EVIL</v><is><t>good</t></is></c>`),
		"a text and a number":           ofCells(`<c r="A1"><v>1</v><is><t>good</t></is></c>`),
		"a text that is none":           ofCells(`<c r="A1" t="str"><t>EVIL</t></c>`),
		"two texts":                     ofCells(`<c r="A1" t="inlineStr"><is><t>good</t><t>EVIL</t></is></c>`),
		"a text and runs":               ofCells(`<c r="A1" t="inlineStr"><is><t>good</t><r><t>EVIL</t></r></is></c>`),
		"an element in a value":         ofCells(`<c r="A1" t="str"><v>good<b/>EVIL</v></c>`),
		"a formula twice":               ofCells(`<c r="A1" t="str"><f>1</f><f>2</f><v>good</v></c>`),
		"a number in base 16":           ofCells(`<c r="A1"><v>0x10</v></c>`),
		"a date that is none":           ofCells(`<c r="A1" t="d"><v>EVIL</v></c>`),
		"true and false":                ofCells(`<c r="A1" t="b"><v>TRUE</v></c>`),
		"columns behind the data":       sheet(`</sheetData>`, `</sheetData><cols><col min="1" max="1" hidden="1"/></cols>`),
		"empty columns behind the data": sheet(`</sheetData>`, `</sheetData><cols/>`),
		"columns twice":                 sheet(`<sheetData>`, `<cols><col min="2" max="2"/></cols><cols><col min="1" max="1" hidden="1"/></cols><sheetData>`),
		"a column hidden, then not":     sheet(`<sheetData>`, `<cols><col min="1" max="1" hidden="1"/><col min="1" max="1" width="9"/></cols><sheetData>`),
		"a column not, then hidden":     sheet(`<sheetData>`, `<cols><col min="1" max="3" width="9"/><col min="2" max="2" hidden="1"/></cols><sheetData>`),
		"columns backwards":             sheet(`<sheetData>`, `<cols><col min="3" max="1" hidden="1"/></cols><sheetData>`),
		"columns from 0":                sheet(`<sheetData>`, `<cols><col min="0" max="1" hidden="1"/></cols><sheetData>`),
		"columns of words":              sheet(`<sheetData>`, `<cols><col min="A" max="B" hidden="1"/></cols><sheetData>`),
		"columns without end":           sheet(`<sheetData>`, `<cols><col min="1" hidden="1"/></cols><sheetData>`),
		"sizes behind the data":         sheet(`</sheetData>`, `</sheetData><sheetFormatPr defaultRowHeight="0"/>`),
		"views behind the data":         sheet(`</sheetData>`, `</sheetData><sheetViews><sheetView showFormulas="1"/></sheetViews>`),
		"merged cells before the data":  sheet(`<sheetData>`, `<mergeCells><mergeCell ref="A1:B2"/></mergeCells><sheetData>`),
		"a document type":               sheet(`<worksheet`, `<!DOCTYPE a [<!ATTLIST c t CDATA "str">]><worksheet`),
		"what a merged cell hides":      sheet(`</row></sheetData>`, `<c r="B1" t="str"><v>EVIL</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`),
		"what an empty one hides":       sheet(`</sheetData>`, `<row r="3"><c r="B3" t="str"><v>EVIL</v></c></row></sheetData><mergeCells><mergeCell ref="A2:B3"/></mergeCells>`),
		"merged twice":                  sheet(`</sheetData>`, `</sheetData><mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="A2:B3"/></mergeCells>`),
		"bytes before":                  append([]byte("PK\x03\x04 and more"), good.packed()...),
		"another archive before":        append(good.packed(), good.with("xl/worksheets/sheet1.xml", "good", "EVIL").packed()...),
		"bytes after":                   append(good.packed(), "more"...),
		"another name in the archive":   renamed(good.and([2]string{"xl/worksheets/sheet9.xml", evil}).packed(), "xl/worksheets/sheet9.xml", "xl/worksheets/sheet1.xml"),
		"another size in the archive":   resized(good.packed()),
		"a style that is a date or not": good.and([2]string{"xl/s.xml", `<styleSheet ` + mainSpace + `><numFmts><numFmt numFmtId="14" formatCode="0"/></numFmts></styleSheet>`}).with("xl/_rels/workbook.xml.rels", `</Rel`, `<Relationship Id="r2" Type="`+relType+`styles" Target="s.xml"/></Rel`).packed(),
	} {
		if _, rows, err := read(bytes.NewReader(file), Wish{}); code(err) != text.FileAmbiguous {
			t.Errorf("%s: got %q, %v, want it refused", name, rows, err)
		}
	}
}

// renamed gives a part another name in its own header, and not in the directory.
func renamed(file []byte, name, with string) []byte {
	return bytes.Replace(file, []byte(name), []byte(with), 1)
}

// resized gives the first part another length in its own header, and not in the directory.
func resized(file []byte) []byte {
	file = slices.Clone(file)
	file[6] &^= 8 // its length stands in the header
	binary.LittleEndian.PutUint32(file[18:], 7)
	return file
}

// TestWhatIsHidden (S40b) checks that rows and columns that a clerk does not see are not imported.
func TestWhatIsHidden(t *testing.T) {
	rows := func(attrs string) string {
		return `<row r="1"><c r="A1" t="str"><v>id</v></c></row><row r="2" ` + attrs + `><c r="A2" t="str"><v>ghost</v></c></row><row r="3" ` + attrs + `><c r="A3" t="str"><v>ghost</v></c></row>` +
			`<row r="4"><c r="A4" t="str"><v>seen</v></c></row><row r="5" ` + attrs + `><c r="A5" t="str"><v>ghost</v></c></row><row r="6" ` + attrs + `><c r="A6"/></row>`
	}
	cols := func(attrs string) []byte {
		return book1(oneSheet, sheetOf(`<cols><col min="2" max="4" `+attrs+`/></cols><sheetData><row r="1"><c r="A1" t="str"><v>a</v></c><c r="C1" t="str"><v>b</v></c></row></sheetData>`)).packed()
	}
	usual := func(sizes, cols string) []byte { // as Excel writes a sheet of which the unused is hidden
		return book1(oneSheet, sheetOf(`<sheetFormatPr `+sizes+`/><cols>`+cols+`</cols><sheetData><row r="1"><c r="A1" t="str"><v>a</v></c><c r="C1" t="str"><v>b</v></c></row></sheetData>`)).packed()
	}
	views := func(view, cell string) []byte {
		return book1(oneSheet, sheetOf(`<sheetViews><sheetView `+view+`/></sheetViews><sheetData><row r="1"><c r="A1">`+cell+`</c></row></sheetData>`)).packed()
	}
	for name, row := range map[string]struct {
		file []byte
		code text.Code
		args text.Args
	}{
		"rows":             {ofRows(rows(`hidden="1"`)), text.RowsHidden, text.Args{"count": "3", "rows": "2-3, 5"}},
		"rows, true":       {ofRows(rows(`hidden="true"`)), text.RowsHidden, text.Args{"count": "3", "rows": "2-3, 5"}},
		"rows of no hight": {ofRows(rows(`ht="0" customHeight="1"`)), text.RowsHidden, text.Args{"count": "3", "rows": "2-3, 5"}},
		"rows, not hidden": {ofRows(rows(`hidden="0"`)), "", nil},
		"columns":          {cols(`hidden="1"`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"thin columns":     {cols(`width="0.1" customWidth="1"`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"narrow columns":   {cols(`width="0.6" customWidth="1"`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"rows of a pixel":  {ofRows(rows(`ht="0.75" customHeight="1"`)), text.RowsHidden, text.Args{"count": "3", "rows": "2-3, 5"}},
		"formulas shown":   {views(`showFormulas="1"`, `<f>1+1</f><v>2</v>`), text.FileAmbiguous, nil},
		"no formula there": {views(`showFormulas="1"`, `<v>2</v>`), "", nil},
		"values shown":     {views(`showFormulas="0"`, `<f>1+1</f><v>2</v>`), "", nil},
		"wide columns":     {cols(`width="9" customWidth="1"`), "", nil},
		"a width in space": {cols(`width=" 0" customWidth="1"`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"a width of words": {cols(`width="none"`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"no width":         {cols(``), "", nil},

		"usually no width":           {usual(`defaultColWidth="0" defaultRowHeight="15"`, `<col min="1" max="1" width="9"/>`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"of which one says none":     {usual(`defaultColWidth=" 0 "`, `<col min="1" max="1" width="9"/><col min="2" max="5" style="1"/>`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"of which all say one":       {usual(`defaultColWidth="0"`, `<col min="1" max="3" width="9"/>`), "", nil},
		"usually a width":            {usual(`defaultColWidth="9"`, `<col min="1" max="1" width="9"/>`), "", nil},
		"usually no height":          {usual(`defaultRowHeight="0" customHeight="1"`, `<col min="1" max="1" width="9"/>`), text.RowsHidden, text.Args{"rows": "1"}},
		"rows without data hidden":   {usual(`defaultRowHeight="15" zeroHeight="1"`, `<col min="1" max="1" width="9"/>`), "", nil},
		"a width that is no number":  {cols(`width="NaN"`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"a width without end":        {cols(`width="Infinity"`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"a height that is no number": {ofRows(rows(`ht="NaN"`)), text.RowsHidden, text.Args{"count": "3", "rows": "2-3, 5"}},
		"usually no number":          {usual(`defaultColWidth="nan"`, `<col min="1" max="1" width="9"/>`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"columns out of order":       {usual(`defaultColWidth="9"`, `<col min="3" max="3" hidden="1"/><col min="1" max="2" width="9"/>`), text.ColumnsHidden, text.Args{"columns": "C"}},
		"columns beside each other":  {usual(`defaultColWidth="9"`, `<col min="1" max="1" width="9"/><col min="2" max="2" hidden="1"/><col min="3" max="16384" width="9"/>`), "", nil},
		"the usual behind the columns": {
			book1(oneSheet, sheetOf(`<cols><col min="2" max="3" width="9"/></cols><sheetFormatPr defaultColWidth="0"/><sheetData>`+goodRow+`</sheetData>`)).packed(),
			text.FileAmbiguous, nil,
		},
	} {
		_, rows, err := read(bytes.NewReader(row.file), Wish{})
		if code(err) != row.code {
			t.Errorf("%s: got %q, %v, want %s", name, rows, err, row.code)
			continue
		}
		for arg, want := range row.args {
			if got := text.AsFailure(err).Args[arg]; got != want {
				t.Errorf("%s: got %s %q, want %q", name, arg, got, want)
			}
		}
	}
}

// TestBooksThatAreOneThing checks that what is no doubt is read, though it is unusual.
func TestBooksThatAreOneThing(t *testing.T) {
	good := book1(oneSheet, sheetOf(`<sheetData>`+goodRow+`</sheetData>`))
	sheet := func(old, with string) []byte { return good.with("xl/worksheets/sheet1.xml", old, with).packed() }
	prefixed := strings.NewReplacer("</", "</x:", "<", "<x:", "xmlns=", "xmlns:x=").Replace(good[3][1])
	for name, row := range map[string]struct {
		file []byte
		want string
	}{
		"as usual":                   {good.packed(), "1:good"},
		"with a prefix":              {good.with("xl/worksheets/sheet1.xml", good[3][1], prefixed).packed(), "1:good"},
		"an absolute target":         {good.with("xl/_rels/workbook.xml.rels", "worksheets/", "/xl/worksheets/").packed(), "1:good"},
		"a target with two dots":     {good.with("xl/_rels/workbook.xml.rels", "worksheets/", "../xl/./worksheets/").packed(), "1:good"},
		"a comment within":           {sheet("good", "go<!-- EVIL -->od"), "1:good"},
		"CDATA":                      {sheet("good", "<![CDATA[<go]]>&#111;d"), "1:<good"},
		"cells without places":       {ofCells(`<c/><c t="str"><v>b</v></c><c r="D1" t="str"><v>d</v></c>`), "1:|b||d"},
		"another's attribute":        {sheet(`r="A1"`, `xmlns:q="q" q:r="B1" r="A1"`), "1:good"},
		"another's element":          {sheet(`<sheetData>`, `<q:x xmlns:q="q"><q:sheetData/></q:x><sheetData>`), "1:good"},
		"an extension":               {sheet(`</sheetData>`, `</sheetData><extLst><ext><sheetData/></ext></extLst>`), "1:good"},
		"an alternate of other kind": {sheet(`</sheetData>`, `</sheetData><mc:AlternateContent xmlns:mc="m"><mc:Choice><controls/></mc:Choice></mc:AlternateContent>`), "1:good"},
		"runs and how they sound":    {ofCells(`<c t="inlineStr"><is><r><rPr><b/></rPr><t>go</t></r><r><t>od</t></r><rPh sb="0" eb="1"><t>EVIL</t></rPh><phoneticPr fontId="1"/></is></c>`), "1:good"},
		"merged alike":               {sheet(`</row></sheetData>`, `<c r="B1" t="str"><v>good</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`), "1:good|good"},
		"merged, and nothing hidden": {sheet(`</sheetData>`, `<row r="3"><c r="A3" t="str"><v>x</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B2"/></mergeCells>`), "1:good 3:x"},
	} {
		_, rows, err := read(bytes.NewReader(row.file), Wish{})
		if got := strings.Join(rows, " "); err != nil || got != row.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, row.want)
		}
	}
}
