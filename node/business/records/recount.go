package records

import (
	"context"
	"errors"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// The pace of the job that keeps the counts whole.
const (
	recountEvery = 10 * time.Second
	filledAtOnce = 1000                // records of one command
	passedAtOnce = 20_000              // records that are passed in one look at the state
	leftAfter    = 30 * 24 * time.Hour // of ledger time, after which an unfinished import is given up
)

// Run keeps the counts whole until ctx ends: it declares what the catalogue entries declare now,
// counts the records that were put before, and tidies up what was staged of imports. It goes on
// where it was after a restart, because every record that is counted says so. A round without
// anything new costs one look.
func (d *Desk) Run(ctx context.Context) {
	quiet := uint64(0)
	timer := time.NewTimer(recountEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.moved:
		}
		if size, err := d.Recount(ctx, quiet); err == nil {
			quiet = size
		} else if ctx.Err() == nil && d.Uncounted != nil {
			d.Uncounted(identity.Label{}, nil, err)
		}
		timer.Reset(recountEvery)
	}
}

// poke has Run look at once.
func (d *Desk) poke() {
	select {
	case d.moved <- struct{}{}:
	default:
	}
}

// Recount takes one round of Run, unless the ledger has the size that it had after the last one. It
// returns the size at which everything is counted.
func (d *Desk) Recount(ctx context.Context, last uint64) (size uint64, err error) {
	if err := d.clear(ctx, last); err != nil { // first: a dataset may have counts by it
		return last, err
	}
	var codes []identity.Label
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		if size = r.Size(); size == last {
			return nil
		}
		for key := range allCounts.All(r, nil) {
			code, err := identity.ParseLabel(string(key))
			if err != nil {
				return err
			}
			codes = append(codes, code)
		}
		return nil
	})
	for _, code := range codes { // one that fails hinders no other
		err = errors.Join(err, d.recount(ctx, code))
	}
	return size, err
}

// clear gives up the imports that nobody can or will end, and deletes what was staged of those that
// have ended, unless the ledger has the size that it had after the last round.
func (d *Desk) clear(ctx context.Context, last uint64) error {
	var left, ended []uint64
	err := d.ledger.View(ctx, func(r *state.Reader) (err error) {
		if r.Size() == last {
			return nil
		}
		left, err = d.leftBehind(r)
		r.Scan(bucketEnded, nil, nil, func(k, _ []byte) bool {
			ended = append(ended, number(k))
			return len(ended) < clearedAtOnce
		})
		return err
	})
	for _, opened := range left {
		err = errors.Join(err, d.abandon(ctx, opened))
	}
	for _, opened := range append(ended, left...) {
		for more := true; err == nil && more; {
			more, err = commandImportClear.Do(ctx, d.ledger, book.Request{}, clearBody{Import: opened})
		}
	}
	return err
}

// leftBehind returns the unfinished imports whose catalogue entry is replaced or will never come,
// so that they can never be published, or that nobody has gone on with for long; not those that are
// under way.
func (d *Desk) leftBehind(r *state.Reader) (left []uint64, err error) {
	now, err := timeOf(r, r.Size()-1)
	if err != nil {
		return nil, err
	}
	r.Scan(bucketImporting, nil, nil, func(_, v []byte) bool {
		s, _ := importAt(r, number(v))
		began, unread := timeOf(r, number(v))
		d.mu.Lock()
		underWay := d.importing[s.Code]
		d.mu.Unlock()
		if !underWay && unread == nil && (!s.timely(r) || now.Sub(began) > leftAfter) {
			left = append(left, number(v))
		}
		return true
	})
	return left, nil
}

// recount makes the counts of one dataset whole.
func (d *Desk) recount(ctx context.Context, code identity.Label) error {
	var set dataset
	err := d.ledger.View(ctx, func(r *state.Reader) (err error) {
		set, err = d.at(r, code)
		set.counts = countsOf(r, code)
		return err
	})
	if err != nil {
		return err
	}
	c, err := d.declare(ctx, set)
	for more := c.untidy(); err == nil && more; {
		more, err = commandCountTidy.Do(ctx, d.ledger, book.Request{}, tidyBody{Code: code})
	}
	if err == nil {
		err = d.fill(ctx, set)
	}
	if failure.Is(err, text.DatasetMoved) {
		return nil // the next round sees the entry that is in force then
	}
	if err == nil {
		d.tellUncounted(ctx, code)
	}
	return err
}

// tellUncounted tells, once, of fields by which a dataset is not counted although its entry
// declares them.
func (d *Desk) tellUncounted(ctx context.Context, code identity.Label) {
	c, err := d.countsNow(ctx, code)
	if err != nil || d.Uncounted == nil {
		return
	}
	for _, f := range c.Fields {
		if key := code.String() + "/" + f.Name; f.Over && !d.uncounted[key] {
			d.uncounted[key] = true
			d.Uncounted(code, []string{f.Name}, nil)
		}
	}
}

// fill counts the records that are not counted by every field yet.
func (d *Desk) fill(ctx context.Context, set dataset) error {
	f := &filling{desk: d, set: set}
	for !f.done {
		var body fillBody
		err := d.Slots.Run(ctx, func(ctx context.Context) error {
			return d.ledger.Look(func(r *state.Reader) (err error) {
				body, err = f.page(ctx, r)
				return err
			})
		})
		if err != nil {
			return err
		}
		if len(body.Rows) == 0 {
			continue
		}
		_, err = commandCountFill.Do(ctx, d.ledger, book.Request{}, body)
		for failure.Is(err, text.Overloaded) && wait(ctx) {
			_, err = commandCountFill.Do(ctx, d.ledger, book.Request{}, body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// filling is one walk over the records of a dataset.
type filling struct {
	desk   *Desk
	set    dataset
	labels *labels
	after  *MAC // the key that was passed last
	done   bool
}

// page returns the next records that are not counted by every field. There may be none although
// more follow: a page is short, because a commit may wait for it.
func (f *filling) page(ctx context.Context, r *state.Reader) (body fillBody, err error) {
	code := f.set.Code
	c := countsOf(r, code)
	if f.done = f.whole(r, c); f.done {
		return body, nil
	}
	f.begin(c)
	values, passed := f.labels.newTable(), 0
	body = fillBody{Code: code, Values: []groupValue{}, Rows: []fillRow{}}
	f.done = true
	step := func() bool {
		err = budget.Pause(ctx)
		return err == nil
	}
	newView(r).all(code, f.after, step, func(one found) bool {
		if passed == passedAtOnce || len(body.Rows) == filledAtOnce || values.bytes > maxChunkBytes {
			f.done = false
			return false
		}
		passed++
		f.after = &one.key
		var row []groupValue
		if row, err = f.missing(r, one); len(row) > 0 {
			body.Rows = append(body.Rows, fillRow{Key: one.key, Index: one.Index, Groups: values.add(row)})
		}
		return err == nil
	})
	body.Values = values.values
	f.labels.full()
	return body, err
}

func (f *filling) whole(r book.Reads, c counts) bool {
	return !slices.ContainsFunc(c.Fields, func(each countedField) bool {
		return !each.Over && !c.whole(r, f.set.Code, each.Number)
	})
}

// begin begins the walk, and anew where other fields are declared by now.
func (f *filling) begin(c counts) {
	same := func(a countedField, b countedField) bool { return a.Number == b.Number }
	counted := slices.DeleteFunc(slices.Clone(c.Fields), func(each countedField) bool { return each.Over })
	if f.labels == nil || !slices.EqualFunc(f.labels.fields, counted, same) {
		f.labels = f.desk.newLabels(f.set.Code, c)
	}
}

// missing returns the values by which a record is not counted yet.
func (f *filling) missing(r *state.Reader, one found) ([]groupValue, error) {
	kept, _ := versions.Load(r, versionKey(f.set.Code, one.key, one.Import, one.Index))
	if !slices.ContainsFunc(f.labels.fields, func(each countedField) bool { return !kept.Groups.has(each.Number) }) {
		return nil, nil
	}
	set := f.set
	set.Unsure = ledger.None // what no schema takes now is counted by what it has: a later one may take it
	record, err := f.desk.payload(r, one.Index, set)
	switch {
	case errors.Is(err, book.ErrErased):
		return f.labels.without(valueErased, kept.Groups), nil
	case err != nil: // it is told of where it is read for somebody
		return f.labels.without(valueUnreadable, kept.Groups), nil
	}
	return f.labels.values(record, kept.Groups)
}
