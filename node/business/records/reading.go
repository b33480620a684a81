package records

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/rows"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// Reading says how a file is read: what the person named, "" for what the file tells by itself.
type Reading struct {
	table.Wish
	AsSpreadsheet bool // cells also as spreadsheets show them
	Missing       Missing
	For           *Coming // the entry that the rows are to be published with; nil: they are for the one in force
}

// Missing says what becomes of the fields for which a file has no column. A file that lacks some is
// refused without it: it may mean either.
type Missing string

// The words for a missing column.
const (
	MissingKeep  Missing = "keep"  // a record keeps its present value, and a new record has none
	MissingClear Missing = "clear" // no record has the field
)

// facts returns the reading as bytes, without the entry: the same reading has the same.
func (how Reading) facts() []byte {
	as := "as it stands"
	if how.AsSpreadsheet {
		as = "as a spreadsheet"
	}
	parts := []string{how.Format, how.Encoding, how.Delimiter, how.Sheet, as, string(how.Missing)}
	return []byte(strings.Join(parts, "\x00"))
}

// uploaded is a file that came, and is held to be read.
type uploaded struct {
	*table.Held
	taken   table.Taken // once rows was called
	release func()      // of the room on the disks
}

// Close gives up the file, and the room that it had.
func (u *uploaded) Close() error {
	defer u.release()
	return u.Held.Close()
}

// pausing is a file that is read in a slot.
type pausing struct {
	table.Source
	ctx context.Context
}

func (p pausing) ReadAt(b []byte, at int64) (int, error) {
	if err := budget.Pause(p.ctx); err != nil {
		return 0, err
	}
	return p.Source.ReadAt(b, at)
}

// takeIn takes a file in, in a slot, while it comes, once the disks have room for it and for the
// records that its rows become; 0: for none. The caller closes it.
func (f *Files) takeIn(ctx context.Context, r io.Reader, rows uint64) (*uploaded, error) {
	r, release, err := f.space().spaced(r, rows)
	if err != nil {
		return nil, err
	}
	held, err := table.Hold("", coming{ctx, r})
	if err != nil {
		release()
		return nil, err
	}
	return &uploaded{Held: held, release: release}, nil
}

// outcome returns the error of what was done with the file. Where its temporary file failed, that
// is the cause of any other.
func (u *uploaded) outcome(err error) error { return cmp.Or(u.Err(), err) }

// open returns a reader of the rows of a file, and how the file was taken. It knows no records, but
// those that the options present.
func (how Reading) open(src table.Source, schema *rows.Schema, o rows.Options) (reader *rows.Reader, taken table.Taken, err error) {
	how.Words = schema.Headers()
	if taken, err = table.Inspect(src, how.Wish); err != nil {
		return nil, taken, err
	}
	if how.AsSpreadsheet && taken.Format.Objects() {
		return nil, taken, table.NoEffect("way to read cells", "as-spreadsheet", taken.Format)
	}
	reader, err = rows.Open(src, taken, schema, o)
	return reader, taken, err
}

// rows returns a reader of the rows. It refuses a file whose columns need a word: one that lacks
// some, where the dataset has had records.
func (u *uploaded) rows(ctx context.Context, d *Desk, set dataset, how Reading) (reader *rows.Reader, err error) {
	if reader, u.taken, err = how.open(pausing{u.Held, ctx}, set.schema, d.options(set, how)); err != nil {
		return nil, err
	}
	if missing := reader.Missing(); len(missing) > 0 && how.Missing == "" {
		err = d.ledger.Look(func(r *state.Reader) error {
			if ChangesOf(r, set.Code).Last == ledger.None { // no record has a value to lose
				return nil
			}
			return text.Fail(text.ColumnsMissing, text.Args{
				"dataset": set.Code.String(), "fields": strings.Join(missing, ", "),
			}, nil)
		})
	}
	if err == nil {
		err = reader.Whole()
	}
	return reader, err
}

func (d *Desk) options(set dataset, how Reading) rows.Options {
	o := rows.Options{AsSpreadsheet: how.AsSpreadsheet}
	if how.Missing == MissingKeep {
		o.Present = func(key []byte) (record []byte, err error) {
			err = d.ledger.Look(func(r *state.Reader) (err error) {
				record, err = d.present(r, set, key)
				return err
			})
			switch {
			case failure.Is(err, text.RecordUnreadable):
				err = &rows.NotKept{Key: key, Reason: "damaged record"}
			case failure.Is(err, text.RecordUnfit):
				err = &rows.NotKept{Key: key, Reason: "unfit record"}
			}
			return record, err
		}
	}
	return o
}

// present returns the record that a key has now; nil: none, or it was erased.
func (d *Desk) present(r *state.Reader, set dataset, key []byte) ([]byte, error) {
	now, ok := newView(r).current(set.Code, d.keyMAC(set.Code, key))
	if !ok {
		return nil, nil
	}
	record, err := d.payload(r, now.Index, set)
	if errors.Is(err, book.ErrErased) {
		return nil, nil
	}
	return record, err
}
