package api

import (
	"context"
	"errors"
	"fmt"
	"io"

	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/faces/client"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// CheckedAlone is told what a file has, and may write its bad rows as they were, with what is wrong
// beside each.
type CheckedAlone func(check client.ImportCheck, bad func(io.Writer) error) error

// CheckAlone checks a file by im.Entry, as the API checks one by the entry in force, where no node
// runs: see records.CheckAlone. The rows of a file that was read to its end are good or bad; any
// error is a *text.Failure, or that of the file or of told.
func CheckAlone(ctx context.Context, l text.Lang, im client.Import, told CheckedAlone) (err error) {
	entry, err := datasetSent(*im.Entry)
	if err != nil {
		return catalog.Invalid(im.Entry.Code, err)
	}
	size, err := im.File.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = im.File.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	how := records.Reading{
		Wish:          table.Wish{Format: im.Format, Encoding: im.Encoding, Delimiter: im.Delimiter, Sheet: im.Sheet},
		AsSpreadsheet: im.AsSpreadsheet, Missing: records.Missing(im.Missing),
	}
	checked, err := records.CheckAlone(ctx, entry, how, &counted{ctx: ctx, r: im.File, size: uint64(size), progress: im.Progress})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, checked.Close()) }()
	return told(checkOf(checked.Check), func(w io.Writer) error { return checked.BadRows(ctx, l, w) })
}

// counted is a file of this machine that tells how much of it was read.
type counted struct {
	ctx        context.Context
	r          io.Reader
	done, size uint64
	progress   func(pass string, done, total uint64) // or nil
}

func (c *counted) Read(b []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	n, err := c.r.Read(b)
	c.done += uint64(n)
	if c.progress != nil && n > 0 {
		c.progress(client.PassCheck, c.done, c.size)
	}
	return n, err
}
