package records

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
)

// A dataset into which records keep coming must have its next version all the same, above all one
// that shuts it. So a version under which no record can become unfit needs no check of what came
// since the plan was shown. For any other, what came is read, and nothing else: while all of it
// fits, and nothing of it vanishes or returns that the plan does not name, the plan that was shown
// is still what happens.
const (
	maxCameEntries = 20_000   // entries of the ledger that are looked at for what came
	maxCame        = planPage // records that came, and are read
)

// came calls each with the entries after a position that brought a record into the dataset. whole
// is false where that is not all that came: because rows were imported, or it is too much.
func came(r *state.Reader, code identity.Label, after uint64, each func(index uint64) error) (whole bool, err error) {
	if r.Size()-after > maxCameEntries {
		return false, nil
	}
	count := 0
	for i := after + 1; i < r.Size(); i++ {
		leaf, err := ledger.DecodeLeaf(r.Leaf(i))
		if err != nil {
			return false, fmt.Errorf("read entry %d: %w", i, err)
		}
		if leaf.Head.Code != code {
			continue
		}
		switch leaf.Head.Kind {
		case ledger.KindImportPublished:
			return false, nil
		case ledger.KindRecord:
			if count++; count > maxCame {
				return false, nil
			}
			if err := each(i); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// errOther ends a look at what came: the plan would be another.
var errOther = errors.New("the plan would be another")

// caughtUp reports whether the plan of the records at a position holds for those that are there
// now.
func (c *checking) caughtUp(r *state.Reader, after uint64) (bool, error) {
	switch {
	case !c.shown || !c.with.IsZero():
		return false, nil
	case c.as.Narrower:
		return true, nil
	}
	whole, err := came(r, c.set.Code, after, func(index uint64) error {
		stored, err := c.desk.ledger.Payload(r, index)
		if errors.Is(err, book.ErrErased) {
			return nil
		}
		if err != nil {
			return err
		}
		return c.sameOf(stored)
	})
	if errors.Is(err, errOther) {
		return false, nil
	}
	return whole, err
}

// sameOf returns errOther where the plan would be another by a record.
func (c *checking) sameOf(stored []byte) error {
	now, err := c.set.schema.Unlisted(stored)
	then, failed := c.schema.Unlisted(stored)
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	named := func(held []Holding, field string) bool {
		return slices.ContainsFunc(held, func(h Holding) bool { return h.Field == field })
	}
	for _, field := range then {
		if !slices.Contains(now, field) && !named(c.plan.Vanish, field) {
			return errOther
		}
	}
	for _, field := range now {
		if !slices.Contains(then, field) && !named(c.plan.Return, field) {
			return errOther
		}
	}
	shown, err := c.schema.Shown(stored)
	if err == nil {
		_, err = c.schema.Record(shown)
	}
	if _, bad := asBad(err); bad {
		return errOther
	}
	return err
}

// Came returns how many records at least changed since a check, for a publication that was refused;
// 0: none did.
func (d *Desk) Came(ctx context.Context, code identity.Label, as catalog.Checked) (count int, err error) {
	after, _ := as.Records.Index()
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		if as.Narrower || LastChange(r, code) == as.Records {
			return nil
		}
		_, err := came(r, code, after, func(uint64) error { count++; return nil })
		count = max(count, 1) // it may be a retraction, or an import
		return err
	})
	return count, err
}
