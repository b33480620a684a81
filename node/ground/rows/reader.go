package rows

import (
	"cmp"
	"errors"
	"io"
	"strings"

	"xietong/node/ground/text"
)

// Reader reads the records of a file. One goroutine may use it at a time.
type Reader struct {
	schema  *Schema
	source  *rowSource
	missing []string
	twice   []repeated        // rows that are not read yet whose keys stand twice
	good    map[uint32]uint64 // of such a key, by the row where it stands first: the place of the first good row
	alike   []Alike
	like    uint64 // how many are alike
	widest  int    // cells of the widest row
	// The survey of the keys ended with this error after so many rows.
	stopped  error
	surveyed uint64
	ended    error
}

// Row returns the number of the row that was read last, counted from 1. A header, blank lines and
// rows of empty cells are not counted.
func (r *Reader) Row() uint64 { return r.source.row }

// Line returns the line of the file in which that row begins.
func (r *Reader) Line() uint64 { return r.source.last.Line }

// Header returns the header of a file with cells.
func (r *Reader) Header() Header { return r.source.header }

// Missing returns the fields for which the file has no column, sorted by name. Objects have none.
func (r *Reader) Missing() []string { return r.missing }

// Whole refuses a header without a column for a field that each record must have, which no value
// of a record fills: no row of the file would be good. The error is text.HeaderRefused.
func (r *Reader) Whole() error {
	var faults []text.HeaderFault
	for _, name := range r.missing {
		if r.schema.columns[name].required && r.source.options.Present == nil {
			faults = append(faults, text.HeaderFault{Kind: "required", Field: r.schema.called(name)})
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return r.schema.refused(r.source.header.Line, faults)
}

// Kept returns how many of the rows that were read took values of a present record: see Options.
func (r *Reader) Kept() uint64 { return r.source.kept }

// Readings returns the first cells that were read as something else than what stands in them.
func (r *Reader) Readings() []Reading { return r.source.readings }

// Alike returns the first rows whose keys differ from that of an earlier row only by case, width or
// composition, and how many there are.
func (r *Reader) Alike() ([]Alike, uint64) { return r.alike, r.like }

// Mendable returns how many of the bad rows that were read would be good with AsSpreadsheet.
func (r *Reader) Mendable() uint64 { return r.source.mendable }

// Short returns the lines of the first good rows of a text that have fewer cells than the header,
// and how many there are: with AsSpreadsheet what they lack is empty.
func (r *Reader) Short() ([]uint64, uint64) { return r.source.short, r.source.shorts }

// Totals returns the lines of the first good rows that seem to be the total of the list, and no
// record.
func (r *Reader) Totals() []uint64 { return r.source.totals }

// Next returns the next record. The error is io.EOF at the end, and a *Bad for a refused row, after
// which the caller can read on. Any other error ends the file: a *text.Failure that says what is
// wrong with it, one that wraps ErrFile, or that of the Source.
func (r *Reader) Next() (Record, error) {
	if r.ended != nil {
		return Record{}, r.ended
	}
	record, err := r.source.next()
	if errors.Is(err, io.EOF) || r.source.row > r.surveyed {
		err = cmp.Or(r.unsurveyed(), err)
	}
	if err != nil {
		if _, isBad := errors.AsType[*Bad](err); !isBad {
			r.ended = err
		}
		return Record{}, err
	}
	if first := r.earlier(); first > 0 {
		f := Fault{Field: r.schema.key, Reason: "duplicate key", Value: cut(strings.Trim(string(record.Key), `"`)), First: first}
		r.source.mark(r.schema.key)
		return Record{}, r.source.placed(badOf([]Fault{f}))
	}
	return record, nil
}

// unsurveyed returns the error that ended the survey, if the file was not read to its end: the keys
// of the rows behind are not known.
func (r *Reader) unsurveyed() error {
	if errors.Is(r.stopped, io.EOF) && r.source.row <= r.surveyed {
		return nil
	}
	if errors.Is(r.stopped, io.EOF) {
		return badFile("more rows than there were when its keys were read")
	}
	return r.stopped
}

// earlier returns the place of the first good row that has the key of the row that was read last,
// which is good; 0: it is the first.
func (r *Reader) earlier() (place uint64) {
	row := uint32(r.source.row)
	for len(r.twice) > 0 && r.twice[0].row < row {
		r.twice = r.twice[1:]
	}
	if len(r.twice) == 0 || r.twice[0].row != row {
		return 0
	}
	first := r.twice[0].first
	if place = r.good[first]; place == 0 {
		r.good[first] = r.source.place()
	}
	return place
}
