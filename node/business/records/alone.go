package records

import (
	"cmp"
	"context"
	"errors"
	"io"
	"syscall"

	"xietong/node/business/catalog"
	"xietong/node/ground/rows"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// Alone is a file that was checked by an entry that a person has, where no node runs.
type Alone struct {
	Check  // without Effect and Plan
	schema *rows.Schema
	how    Reading
	file   *table.Held
}

// CheckAlone checks a file as Desk.Check does, without the ledger. So nothing is compared with the
// records, and nobody knows whether a field without a column loses a value: such a file is taken.
// how.For is not used, and how.Missing is not MissingKeep: the values to keep are not here. The
// entry is checked as far as it can be: see catalog.Entry.Written. The caller closes what is
// returned.
func CheckAlone(ctx context.Context, e catalog.Entry, how Reading, r io.Reader) (_ *Alone, err error) {
	if how.Missing != "" && how.Missing != MissingClear {
		return nil, text.Fail(text.BadRequest, text.Args{"where": "missing", "reason": "it may be: keep, clear"}, nil)
	}
	a := &Alone{how: how}
	if a.schema, err = e.Written(); err != nil {
		return nil, err
	}
	if a.file, err = table.Hold("", r); err != nil {
		return nil, here(err)
	}
	if err := a.check(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// here returns an error that is not about the temporary folder of a node, but of this machine.
func here(err error) error {
	f, ok := errors.AsType[*text.Failure](err)
	switch {
	case ok && f.Code == text.TemporaryUnusable:
		return text.Fail(text.TemporaryHere, f.Args, err)
	case ok && f.Code == text.TemporaryDamaged:
		return text.Fail(text.TemporaryHere, text.Args{"dir": f.Args["dir"], "reason": syscall.EIO.Error()}, err)
	}
	return err
}

func (a *Alone) check(ctx context.Context) error {
	reader, taken, err := a.how.open(pausing{a.file, ctx}, a.schema, a.options())
	if err == nil {
		err = reader.Whole()
	}
	if err == nil {
		a.Check, err = checkRows(ctx, a.file, taken, reader, func(rows.Record) error { return nil })
	}
	return here(cmp.Or(a.file.Err(), err))
}

func (a *Alone) options() rows.Options { return rows.Options{AsSpreadsheet: a.how.AsSpreadsheet} }

// BadRows writes the bad rows as Desk.BadRows does.
func (a *Alone) BadRows(ctx context.Context, l text.Lang, w io.Writer) error {
	_, err := rows.WriteBad(w, pausing{a.file, ctx}, a.Taken, a.schema, a.options(), l)
	return here(cmp.Or(a.file.Err(), err))
}

// Close gives up the file.
func (a *Alone) Close() error { return a.file.Close() }
