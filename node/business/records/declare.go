package records

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// The commands that keep the counts. They make no entry: what they write follows from the records
// and the catalogue.
const (
	commandCountDeclare book.Command[declareBody, book.Nothing] = 37
	commandCountFill    book.Command[fillBody, book.Nothing]    = 38
	commandCountTidy    book.Command[tidyBody, bool]            = 39 // result: there is more to tidy up
)

// declareBody is the body of commandCountDeclare.
type declareBody struct {
	_       struct{} `cbor:",toarray"`
	Code    identity.Label
	Version uint64   // of the catalogue entry that declares the fields
	Fields  []string // at most catalog.MaxIndexed, each once
}

// fillBody is the body of commandCountFill: groups of records that were put before the fields were
// declared.
type fillBody struct {
	_      struct{} `cbor:",toarray"`
	Code   identity.Label
	Values []groupValue
	Rows   []fillRow
}

type fillRow struct {
	_      struct{} `cbor:",toarray"`
	Key    MAC
	Index  uint64   // of the version that was read
	Groups []uint64 // places in the list of values
}

// tidyBody is the body of commandCountTidy.
type tidyBody struct {
	_    struct{} `cbor:",toarray"`
	Code identity.Label
}

func registerCounts(r *state.Registry) {
	keepCounts(r)
	commandCountDeclare.Handle(r, applyCountDeclare)
	commandCountFill.Handle(r, applyCountFill)
	commandCountTidy.Handle(r, applyCountTidy)
}

// countable returns the fields by which the records of the dataset are counted: those that its
// entry declares, as far as they have one scalar type. What is shown of any other value depends on
// the version of the schema.
func (set dataset) countable() (names []string) {
	for _, name := range set.GroupBy {
		f, ok := set.schema.Field(name)
		if ok && f.Type != rows.Other && !slices.Contains(names, name) && len(names) < catalog.MaxIndexed {
			names = append(names, name)
		}
	}
	return names
}

// declares reports whether the counts are by the fields, and no others.
func (c counts) declares(names []string) bool {
	has := func(f countedField) bool { return slices.Contains(names, f.Name) }
	return len(names) == len(c.Fields) && !slices.ContainsFunc(c.Fields, func(f countedField) bool { return !has(f) })
}

// declare declares the fields of the entry, unless they are declared, and returns the counts.
func (d *Desk) declare(ctx context.Context, set dataset) (counts, error) {
	c := set.counts
	if c.declares(set.countable()) {
		return c, nil
	}
	_, err := commandCountDeclare.Do(ctx, d.ledger, book.Request{}, declareBody{
		Code: set.Code, Version: set.Version, Fields: append([]string{}, set.countable()...),
	})
	if err != nil {
		return c, err
	}
	return d.countsNow(ctx, set.Code)
}

func (d *Desk) countsNow(ctx context.Context, code identity.Label) (c counts, err error) {
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		c = countsOf(r, code)
		return nil
	})
	return c, err
}

// applyCountDeclare makes the fields those by which the records are counted, and their pairs. A
// field that was declared before goes on.
func applyCountDeclare(tx *state.Tx, b declareBody) (done book.Nothing, err error) {
	if current, _, ok := catalog.Version(tx, b.Code); !ok || current != b.Version {
		return done, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	if len(b.Fields) > catalog.MaxIndexed {
		return done, book.Refuse(text.TooLarge, "fields", "", "")
	}
	c := newCounting(tx, b.Code)
	for _, f := range slices.Clone(c.counts.Fields) {
		if !slices.Contains(b.Fields, f.Name) {
			c.undeclare(f.Number)
		}
	}
	for _, name := range b.Fields {
		if _, ok := c.counts.field(name); !ok {
			c.declare(name)
		}
	}
	return done, c.save()
}

// declare begins to count a field, and its pairs with those that are counted.
func (c *counting) declare(name string) {
	c.counts.Last++
	number := c.counts.Last
	for _, f := range c.counts.Fields {
		if !f.Over {
			c.counts.Pairs = append(c.counts.Pairs, countedPair{A: f.Number, B: number})
		}
	}
	c.counts.Fields, c.changed = append(c.counts.Fields, countedField{Name: name, Number: number}), true
}

// undeclare ends a field, whether it is counted or not, and its pairs.
func (c *counting) undeclare(field uint64) {
	c.dropField(field)
	c.counts.Fields = slices.DeleteFunc(c.counts.Fields, func(f countedField) bool { return f.Number == field })
	c.counts.Pairs = slices.DeleteFunc(c.counts.Pairs, func(p countedPair) bool { return p.A == field || p.B == field })
	c.changed = true
}

// applyCountFill counts records by fields that they were not counted by, each if the version that
// was read still counts.
func applyCountFill(tx *state.Tx, b fillBody) (done book.Nothing, err error) {
	c, v := newCounting(tx, b.Code), newView(tx)
	for _, each := range b.Rows {
		now, ok := v.current(b.Code, each.Key)
		if !ok || now.Index != each.Index {
			continue
		}
		values, err := picked(b.Values, each.Groups)
		if err != nil {
			return done, err
		}
		more, err := c.groups(values)
		if err != nil {
			return done, err
		}
		before := c.current(v, each.Key)
		after := before.groups.with(more, &c.counts)
		c.replace(each.Key, before, &row{after})
		err = versions.Save(tx, versionKey(b.Code, each.Key, now.Import, now.Index), version{State: statePut, Import: now.Import, Groups: after})
		if err != nil {
			return done, err
		}
	}
	return done, c.save()
}

// with returns the groups, those of fields that are declared no more left out, and the others that
// are new.
func (g grouped) with(more grouped, c *counts) grouped {
	all := grouped{}
	for _, from := range []grouped{g, more} {
		for i := 0; i+1 < len(from); i += 2 {
			if _, twice := all.value(from[i]); !twice && c.numbered(from[i]) != nil {
				all = append(all, from[i], from[i+1])
			}
		}
	}
	return all
}

// errPlace is returned for a row that names a value which its command does not bring.
var errPlace = errors.New("a group that the command does not bring")

func picked(values []groupValue, places []uint64) (all []groupValue, err error) {
	for _, at := range places {
		if at >= uint64(len(values)) {
			return nil, errPlace
		}
		all = append(all, values[at])
	}
	return all, nil
}

// tidiedAtOnce is how many counters one command tidies up, about.
const tidiedAtOnce = 4096

// applyCountTidy adds the generations of published imports to the base, deletes what counts no
// more, and ends what has too many groups even so. No number of a group changes by it.
func applyCountTidy(tx *state.Tx, b tidyBody) (more bool, err error) {
	c := newCounting(tx, b.Code)
	left := tidiedAtOnce
	for _, step := range []func(*int) error{c.tidyTrash, c.tidyGone, c.fold} {
		if err := step(&left); err != nil {
			return false, err
		}
	}
	if err := c.save(); err != nil {
		return false, err
	}
	if c.dropFull() {
		err = c.counts.save(tx, b.Code)
	}
	return c.counts.untidy(), err
}

func (c counts) untidy() bool { return len(c.Trash)+len(c.Gone)+len(c.Beside) > 0 }

// first calls each with the first pairs of a bucket that begin with the prefix, at most as many as
// left, and takes their number from left. It reports whether there are no more.
func (c *counting) first(bucket string, prefix []byte, left *int, each func(key, value []byte) error) (all bool, err error) {
	type pair struct{ key, value []byte }
	var found []pair
	all = true
	c.tx.Scan(bucket, prefix, prefix, func(k, v []byte) bool {
		if all = len(found) < *left; all {
			found = append(found, pair{bytes.Clone(k), bytes.Clone(v)})
		}
		return all
	})
	*left -= len(found)
	for _, p := range found {
		err = errors.Join(err, each(p.key, p.value))
	}
	return all, err
}

func (c *counting) deleting(bucket string) func(key, value []byte) error {
	return func(key, _ []byte) error { return c.tx.Delete(bucket, key) }
}

// tidyTrash deletes the counters and the values of declarations that are counted no more.
func (c *counting) tidyTrash(left *int) error {
	for len(c.counts.Trash) > 0 && *left > 0 {
		of := c.counts.Trash[0]
		all, err := c.first(bucketCounters, declarationPrefix(c.code, of[0], of[1]), left, c.deleting(bucketCounters))
		for _, bucket := range []string{bucketGroupIDs, bucketLabels} {
			if err == nil && all && of[1] == 0 {
				all, err = c.first(bucket, fieldPrefix(c.code, of[0]), left, c.deleting(bucket))
			}
		}
		if err != nil || !all {
			return err
		}
		c.counts.Trash, c.changed = slices.Clone(c.counts.Trash[1:]), true
	}
	return nil
}

// declarations returns what is counted, by the numbers of its fields: all records, the fields, and
// the pairs.
func (c *counting) declarations() [][2]uint64 {
	all := [][2]uint64{{}}
	for _, f := range c.counts.Fields {
		if !f.Over {
			all = append(all, [2]uint64{f.Number, 0})
		}
	}
	for _, p := range c.counts.Pairs {
		if !p.Over {
			all = append(all, [2]uint64{p.A, p.B})
		}
	}
	return all
}

// tidyGone deletes the counters of generations that count no more.
func (c *counting) tidyGone(left *int) error {
	return c.eachOf(&c.counts.Gone, left, func(of counter, n int64) { c.moveOne(of, -n) })
}

// fold adds the counters of published imports to the base.
func (c *counting) fold(left *int) error {
	return c.eachOf(&c.counts.Beside, left, func(of counter, n int64) {
		c.moveOne(of, -n)
		c.moveOne(counter{of.cell, c.counts.Base}, n)
	})
}

// eachOf calls each with the counters of the generations, and takes those off the list of which
// none is left.
func (c *counting) eachOf(generations *[]ledger.Ref, left *int, each func(counter, int64)) error {
	for len(*generations) > 0 && *left > 0 {
		of := (*generations)[0]
		for _, d := range c.declarations() {
			prefix := append(declarationPrefix(c.code, d[0], d[1]), book.Be64(uint64(of))...)
			all, err := c.first(bucketCounters, prefix, left, func(k, v []byte) error {
				each(counterOf(c.code, k), count(k, v))
				return nil
			})
			if err != nil || !all {
				return err
			}
		}
		*generations, c.changed = slices.Clone((*generations)[1:]), true
	}
	return nil
}
