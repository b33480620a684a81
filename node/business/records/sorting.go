package records

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// The pace at which the rows of an import are made findable.
const (
	sortedAtOnce  = 1 << 20 // see Desk
	indexedAtOnce = 700     // rows of one command
	pairsAtOnce   = 500     // pairs of places that are read in one look at the state
)

// lowest keeps the lowest of many places above one of them, in memory for twice as many.
type lowest struct {
	most  int
	above *place // nil: all are
	kept  []place
	bound *place // none above it is among the lowest; nil: not known yet
}

// add takes a place into account.
func (l *lowest) add(p place) {
	if l.above != nil && !p.above(*l.above) || l.bound != nil && p.above(*l.bound) {
		return
	}
	if l.kept = append(l.kept, p); len(l.kept) >= 2*l.most {
		l.shrink()
	}
}

func (l *lowest) shrink() {
	slices.SortFunc(l.kept, func(a, b place) int { return cmp.Or(cmp.Compare(a.MAC, b.MAC), cmp.Compare(a.Row, b.Row)) })
	if len(l.kept) >= l.most {
		l.kept = l.kept[:l.most]
		l.bound = &l.kept[l.most-1]
	}
}

// sorted returns the lowest places in their order.
func (l *lowest) sorted() []place {
	l.shrink()
	return l.kept
}

// index makes the staged rows findable, in one order after another. It goes on where an earlier
// load stopped.
func (l *loader) index(ctx context.Context) error {
	var orders []order
	err := l.desk.ledger.View(ctx, func(r *state.Reader) error {
		now, _ := importAt(r, l.opened)
		orders = now.Orders
		return nil
	})
	work := l.file.Good
	for number, o := range orders {
		for err == nil && o.Done < o.Rows {
			err = l.indexSome(ctx, uint64(number), &o, work)
		}
		work += o.Rows
	}
	if err == nil && l.progress != nil {
		l.progress(l.file.Good, l.file.Good)
	}
	return err
}

// indexSome makes the next rows of an order findable, as many as are sorted at once. The rows of
// the orders before are work that is done.
func (l *loader) indexSome(ctx context.Context, number uint64, o *order, work uint64) error {
	next := lowest{most: l.desk.sortedAtOnce}
	if o.Done > 0 {
		next.above = &o.Last
	}
	err := l.desk.Slots.Run(ctx, func(ctx context.Context) error { return l.read(ctx, number, &next) })
	if err != nil {
		return err
	}
	if len(next.sorted()) == 0 {
		return errStaged
	}
	for some := range slices.Chunk(next.sorted(), indexedAtOnce) {
		body := indexBody{Import: l.opened, Order: number, First: o.Done}
		for _, p := range some {
			body.Rows = append(body.Rows, p.Row)
		}
		o.Done, o.Last = o.Done+uint64(len(some)), some[len(some)-1]
		err := l.do(ctx, o.Done, func() (uint64, error) {
			return commandImportIndex.Do(ctx, l.desk.ledger, book.Request{}, body)
		})
		if failure.Is(err, text.ValueUnreadable, text.CommandFailed) {
			return fmt.Errorf("%w: %w", errStaged, err)
		}
		if err != nil {
			return err
		}
		l.tell(work + o.Done)
	}
	return nil
}

// read reads the places of all rows in an order. It looks at the state again and again, because a
// commit may wait for whoever looks.
func (l *loader) read(ctx context.Context, number uint64, to *lowest) error {
	prefix := append(book.Be64(l.opened), book.Be64(number)...)
	for from := prefix; from != nil; {
		err := l.desk.ledger.Look(func(r *state.Reader) error {
			start, passed, err := from, 0, error(nil)
			from = nil
			r.Scan(bucketPlaces, prefix, start, func(k, v []byte) bool {
				if passed++; passed > pairsAtOnce {
					from = k
					return false
				}
				err = placesIn(k, v, to.add)
				return err == nil
			})
			return err
		})
		if err == nil {
			err = budget.Pause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// do has a command of the import done, which ends with so many rows. While the ledger has no room
// it waits, because an import is long and its file would have to be sent again.
func (l *loader) do(ctx context.Context, want uint64, command func() (uint64, error)) error {
	done, err := command()
	for failure.Is(err, text.Overloaded) && wait(ctx) {
		done, err = command()
	}
	if err == nil && done != want { // another loader is at the same import
		return text.Fail(text.NotReady, text.Args{"reason": "another import into " + l.set.Code.String() + " is running"}, nil)
	}
	return err
}
