// Package export writes rows as a file that other programs read: CSV, TSV, JSON Lines, JSON or a
// spreadsheet (xlsx).
//
// A row is a JSON object, and its columns are named beforehand. The same rows are in every format:
//
//	{"code":"0451","name":"观水社区, 一组","households":12,"urban":true,"tags":["a"]}
//
//	csv    code,name,households,urban,tags
//	       0451,"观水社区, 一组",12,true,"[""a""]"
//	jsonl  {"code":"0451","name":"观水社区, 一组","households":12,"urban":true,"tags":["a"]}
//
// CSV is that of RFC 4180: UTF-8, lines that end with CR LF, and cells in quotation marks where
// they must be. TSV is the same with a tab for the comma. A cell holds a text as it is, and any
// other value as JSON; it is empty where the row has no value or null, and "" for the empty text.
// JSON is one array. In a spreadsheet texts stay texts, with their leading zeros, and so does a
// number of more than 15 digits, which a spreadsheet would round; what begins with =, +, - or @ is
// a text and no formula. In CSV such a cell is given as it is, since whoever imports the file again
// must get the same value.
//
// Invariants: no value is changed, cut or left out: what a format cannot hold is an error, and the
// file is worth nothing then. Rows are written as they come, in bounded memory. The package knows
// nothing of datasets, opens no network, and decides nothing about who may have the rows.
package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Format is the format of a file.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	TSV   Format = "tsv"
	JSONL Format = "jsonl" // one object a line
	JSON  Format = "json"  // an array of objects
	XLSX  Format = "xlsx"
)

// Formats are all formats.
var Formats = []Format{CSV, TSV, JSONL, JSON, XLSX}

// FormatOf returns the format that the ending of a file's name tells; "" for any other ending.
func FormatOf(name string) Format {
	ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	if ending == "ndjson" {
		return JSONL
	}
	for _, f := range Formats {
		if string(f) == ending {
			return f
		}
	}
	return ""
}

// Options are what a file may have beside its rows.
type Options struct {
	// Mark puts the mark of UTF-8 before CSV and TSV: without it, spreadsheet programs in Chinese
	// take the file for GB18030.
	Mark bool
}

// Row has a value in JSON for each column; nil: none.
type Row []json.RawMessage

// Writer writes the rows of one file. One goroutine may use it at a time.
type Writer interface {
	// Write writes one row, which has a value for each column.
	Write(Row) error
	// Close ends the file. Nothing is worth reading before.
	Close() error
	// Discard gives back what the writer holds, without ending the file. After Close it does
	// nothing.
	Discard()
}

// NewWriter returns the writer of a file with the columns. A file without rows has its columns all
// the same, where the format has such a thing.
func NewWriter(to io.Writer, f Format, columns []string, o Options) (Writer, error) {
	switch f {
	case CSV:
		return newSeparated(to, ',', columns, o)
	case TSV:
		return newSeparated(to, '\t', columns, o)
	case JSONL:
		return newObjects(to, columns, "", "\n", ""), nil
	case JSON:
		return newObjects(to, columns, "[\n", ",\n", "\n]\n"), nil
	case XLSX:
		return newSheet(to, columns)
	}
	return nil, fmt.Errorf("no format %q", f)
}

// Spell returns a value as a cell or a person has it: a text as it is, nothing for null and for no
// value, and anything else as JSON without spaces.
func Spell(value json.RawMessage) string {
	var s string
	switch {
	case len(value) == 0 || string(value) == "null":
		return ""
	case value[0] == '"' && json.Unmarshal(value, &s) == nil:
		return s
	}
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return string(value)
	}
	return b.String()
}
