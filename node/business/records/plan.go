package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// Limits of a plan.
const (
	MaxFaults = 10   // records that do not fit, and grants that end or begin, which a plan names
	planPage  = 2000 // records that are looked at in one view of the state
	planTries = 3    // how often the records are checked again because the entry changed meanwhile
)

// Plan is what the publication of a later version of an entry would do to the dataset. It is what
// the provider is shown, and says yes to.
type Plan struct {
	Version    uint64    // that is in force
	Records    uint64    // that count now; all of them were checked
	Vanish     []Holding // members that records have and no answer would show any more
	Return     []Holding // members that records have, no answer shows now, and every answer would show
	Unfit      uint64    // records that the new schema does not take
	Faults     []Fault   // of the first of them
	Unreadable uint64    // records that are damaged, and could not be checked
	Ending     uint64    // grants that run now and would permit nothing any more
	Ends       []Ending  // the first of them
	Beginning  uint64    // grants that permit nothing now, or are not there, and would permit a use
	Begins     []Begun   // the first of them
	Rows       *RowsPlan `json:",omitempty"` // what comes of the rows that come along; nil: none do
	// Withdrawn is how the dataset was taken out of the catalogue, into which it comes back with
	// its records; nil: it is there.
	Withdrawn *catalog.Ending `json:",omitempty"`
	catalog.Differences
}

// RowsPlan is what comes of the records together with the rows that are published with the entry.
// Unfit, Faults and Unreadable of the plan are then of the records that stay as they are. Return is
// of those and of what the rows have again.
type RowsPlan struct {
	Import    identity.Entry // the entry that opened it
	Since     ledger.Ref     // what had changed last in the records
	Rows      uint64
	New       uint64 // rows of which the dataset has no record
	Replaced  uint64 // rows in place of a record that the new entry would show otherwise
	Unchanged uint64 // rows that are what the new entry would show of the record
	Stay      uint64 // records without a row, which stay
	Left      uint64 // records without a row, which leave because the rows take the place of all
}

// Holding is a member that records have.
type Holding struct {
	Field   string // a path, such as address/phone
	Records uint64 // that have it
}

// Fault is why a record does not fit.
type Fault struct {
	Key   string
	Field string // "": the whole record
	Rule  string // the broken rule
}

// Ending is a grant that would permit nothing any more.
type Ending struct {
	Grant    identity.Entry
	Consumer identity.Agency
	Purpose  identity.Label
	Verdict  policy.Verdict // what a use under it would be told
}

// Begun is a grant that would permit a use from then on.
type Begun struct {
	Grant    identity.Entry  // zero: the publication gives it
	Consumer identity.Agency // zero: the agencies of all jurisdictions above may measure, without end
	Purpose  identity.Label
}

// Hash returns the hash of the plan for a document, hex: another document, or another state of the
// dataset by which the plan is another, has another hash.
func (p Plan) Hash(document []byte) (string, error) {
	shown, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("hash plan: %w", err)
	}
	of := sha256.Sum256(document)
	sum := sha256.Sum256(append(of[:], shown...))
	return hex.EncodeToString(sum[:]), nil
}

// Plan checks the records of a dataset against an entry that is to replace the one in force. It
// reads every record, in pages, in a slot, and records that as a use by the provider. The last
// check of each dataset is remembered: while the entry and the records are the same, it is not made
// again. Plan returns as of what it checked, for the command that publishes. All records are
// checked as they were at one position, whatever comes meanwhile. with is the entry that opened the
// import whose rows come along; zero: none do. Refusals: text.NotProvider, text.DatasetMoved where
// the entry changes all the time, text.NotAlong for an import that is not for the entry, or not
// whole, and text.RecordsMoved for one of which the file was checked against other records.
func (d *Desk) Plan(ctx context.Context, by catalog.Actor, next catalog.Entry, with identity.Entry) (p Plan, as catalog.Checked, err error) {
	return d.plan(ctx, checking{by: by.For(next.Agency), next: next, with: with})
}

// PlanAgain is Plan for whoever was shown the plan: it returns the last one once more where that
// still tells what the publication would do, because what came since then fits as well. It reads
// only what came.
func (d *Desk) PlanAgain(ctx context.Context, by catalog.Actor, next catalog.Entry, with identity.Entry) (p Plan, as catalog.Checked, err error) {
	return d.plan(ctx, checking{by: by.For(next.Agency), next: next, with: with, shown: true})
}

func (d *Desk) plan(ctx context.Context, of checking) (p Plan, as catalog.Checked, err error) {
	next := of.next
	schema, err := rows.Compile(next.Schema, next.Key, next.Indexed)
	if err != nil {
		return p, as, catalog.Invalid(next.Code.String(), err)
	}
	for range planTries {
		c := of
		c.desk, c.schema = d, schema
		if err = c.run(ctx); err == nil && !c.known {
			err = c.record(ctx)
		}
		if err == nil {
			if !c.caught { // whoever asks to be shown a plan is shown the records as they are
				d.remember(&c)
			}
			return c.plan, c.as, nil
		}
		if !failure.Is(err, text.DatasetMoved) {
			break
		}
	}
	return p, as, err
}

// planned is a check of all records of a dataset that was made and recorded.
type planned struct {
	next catalog.Entry
	with identity.Entry
	as   catalog.Checked
	asOf uint64
	plan Plan
}

func (d *Desk) remember(c *checking) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.planned[c.next.Code] = planned{c.next, c.with, c.as, c.asOf, c.plan}
}

// remembered takes over the last check, if it was of the same entry and the same records, or of
// records to which nothing came but what fits.
func (c *checking) remembered(r *state.Reader) (bool, error) {
	c.desk.mu.Lock()
	last, ok := c.desk.planned[c.next.Code]
	c.desk.mu.Unlock()
	c.as.Fit = last.as.Fit
	if !ok || last.as.Version != c.as.Version || last.with != c.with || !reflect.DeepEqual(last.next, c.next) {
		return false, nil
	}
	begun := c.plan
	c.plan = last.plan
	c.plan.Ending, c.plan.Ends, c.plan.Beginning, c.plan.Begins = 0, nil, 0, nil
	if last.as.Records == c.as.Records {
		c.known = true
		return true, nil
	}
	caught, err := c.caughtUp(r, last.asOf)
	if c.known, c.caught = caught, caught; !caught {
		c.plan = begun
	}
	return caught, err
}

// checking is one check of all records.
type checking struct {
	desk   *Desk
	by     catalog.Actor
	next   catalog.Entry
	schema *rows.Schema
	with   identity.Entry // see Plan

	set    dataset // as it is now
	as     catalog.Checked
	asOf   uint64
	after  *MAC // the last record that was checked
	plan   Plan
	known  bool // the records were checked before
	shown  bool // see PlanAgain
	caught bool // since then some came, which change nothing

	replace bool // the rows that come along take the place of all
}

func (c *checking) run(ctx context.Context) error {
	for more := true; more; {
		if err := c.desk.ledger.Linearize(ctx); err != nil {
			return err
		}
		err := c.desk.Slots.Run(ctx, func(ctx context.Context) error {
			return c.desk.ledger.Look(func(r *state.Reader) (err error) {
				more, err = c.page(ctx, r)
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	if c.known {
		return nil
	}
	for _, held := range [][]Holding{c.plan.Vanish, c.plan.Return} {
		slices.SortFunc(held, func(a, b Holding) int { return strings.Compare(a.Field, b.Field) })
	}
	c.as.Fit = c.plan.Unfit == 0 && c.plan.Unreadable == 0
	if w := c.plan.Rows; w != nil {
		w.New = w.Rows - w.Replaced - w.Unchanged
	}
	return nil
}

// page checks the next records. On the first page it notes as of what it checks; a later page under
// another entry is refused as text.DatasetMoved, and so are other records where rows come along.
func (c *checking) page(ctx context.Context, r *state.Reader) (more bool, err error) {
	set, err := c.desk.ownKnown(r, c.by, c.next.Code)
	if err != nil {
		return false, err
	}
	now := catalog.Checked{Version: set.Version, Records: LastChange(r, set.Code)}
	switch {
	case c.after == nil:
		c.set, c.as, c.asOf = set, now, r.Size()-1
		c.as.Narrower = c.with.IsZero() && rows.TakesAll(set.Schema, c.next.Schema)
		if err := c.along(r); err != nil {
			return false, err
		}
		again, err := c.remembered(r)
		if err != nil {
			return false, err
		}
		if c.compare(r); again {
			return false, nil
		}
		c.as.Fit = false
	case now.Version != c.as.Version, now.Records != c.as.Records && !c.with.IsZero():
		return false, text.Fail(text.DatasetMoved, text.Args{"dataset": set.Code.String()}, nil)
	}
	left := planPage
	var stopped error
	step := func() bool {
		stopped = budget.Pause(ctx)
		return stopped == nil
	}
	newViewAt(r, set.Code, c.asOf).all(set.Code, c.after, step, func(f found) bool {
		key := f.key
		c.after = &key
		stopped = c.check(r, f)
		left--
		return stopped == nil && left > 0
	})
	return left == 0, stopped
}

// check checks one record: whether it fits, and what of it would be seen. In place of one with a
// row that comes along the row counts, which fits.
func (c *checking) check(r *state.Reader, f found) error {
	stored, err := c.desk.ledger.Payload(r, f.Index)
	becomes, row, failed := c.meet(r, f, stored)
	if failed != nil || errors.Is(err, book.ErrErased) {
		return failed
	}
	if c.plan.Records++; err != nil && becomes == stays {
		c.plan.Unreadable++
	}
	if err != nil || becomes == leaves {
		return nil
	}
	now, err := c.set.schema.Unlisted(stored)
	then, failed := c.schema.Unlisted(stored)
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	hold(&c.plan.Vanish, then, now)
	if becomes == yields {
		return c.again(row, now, then)
	}
	hold(&c.plan.Return, now, then)
	return c.fits(stored)
}

// fits checks whether the new schema takes a record that stays.
func (c *checking) fits(stored []byte) error {
	shown, err := c.schema.Shown(stored)
	if err != nil {
		return err
	}
	if _, err = c.schema.Record(shown); err == nil {
		return nil
	}
	bad, ok := asBad(err)
	if !ok {
		return err
	}
	if c.plan.Unfit++; len(c.plan.Faults) < MaxFaults {
		key, err := rows.Member(stored, c.set.Key)
		if err != nil {
			return err
		}
		c.plan.Faults = append(c.plan.Faults, Fault{Key: text.Short(read(key)), Field: bad.Column, Rule: bad.Reason})
	}
	return nil
}

// maxHeld bounds the members that a plan counts, each by itself.
const maxHeld = rows.MaxFields

// hold counts the members of a record that are in the list and not in the other.
func hold(all *[]Holding, list, other []string) {
	for _, field := range list {
		i := slices.IndexFunc(*all, func(h Holding) bool { return h.Field == field })
		if slices.Contains(other, field) || i < 0 && len(*all) == maxHeld {
			continue
		}
		if i < 0 {
			i = len(*all)
			*all = append(*all, Holding{Field: field})
		}
		(*all)[i].Records++
	}
}

// compare compares the entries, and finds the grants that the new one ends, under which a use is
// permitted now and would not be then, and those that begin by it.
func (c *checking) compare(r *state.Reader) {
	in := r.Log().Jurisdiction()
	after := dataset{Published: catalog.Published{Entry: c.next}, schema: c.schema}
	after.Agency = c.set.Agency
	c.plan.Version, c.plan.Differences = c.set.Version, catalog.Compare(c.set.Entry, c.next)
	c.plan.Withdrawn = c.set.Withdrawn
	for _, ends := range sharing.EndedBy(r, c.set.Code, c.set.offer(in), after.offer(in)) {
		if c.plan.Ending++; len(c.plan.Ends) < MaxFaults {
			g := ends.Grant
			c.plan.Ends = append(c.plan.Ends, Ending{
				Grant: g.Name(r.Names()), Consumer: g.Consumer, Purpose: g.Purpose, Verdict: ends.Verdict,
			})
		}
	}
	for _, g := range sharing.BegunBy(r, c.set.Code, c.set.offer(in), after.offer(in), c.next.Standard != "") {
		if c.plan.Beginning++; len(c.plan.Begins) < MaxFaults {
			c.plan.Begins = append(c.plan.Begins, begun(r.Names(), g))
		}
	}
}

func begun(names state.Names, g sharing.Grant) (b Begun) {
	b.Purpose = g.Purpose
	if g.Index != 0 { // entry 0 is no grant: this one is not there yet
		b.Grant = g.Name(names)
	}
	if !g.Endless {
		b.Consumer = g.Consumer
	}
	return b
}

// record records that the provider was told of its records.
func (c *checking) record(ctx context.Context) error {
	return c.desk.recordOwn(ctx, c.set, sharing.Access{
		Operation: "plan", Rows: uint64(len(c.plan.Faults)), AsOf: c.asOf, Unreadable: c.plan.Unreadable,
	})
}
