package records

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/exchange/budget"
	"xietong/node/business/catalog"
	"xietong/node/ground/rows"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// What a check tells of bad rows at most: of the others it tells how many they are. An answer of
// the API with so much is within what a client reads.
const (
	MaxShown   = 10_000  // rows
	maxToldLen = 1 << 20 // bytes, about
)

// Check is the outcome of the first pass over a file.
type Check struct {
	Hash     [sha256.Size]byte
	Rows     uint64
	Good     uint64
	Bad      []rows.Bad // the first, within MaxShown and maxToldLen
	BadCount uint64
	Effect   Effect
	Plan     string // for File.Plan, of a file that is bound to these records

	Taken      table.Taken    // how the file was read
	Header     rows.Header    // of a file of cells
	Missing    []string       // fields for which the file has no column
	Readings   []rows.Reading // the first cells that were read as something else
	Alike      []rows.Alike   // the first keys that differ by case, width or composition alone
	AlikeCount uint64
	Mendable   uint64   // bad rows that are good when they are read as a spreadsheet shows them
	Totals     []uint64 // the first lines with good rows that seem to be the total of the list
	Short      []uint64 // the first lines with good rows that have fewer cells than the header
	ShortCount uint64

	told int // bytes of Bad
}

// Check reads the whole file, counts the rows that the schema accepts and rejects, and what they
// change, and writes no record. With MissingKeep it reads the records too, and whether a row is
// good depends on them: that is a use by the provider, which is recorded before anything is told.
// No value of a record is told. Besides what packages table and rows refuse, text.ColumnsMissing
// refuses a file without a column for each field. Rows for an entry to come are checked by that,
// and compared with the records as that would show them. Check waits while as many files are read
// as may be at once, and computes in a slot.
func (d *Desk) Check(ctx context.Context, by catalog.Actor, code identity.Label, how Reading, r io.Reader) (c Check, err error) {
	err = d.withFile(ctx, how.by(by), code, r, func(ctx context.Context, now dataset, file *uploaded) error {
		set, err := how.of(now)
		if err != nil {
			return err
		}
		effect, err := d.comparing(ctx, set)
		if err != nil {
			return err
		}
		reader, err := file.rows(ctx, d, set, how)
		if err != nil {
			return err
		}
		c, err = checkRows(ctx, file.Held, file.taken, reader, effect.add)
		if err := d.recordKept(ctx, now, reader, d.keptFile(set, how, file, effect.changes.Last), err); err != nil {
			return err
		}
		c.Effect = effect.told()
		c.Plan, err = d.sealPlan(set, File{Reading: how, Hash: c.Hash, Rows: c.Rows, Good: c.Good}, c.Effect)
		return err
	})
	return c, err
}

// withFile takes a file of a dataset's provider in, and calls f in a slot.
func (d *Desk) withFile(ctx context.Context, by catalog.Actor, code identity.Label, r io.Reader, f func(context.Context, dataset, *uploaded) error) error {
	set, err := d.ownDataset(ctx, by, code)
	if err != nil {
		return err
	}
	release, err := d.Files.start(ctx)
	if err != nil {
		return err
	}
	defer release()
	return d.Slots.Run(ctx, func(ctx context.Context) error {
		file, err := d.Files.takeIn(ctx, r, 0)
		if err != nil {
			return err
		}
		return errors.Join(file.outcome(f(ctx, set, file)), file.Close())
	})
}

// BadRows writes the bad rows of a file as they were, with what is wrong beside each, so that they
// can be mended and imported. It is recorded as a check is, unless the check of the file was.
func (d *Desk) BadRows(ctx context.Context, by catalog.Actor, code identity.Label, how Reading, l text.Lang, r io.Reader, w io.Writer) error {
	return d.withFile(ctx, how.by(by), code, r, func(ctx context.Context, now dataset, file *uploaded) error {
		set, err := how.of(now)
		if err != nil {
			return err
		}
		reader, err := file.rows(ctx, d, set, how)
		if err != nil {
			return err
		}
		if how.Missing == MissingKeep {
			var of keptFile
			if of, err = d.keptNow(set, how, file); err == nil {
				err = d.readKept(ctx, now, reader, of)
			}
		}
		if err != nil {
			return err
		}
		out := bufio.NewWriterSize(outside{w, ctx}, badPiece)
		if _, err = rows.WriteBad(out, pausing{file.Held, ctx}, file.taken, set.schema, d.options(set, how), l); err != nil {
			return err
		}
		return out.Flush()
	})
}

// badPiece is how much of the bad rows is written at once, in bytes.
const badPiece = 64 << 10

// outside writes outside the slot of ctx: whoever reads may take their time.
type outside struct {
	io.Writer
	ctx context.Context
}

func (o outside) Write(p []byte) (n int, err error) {
	budget.Outside(o.ctx, func() { n, err = o.Writer.Write(p) })
	return n, err
}

// checkRows reads all rows of a file, and tells all that can be told without the records. It hands
// each good row to good.
func checkRows(ctx context.Context, file *table.Held, taken table.Taken, reader *rows.Reader, good func(rows.Record) error) (Check, error) {
	c := Check{Hash: file.Sum(), Taken: taken, Missing: reader.Missing(), Header: reader.Header()}
	err := c.count(ctx, reader, good)
	c.Readings, c.Mendable, c.Totals = reader.Readings(), reader.Mendable(), reader.Totals()
	c.Short, c.ShortCount = reader.Short()
	c.Alike, c.AlikeCount = reader.Alike()
	return c, err
}

// count reads the rows of a file.
func (c *Check) count(ctx context.Context, reader *rows.Reader, good func(rows.Record) error) error {
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		bad, isBad := asBad(err)
		if err != nil && !isBad {
			return unreadable(c.Taken, reader.Row(), err)
		}
		c.Rows++
		switch {
		case !isBad:
			c.Good++
			if err := good(record); err != nil {
				return err
			}
		default:
			c.tell(bad)
		}
		if err := budget.Pause(ctx); err != nil {
			return err
		}
	}
}

// tell counts a bad row, and keeps it if all before it were kept and it fits in beside them.
func (c *Check) tell(bad *rows.Bad) {
	size := c.told + bad.Size()
	if uint64(len(c.Bad)) == c.BadCount && len(c.Bad) < MaxShown && size <= maxToldLen {
		c.Bad, c.told = append(c.Bad, *bad), size
	}
	c.BadCount++
}

// coming is a file that comes from a client: nobody waits for it in a slot.
type coming struct {
	ctx context.Context
	r   io.Reader
}

func (f coming) Read(b []byte) (n int, err error) {
	budget.Outside(f.ctx, func() { n, err = f.r.Read(b) })
	return n, err
}

// unreadable returns the error of a file that cannot be read beyond the row.
func unreadable(taken table.Taken, row uint64, err error) error {
	at := strconv.FormatUint(row+1, 10) // the row after the last that was read
	reason := strings.TrimPrefix(err.Error(), rows.ErrFile.Error()+": ")
	switch {
	case !errors.Is(err, rows.ErrFile):
		return fmt.Errorf("read file: row %s: %w", at, err)
	case taken.Format.Objects():
		return text.Fail(text.BadJSON, text.Args{"row": at, "reason": reason}, nil)
	}
	return text.Fail(text.BadCSV, text.Args{"row": at, "column": "", "reason": reason}, nil)
}
