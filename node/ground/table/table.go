// Package table turns the bytes of a person's file into rows of cells, each with its line in the
// file, without knowing any dataset.
//
//	名单.csv, as a Chinese spreadsheet program saves it (GB18030, CRLF):
//	    代码,姓名
//	    520102016001,"王
//	    小明"
//	Inspect → Taken{Format: "csv", Encoding: "gb18030", Delimiter: ","}
//	Open    → Row{Line: 1, Cells: 代码 | 姓名}, Row{Line: 2, Cells: 520102016001 | 王\n小明}
//
// It takes CSV and TSV with any usual delimiter, a JSON list of objects, JSON Lines, and workbooks
// (.xlsx). What a file is, is judged once for the whole file and from its content: the format, the
// encoding, the delimiter, the sheet. What was taken is told, and what cannot be judged is asked.
// A file that is none of these, such as an .xls, a workbook with a password or a web page that is
// called .xls, is refused in words.
//
// A mark of the byte order decides the encoding; else the file is UTF-8 if all of it is; else
// GB18030, if all of it is and reads as Chinese. No byte is ever replaced.
//
// A row that cannot be taken apart, as of a quotation mark that is not closed, is one bad row, and
// reading goes on with the next line. Memory is bounded whatever the file holds: see the limits.
// The package reads only the Source that it is given, and writes only the temporary file of Hold,
// which holds no plain text. It never logs or reports what a cell holds.
package table

import (
	"io"
	"strings"

	"xietong/node/ground/text"
)

// Limits of files.
const (
	MaxFile     = 8 << 30   // bytes
	MaxRow      = 256 << 10 // bytes of a row, in UTF-8
	MaxCells    = 16_384    // of a row: what a workbook can have
	maxBook     = 256 << 20 // bytes of a workbook as it is stored
	maxSheet    = 1 << 30   // bytes of one sheet, unpacked
	maxPart     = 16 << 20  // bytes of another part of a workbook, unpacked
	maxStrings  = 64 << 20  // bytes of the texts that the sheets share
	maxShared   = 4_000_000 // of them
	maxSheets   = 1000
	maxName     = 1 << 10 // bytes of the name of a sheet; programs take 31 characters
	maxStyles   = 65_536
	maxMerges   = 1 << 20   // ranges of merged cells of a sheet
	maxSheetRow = 1_048_576 // the last row of a sheet
)

// Format is the format of a file.
type Format string

// The formats. TSV is CSV with tabs.
const (
	CSV   Format = "csv"
	TSV   Format = "tsv"
	JSON  Format = "json"  // one list of objects
	JSONL Format = "jsonl" // one object a line
	XLSX  Format = "xlsx"
)

// Formats are all formats.
var Formats = []Format{CSV, TSV, JSON, JSONL, XLSX}

// Objects reports whether the rows of the format are JSON objects, and no cells.
func (f Format) Objects() bool { return f == JSON || f == JSONL }

// Source is a file that can be read more than once: a *Held, a *bytes.Reader.
type Source interface {
	io.ReaderAt
	Size() int64
}

// Wish is what a person said about a file. What is empty is found.
type Wish struct {
	Format    string // one of Formats
	Encoding  string // such as gb18030, big5
	Delimiter string // such as ";" or "tab"
	Sheet     string // the name of a sheet
	// Words are what the file should have in its first lines, such as the titles of columns: by
	// them the encoding is known of a file that may be of several.
	Words []string
}

// Taken says how a file is read. It is a function of the bytes and the Wish alone.
type Taken struct {
	Format    Format `json:"format"`
	Encoding  string `json:"encoding,omitempty"`  // of text
	Delimiter string `json:"delimiter,omitempty"` // of CSV and TSV
	Sheet     string `json:"sheet,omitempty"`     // of a workbook
	Hidden    string `json:"hidden,omitempty"`    // the hidden sheets with data, which are not read: "a, b"

	found *found // of a workbook
}

// found is what a first look found of a sheet.
type found struct {
	part   string // what the sheet is in the file, whatever it is called
	merges []merge
}

// Kind is the kind of a cell. A file of text has texts alone.
type Kind uint8

// The kinds.
const (
	Text    Kind = iota // as written
	Number              // in plain decimal digits, such as -1234.5
	Boolean             // TRUE or FALSE
	Date                // 2020-02-03, 2020-02-03T10:30:00 or 10:30:00
	Lost                // a number of more digits than spreadsheets keep; its last digits are wrong
	Failed              // the error of a formula, such as #N/A
	Merged              // empty, since it is merged with one that comes before it
)

// Cell is one cell.
type Cell struct {
	Text string
	Kind Kind
}

// Fault says why a row could not be taken apart.
type Fault uint8

// The faults.
const (
	Good      Fault = iota
	OpenQuote       // a quotation mark is not closed
	BareQuote       // a quotation mark stands within a cell
	TooLong         // the row has more than MaxRow bytes, or more than MaxCells cells
)

// Row is one row. A row of empty cells is none.
type Row struct {
	Line  uint64 // where it begins, counted from 1; the row of a sheet
	Cells []Cell // valid until the next row is read
	JSON  []byte // instead of cells, where the format has objects; valid until the next row is read
	Fault Fault  // the cells of a bad row are a guess
}

// Reader reads the rows of a file. One goroutine may use it at a time.
type Reader struct {
	next  func() (Row, error)
	ended error
}

// Next returns the next row. The error is io.EOF at the end; any other ends the file, and is a
// *text.Failure unless the Source failed.
func (r *Reader) Next() (row Row, err error) {
	if r.ended != nil {
		return Row{}, r.ended
	}
	if row, err = r.next(); err != nil {
		r.ended = err
	}
	return row, err
}

// Inspect reads the file once and finds how it is to be read. The error is a *text.Failure that
// says what the file is, or what a person must name, unless the Source failed.
func Inspect(src Source, w Wish) (Taken, error) {
	if src.Size() > MaxFile {
		return Taken{}, tooLarge(MaxFile)
	}
	format, err := w.format()
	if err != nil {
		return Taken{}, err
	}
	head, err := headOf(src)
	if err != nil {
		return Taken{}, err
	}
	kind := kindOf(src, head)
	switch {
	case kind == kindBook:
		if err := w.effect(format, XLSX); err != nil {
			return Taken{}, err
		}
		return inspectBook(src, w)
	case kind != kindText:
		return Taken{}, otherKind(kind)
	case format == XLSX:
		return Taken{}, otherKind(kindNoBook)
	}
	t := Taken{Format: format}
	if t.Encoding, err = judge(src, w); err != nil {
		return Taken{}, err
	}
	if err := inspectText(src, w, &t); err != nil {
		return t, err
	}
	return t, w.effect(format, t.Format)
}

// effect refuses what was said about a file and says nothing about one of the format: whoever said
// it believes that the file was read so.
func (w Wish) effect(named, format Format) error {
	for _, said := range []struct {
		what, value string
		counts      bool
	}{
		{"file format", string(named), named == format || format != XLSX},
		{"encoding", w.Encoding, format != XLSX},
		{"delimiter", w.Delimiter, format == CSV || format == TSV},
		{"sheet", w.Sheet, format == XLSX},
	} {
		if said.value != "" && !said.counts {
			return NoEffect(said.what, said.value, format)
		}
	}
	return nil
}

// NoEffect refuses an option that has no effect on a file of the format.
func NoEffect(what, value string, format Format) error {
	return text.Fail(text.OptionIdle, text.Args{"what": what, "value": text.Short(value), "format": string(format)}, nil)
}

// Open returns a reader of the rows of a file, which Inspect has judged.
func Open(src Source, t Taken) (*Reader, error) {
	if t.Format == XLSX {
		return openSheet(src, t)
	}
	decoded, err := decoded(src, t.Encoding)
	if err != nil {
		return nil, err
	}
	switch t.Format {
	case JSON:
		return &Reader{next: (&items{in: newBytes(decoded)}).next}, nil
	case JSONL:
		return &Reader{next: objectLines(newLines(decoded))}, nil
	}
	return &Reader{next: (&splitter{in: newLines(decoded), comma: t.Delimiter}).next}, nil
}

// format returns the format that was named; "" if none was.
func (w Wish) format() (Format, error) {
	name := Format(strings.ToLower(strings.TrimSpace(w.Format)))
	switch name {
	case "", CSV, TSV, JSON, JSONL, XLSX:
		return name, nil
	case "ndjson":
		return JSONL, nil
	}
	return "", unknownWish("file format", w.Format, "csv, tsv, json, jsonl, xlsx")
}

func unknownWish(what, value, known string) error {
	return text.Fail(text.FileWish, text.Args{"what": what, "value": text.Short(value), "known": known}, nil)
}
