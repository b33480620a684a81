package rows

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"xietong/node/ground/pattern"
	"xietong/node/ground/table"
)

// Options say how the cells of a file are read, and where the traces of its keys may be held.
type Options struct {
	AsSpreadsheet bool   // also as spreadsheets show values: 是, 2020/2/3, 1,234
	Dir           string // for temporary files; "" is the system's
	// Present, if not nil, returns the record that a key has now; nil: none. A row then has the
	// values of that record in the fields for which the file has no column. Its error ends the
	// file, unless it is a *NotKept: then that row is bad.
	Present func(key []byte) (record []byte, err error)
}

// NotKept is the error of Options.Present for a record whose values cannot be kept. The other rows
// of the file can be read.
type NotKept struct {
	Key    []byte // canonical
	Reason string // a word of package text
}

func (e *NotKept) Error() string { return e.Reason }

// Reading is a cell that was read as something else than what stands in it.
type Reading struct {
	Line          uint64
	Letter, Field string
	Cell, Read    string
}

// maxReadings is how many readings are kept to be shown.
const maxReadings = 5

// rowSource reads the checked rows of one file.
type rowSource struct {
	schema   *Schema
	table    *table.Reader
	options  Options
	format   table.Format
	early    []table.Row // rows that were read to find the header
	header   Header
	guarded  bool // it is a file of bad rows: see guarded
	last     table.Row
	row      uint64
	readings []Reading
	kept     uint64            // rows to which a present record was put
	object   map[string]any    // that the row is, where the format has objects
	marks    []string          // see ownMark: fields of the row that was read last
	names    map[string]string // see Schema.named
	widest   int               // cells of the widest row so far
	mendable uint64            // see Reader.Mendable
	totals   []uint64          // see Reader.Totals
	short    []uint64          // see Reader.Short
	shorts   uint64            // how many are short
}

// Open returns a reader of the rows of a file. It reads the file twice: first to find the rows
// whose keys stand twice, in bounded memory, and then as Next is called. The error is
// text.HeaderRefused, a *text.Failure of package table, or the error of the Source.
func Open(src table.Source, t table.Taken, s *Schema, o Options) (*Reader, error) {
	first, err := openRows(src, t, s, o)
	if err != nil {
		return nil, err
	}
	r := &Reader{schema: s, missing: first.missing(), good: map[uint32]uint64{}}
	if err := r.survey(first); err != nil {
		return nil, err
	}
	r.widest = first.widest
	if r.source, err = openRows(src, t, s, o); err != nil {
		return nil, err
	}
	return r, nil
}

// survey finds the rows whose keys stand twice or alike, good or bad: which of them count is seen
// when they are read. An error that ends the file is kept for Next, as the reading of the rows
// meets it too, and says at which row.
func (r *Reader) survey(of *rowSource) (err error) {
	keys := keySet{dir: of.options.Dir, most: runLen}
	defer func() { err = errors.Join(err, keys.close()) }()
	for {
		key, err := of.anyKey()
		if err != nil {
			r.stopped, r.surveyed = err, of.row
			break
		}
		if key == nil {
			continue
		}
		if err := keys.add(key, of.row, of.place()); err != nil {
			return err
		}
	}
	r.twice, r.alike, r.like, err = keys.found()
	return err
}

// anyKey returns the key of the next row, good or bad, if it can be read: it costs a part of what
// checking the row costs.
func (r *rowSource) anyKey() ([]byte, error) {
	if err := r.advance(); err != nil {
		return nil, err
	}
	var key any
	at := slices.IndexFunc(r.header.Columns, func(c Column) bool { return c.Field == r.schema.key })
	switch {
	case r.last.Fault != table.Good:
	case r.format.Objects():
		object, _ := decodeObject(r.last.JSON)
		key = object[r.schema.key]
	case at >= 0 && at < len(r.last.Cells) && strings.TrimSpace(r.last.Cells[at].Text) != "":
		key, _, _ = r.schema.columns[r.schema.key].read(r.last.Cells[at], r.options.AsSpreadsheet, pattern.NewWork())
	}
	if key == nil {
		return nil, nil
	}
	return appendValue(nil, key), nil
}

// openRows opens the file and reads its header.
func openRows(src table.Source, t table.Taken, s *Schema, o Options) (*rowSource, error) {
	in, err := table.Open(src, t)
	if err != nil {
		return nil, err
	}
	r := &rowSource{schema: s, table: in, options: o, format: t.Format, names: s.named()}
	for !r.format.Objects() && len(r.early) < headerWithin {
		row, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		row.Cells = slices.Clone(row.Cells)
		if r.guarded = r.guarded || ofBadRows(row.Cells); r.guarded {
			unguard(row.Cells)
		}
		r.early = append(r.early, row)
	}
	if r.format.Objects() || len(r.early) == 0 {
		return r, nil
	}
	header, used, err := s.header(r.early)
	if err != nil {
		return nil, err
	}
	r.header, r.early = header, r.early[used:]
	return r, nil
}

// missing returns the fields for which the file has no column.
func (r *rowSource) missing() (names []string) {
	for _, f := range r.schema.fields {
		if !r.format.Objects() && !slices.ContainsFunc(r.header.Columns, func(c Column) bool { return c.Field == f.Name }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// next returns the next record. The error is io.EOF at the end, or a *Bad, after which it can be
// called again.
func (r *rowSource) next() (Record, error) {
	if err := r.advance(); err != nil {
		return Record{}, err
	}
	record, err := r.record()
	if refused, isBad := errors.AsType[*Bad](err); isBad {
		r.reread()
		return Record{}, r.placed(refused)
	}
	if err != nil {
		return Record{}, err
	}
	r.noteShort()
	if r.isTotal() && len(r.totals) < maxAlike {
		r.totals = append(r.totals, r.last.Line)
	}
	return record, nil
}

// reread counts a bad row that would be good as a spreadsheet shows it.
func (r *rowSource) reread() {
	if r.options.AsSpreadsheet || r.format.Objects() {
		return
	}
	marks, kept := slices.Clone(r.marks), r.kept
	r.options.AsSpreadsheet = true
	if _, err := r.record(); err == nil {
		r.mendable++
	}
	r.options.AsSpreadsheet, r.readings, r.marks, r.kept = false, nil, marks, kept
}

// advance reads the next row.
func (r *rowSource) advance() (err error) {
	if len(r.early) > 0 {
		r.last, r.early = r.early[0], r.early[1:]
	} else if r.last, err = r.table.Next(); err != nil {
		return err
	} else if r.guarded {
		unguard(r.last.Cells)
	}
	r.widest = max(r.widest, len(r.last.Cells))
	if r.row++; r.row > MaxRows {
		return badFile("more than %d rows", MaxRows)
	}
	return nil
}

// place returns the line of the row that was read last or, of a list of JSON, its number: all of it
// may stand in one line.
func (r *rowSource) place() uint64 {
	if r.format == table.JSON {
		return r.row
	}
	return r.last.Line
}

// placed says of each fault where it is, in the order of the columns.
func (r *rowSource) placed(b *Bad) *Bad {
	if len(b.Faults) == 0 {
		b.Faults = []Fault{{Field: b.Column, Reason: b.Reason}}
	}
	place := func(f Fault) int {
		return slices.IndexFunc(r.header.Columns, func(c Column) bool {
			return c.Field != "" && c.Field == f.Field || f.Letter != "" && c.Letter == f.Letter
		})
	}
	slices.SortStableFunc(b.Faults, func(x, y Fault) int { return cmp.Compare(place(x), place(y)) })
	for i := range b.Faults {
		f := &b.Faults[i]
		if f.Line = r.last.Line; r.format == table.JSON {
			f.Record = r.row
		}
		if at := place(*f); at >= 0 {
			f.Letter, f.Header = r.header.Columns[at].Letter, r.header.Columns[at].Header
		}
	}
	b.Row, b.Line, b.Column, b.Reason = r.row, r.last.Line, b.Faults[0].Field, b.Faults[0].Reason
	return b
}
