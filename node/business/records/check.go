package records

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/exchange/budget"
	"xietong/node/business/catalog"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// MaxShown is how many findings a check gives back at most.
const MaxShown = 10_000

// Check is the outcome of the first pass over a file.
type Check struct {
	Hash     [sha256.Size]byte
	Rows     uint64
	Good     uint64
	Bad      []rows.Bad // the first MaxShown
	BadCount uint64
	Effect   Effect
	Plan     string // for File.Plan
}

// Check reads the whole file, counts the rows that the schema accepts and rejects, and writes
// nothing. A file that cannot be read to its end is refused as text.BadCSV or text.BadJSON. Check
// waits while as many files are read as may be at once, and computes in a slot.
func (d *Desk) Check(ctx context.Context, by catalog.Actor, code identity.Label, format rows.Format, r io.Reader) (c Check, err error) {
	set, err := d.ownDataset(ctx, by, code)
	if err != nil {
		return c, err
	}
	release, err := d.Files.start(ctx)
	if err != nil {
		return c, err
	}
	defer release()
	effect, err := d.comparing(ctx, code)
	if err != nil {
		return c, err
	}
	err = d.Slots.Run(ctx, func(ctx context.Context) (err error) {
		c, err = check(ctx, set, format, newHashed(coming{ctx, r}), effect)
		return err
	})
	if c.Effect = effect.told(); err == nil {
		c.Plan, err = d.sealPlan(set, File{Format: format, Hash: c.Hash, Rows: c.Rows, Good: c.Good}, c.Effect)
	}
	return c, err
}

// check reads the file of a Check.
func check(ctx context.Context, set dataset, format rows.Format, file *hashed, effect *comparing) (c Check, err error) {
	reader := rows.NewReader(file, format, set.schema)
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		bad, isBad := asBad(err)
		if err != nil && !isBad {
			return c, unreadable(format, reader.Row(), err)
		}
		c.Rows++
		switch {
		case !isBad:
			c.Good++
			if err := effect.add(record); err != nil {
				return c, err
			}
		case len(c.Bad) < MaxShown:
			c.Bad = append(c.Bad, *bad)
			fallthrough
		default:
			c.BadCount++
		}
		if err := budget.Pause(ctx); err != nil {
			return c, err
		}
	}
	c.Hash, err = file.finish()
	return c, err
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
func unreadable(format rows.Format, row uint64, err error) error {
	at := strconv.FormatUint(row+1, 10) // the row after the last that was read
	reason := strings.TrimPrefix(err.Error(), rows.ErrFile.Error()+": ")
	if !errors.Is(err, rows.ErrFile) {
		return fmt.Errorf("read file: row %s: %w", at, err)
	}
	if format == rows.CSV {
		return text.Fail(text.BadCSV, text.Args{"row": at, "column": "", "reason": reason}, nil)
	}
	return text.Fail(text.BadJSON, text.Args{"row": at, "reason": reason}, nil)
}

// hashed reads a file and hashes the bytes that it reads.
type hashed struct {
	r    io.Reader
	hash hash.Hash
}

func newHashed(r io.Reader) *hashed {
	h := sha256.New()
	return &hashed{io.TeeReader(r, h), h}
}

func (h *hashed) Read(b []byte) (int, error) { return h.r.Read(b) }

// finish reads the rest of the file and returns the hash of the whole.
func (h *hashed) finish() (sum [sha256.Size]byte, err error) {
	if _, err := io.Copy(io.Discard, h.r); err != nil {
		return sum, fmt.Errorf("read file: %w", err)
	}
	return [sha256.Size]byte(h.hash.Sum(nil)), nil
}
