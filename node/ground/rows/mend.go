package rows

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// The columns that WriteBad adds.
const (
	ownLine  = OwnColumn + "line"
	ownFault = OwnColumn + "fault"
	ownRaw   = OwnColumn + "raw" // of an object that is no JSON
)

// WriteBad reads a file as Open does, and writes its bad rows as they were, so that a person can
// mend and import them: with the same columns and delimiter, in UTF-8 with a mark, which
// spreadsheets need; the rows of a workbook as CSV; objects one a line. Each row has its line and
// its faults beside it, in columns that an import ignores. It returns how many rows it wrote.
func WriteBad(w io.Writer, src table.Source, t table.Taken, s *Schema, o Options, l text.Lang) (n uint64, err error) {
	r, err := Open(src, t, s, o)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	write := objectsTo(out)
	if !t.Format.Objects() {
		if write, err = cellsTo(out, t, r.Header()); err != nil {
			return 0, err
		}
	}
	for {
		_, err := r.Next()
		b, isBad := errors.AsType[*Bad](err)
		switch {
		case errors.Is(err, io.EOF):
			return n, out.Flush()
		case isBad:
			n++
			err = write(r.source.last, b.told(l))
		}
		if err != nil {
			return n, err
		}
	}
}

// told returns all faults of a row as one text.
func (b *Bad) told(l text.Lang) string {
	var all []string
	for _, f := range b.Faults {
		f.Line = 0
		all = append(all, f.Tell(l))
	}
	return strings.Join(all, "\n")
}

// cellsTo writes the header, and returns what writes a row.
func cellsTo(out *bufio.Writer, t table.Taken, h Header) (func(table.Row, string) error, error) {
	c := csv.NewWriter(out)
	if comma, _ := utf8.DecodeRuneInString(t.Delimiter); t.Delimiter != "" {
		c.Comma = comma
	}
	own := func(i int) bool { return i < len(h.Columns) && strings.HasPrefix(h.Columns[i].Header, OwnColumn) }
	line := func(cells int, cell func(i int) string, more ...string) error {
		var all []string
		for i := range cells {
			if !own(i) {
				all = append(all, cell(i))
			}
		}
		err := c.Write(append(all, more...))
		c.Flush()
		return errors.Join(err, c.Error())
	}
	_, err := out.WriteString("\ufeff")
	err = errors.Join(err, line(len(h.Columns), func(i int) string { return h.Columns[i].Header }, ownLine, ownFault))
	return func(row table.Row, faults string) error {
		return line(max(len(h.Columns), len(row.Cells)), func(i int) string {
			if i < len(row.Cells) {
				return row.Cells[i].Text
			}
			return ""
		}, strconv.FormatUint(row.Line, 10), faults)
	}, err
}

// objectsTo returns what writes a row of JSON Lines.
func objectsTo(out *bufio.Writer) func(table.Row, string) error {
	return func(row table.Row, faults string) error {
		object := map[string]json.RawMessage{}
		if err := json.Unmarshal(row.JSON, &object); err != nil || object == nil {
			raw, _ := json.Marshal(string(row.JSON)) // a text is always written
			object = map[string]json.RawMessage{ownRaw: raw}
		}
		object[ownLine] = json.RawMessage(strconv.FormatUint(row.Line, 10))
		object[ownFault], _ = json.Marshal(faults)
		line, err := json.Marshal(object)
		if err == nil {
			_, err = out.Write(append(line, '\n'))
		}
		return err
	}
}
