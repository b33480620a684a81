package rows

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// The columns that WriteBad adds.
const (
	ownLine  = OwnColumn + "line"
	ownFault = OwnColumn + "fault"
	ownRaw   = OwnColumn + "raw" // of an object that is no JSON
)

// beyond is how many columns beyond the header are kept apart; what a longer row has more stands in
// the last of them.
const beyond = 64

// WriteBad reads a file as Open does, and writes its bad rows as they were, so that a person can
// mend and import them: cells as CSV with the same columns, in UTF-8 with a mark, which
// spreadsheets need; objects one a line. Each row has its line and its faults beside it, in columns
// that an import ignores, and its marks (ownMark), by which the file is refused as it is. What a
// spreadsheet program would run as a formula is guarded. It returns how many rows it wrote.
func WriteBad(w io.Writer, src table.Source, t table.Taken, s *Schema, o Options, l text.Lang) (n uint64, err error) {
	r, err := Open(src, t, s, o)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriter(w)
	write := r.source.objectsTo(out)
	if !t.Format.Objects() {
		if write, err = r.source.cellsTo(out, r.widest); err != nil {
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
			err = write(b.told(l))
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

// cellsTo writes the header, and returns what writes the row that was read last. Cells beyond the
// header have columns without a header. The delimiter is a comma, whatever it was in the file: a
// spreadsheet program cuts cells at the one that it expects, and what follows begins a cell.
func (r *rowSource) cellsTo(out *bufio.Writer, widest int) (func(told string) error, error) {
	c := csv.NewWriter(out)
	columns := min(max(len(r.header.Columns), widest), len(r.header.Columns)+beyond)
	line := func(cell func(i int) string, more ...string) error {
		var all []string
		for i := range columns {
			if !strings.HasPrefix(r.column(i).Header, OwnColumn) {
				all = append(all, cell(i))
			}
		}
		all = append(all, more...)
		for i := range all {
			all[i] = guarded(all[i])
		}
		err := c.Write(all)
		c.Flush()
		return errors.Join(err, c.Error())
	}
	_, err := out.WriteString("\ufeff")
	err = errors.Join(err, line(func(i int) string { return r.column(i).Header }, ownLine, ownFault, ownMark))
	return func(told string) error {
		return line(func(i int) string {
			switch {
			case i >= len(r.last.Cells):
				return ""
			case i+1 < columns:
				return r.written(i)
			}
			last := r.written(i)
			for i++; i < len(r.last.Cells); i++ {
				last += string(c.Comma) + r.written(i)
			}
			return last
		}, strconv.FormatUint(r.last.Line, 10), told, r.traced())
	}, err
}

// objectsTo returns what writes the row that was read last as a line of JSON.
func (r *rowSource) objectsTo(out *bufio.Writer) func(told string) error {
	return func(told string) error {
		object, err := membersOf(r.last.JSON)
		if err != nil {
			object = []member{{ownRaw, string(r.last.JSON)}}
		}
		object = append(object, member{ownLine, r.last.Line}, member{ownFault, told})
		if marks := r.traced(); marks != "" {
			object = append(object, member{ownMark, marks})
		}
		for i, m := range object {
			name, _ := json.Marshal(m.name) // a text is always written
			value, err := json.Marshal(m.value)
			if err != nil {
				return err
			}
			out.WriteByte("{,"[min(i, 1)])
			out.Write(name)
			out.WriteByte(':')
			out.Write(value)
		}
		_, err = out.WriteString("}\n") // a writer keeps the first error
		return err
	}
}

type member struct {
	name  string
	value any
}

// membersOf returns the members of an object as they stand, also one that stands twice; none of our
// own.
func membersOf(data []byte) (all []member, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if first, err := d.Token(); err != nil || first != json.Delim('{') || !json.Valid(data) {
		return nil, badFile("no object")
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return nil, err
		}
		if text, _ := name.(string); !strings.HasPrefix(text, OwnColumn) {
			all = append(all, member{text, value})
		}
	}
	return all, nil
}
