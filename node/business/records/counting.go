package records

import (
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// groupValue is the value of a counted field, as a command brings it. The state sees no more of it
// than a MAC, and keeps the sealed label for whoever tells the group.
type groupValue struct {
	_     struct{} `cbor:",toarray"`
	Field uint64   // number of the field
	Kind  valueKind
	Value MAC
	Label []byte // sealed; empty: the state knows the value
}

type valueKind uint8

const (
	valueKnown      valueKind = iota // Value and Label
	valueUnreadable                  // the record cannot be read
	valueErased                      // the record was erased
)

// grouped are the groups of a record, as its row has them: the number of a field and the number of
// its value, by turns. A row that was never counted by a field has no number of it.
type grouped []uint64

// value returns the value of a field; false where the row has none.
func (g grouped) value(field uint64) (id uint64, ok bool) {
	for i := 0; i+1 < len(g); i += 2 {
		if g[i] == field {
			return g[i+1], true
		}
	}
	return 0, false
}

func (g grouped) has(field uint64) bool {
	_, ok := g.value(field)
	return ok
}

// counting changes the counters of a dataset in one command. What is changed is written by save.
type counting struct {
	tx      *state.Tx
	code    identity.Label
	counts  counts
	changed bool            // counts differs from what is kept
	moves   []move          // of the counters, each once
	at      map[counter]int // the place of a counter in moves
	coming  ledger.Ref      // the import that is unfinished; None: none
	plain   bool            // that import leaves the records as they are that it does not bring
}

// move is by how much a counter changes; it may be 0.
type move struct {
	counter
	n int64
}

func newCounting(tx *state.Tx, code identity.Label) *counting {
	kept, known := allCounts.Load(tx, []byte(code.String()))
	c := &counting{tx: tx, code: code, counts: kept, changed: !known, at: map[counter]int{}}
	if opened, busy := unfinished(tx, code); busy {
		s, _ := importAt(tx, opened)
		c.coming, c.plain = ledger.RefTo(opened), !s.Replace
	}
	return c
}

// groups returns the groups that the values make, and gives new values a number. A value of a field
// that is not counted is left out, and so is one that is new and has no label.
func (c *counting) groups(values []groupValue) (grouped, error) {
	all := grouped{}
	for _, v := range values {
		field := c.counts.numbered(v.Field)
		if field == nil {
			continue
		}
		id := uint64(0)
		switch v.Kind {
		case valueUnreadable:
			id = idUnreadable
		case valueErased:
			id = idErased
		default:
			var err error
			if id, err = c.id(field, v); err != nil {
				return nil, err
			}
		}
		if _, twice := all.value(v.Field); id != 0 && !twice {
			all = append(all, v.Field, id)
		}
	}
	return all, nil
}

// id returns the number of a value; 0 where it has none.
func (c *counting) id(field *countedField, v groupValue) (uint64, error) {
	key := groupKey(c.code, v.Field, v.Value)
	if known := c.tx.Get(bucketGroupIDs, key); known != nil {
		return number(known), nil
	}
	switch {
	case len(v.Label) == 0:
		return 0, nil
	case field.Values >= maxCounted*c.generations():
		c.dropField(v.Field)
		return 0, nil
	}
	field.Values, field.LastID, c.changed = field.Values+1, max(field.LastID+1, idFirst), true
	return field.LastID, errors.Join(
		c.tx.Put(bucketGroupIDs, key, book.Be64(field.LastID)),
		c.tx.Put(bucketLabels, labelKey(c.code, v.Field, field.LastID), append(v.Value[:], v.Label...)),
	)
}

// cells returns the cells that a record with the groups is in.
func (c *counting) cells(g grouped) []cell {
	all := []cell{{}}
	for _, f := range c.counts.Fields {
		if id, ok := g.value(f.Number); ok && !f.Over {
			all = append(all, cell{A: f.Number, X: idAll}, cell{A: f.Number, X: id})
		}
	}
	for _, p := range c.counts.Pairs {
		x, one := g.value(p.A)
		if y, other := g.value(p.B); one && other && !p.Over {
			all = append(all, cell{p.A, p.B, x, y})
		}
	}
	return all
}

// move adds n records with the groups to a generation.
func (c *counting) move(of ledger.Ref, g grouped, n int64) {
	for _, each := range c.cells(g) {
		c.moveOne(counter{each, of}, n)
	}
}

func (c *counting) moveOne(of counter, n int64) {
	at, known := c.at[of]
	if !known {
		at = len(c.moves)
		c.at[of], c.moves = at, append(c.moves, move{counter: of})
	}
	c.moves[at].n += n
}

// row is the version of a record that counts, or is staged, with its groups; nil: none.
type row struct{ groups grouped }

// replace counts a record in place of another; either may be nil. If the unfinished import has a
// row for the key, what its publication will change is the other way round.
func (c *counting) replace(key MAC, before, after *row) {
	held := c.plain && c.coming != ledger.None && c.stagedRow(key) != nil
	for _, each := range []struct {
		row *row
		n   int64
	}{{before, -1}, {after, 1}} {
		if each.row == nil {
			continue
		}
		c.move(c.counts.Base, each.row.groups, each.n)
		if held {
			c.move(c.coming, each.row.groups, -each.n)
		}
	}
}

// before returns the row in place of which one of the unfinished import will count for the key. It
// must be called before that row is kept.
func (c *counting) before(v view, key MAC) *row {
	before := c.stagedRow(key)
	if before == nil && c.plain {
		before = c.current(v, key)
	}
	return before
}

// stagedRow returns the newest row of the unfinished import that is findable by the key.
func (c *counting) stagedRow(key MAC) (found *row) {
	prefix := importPrefix(c.code, key, c.coming)
	c.tx.Scan(versions.Name, prefix, prefix, func(k, value []byte) bool {
		found = &row{versions.Decode(k, value).Groups}
		return false
	})
	return found
}

// current returns the row of the version of the key that counts.
func (c *counting) current(v view, key MAC) *row {
	now, ok := v.current(c.code, key)
	if !ok {
		return nil
	}
	kept, _ := versions.Load(c.tx, versionKey(c.code, key, now.Import, now.Index))
	return &row{kept.Groups}
}

// save writes what was changed.
func (c *counting) save() error {
	var ended []counter
	for _, each := range c.moves {
		n, err := c.add(each.counter, each.n)
		if err != nil {
			return err
		}
		if n == 0 && each.B == 0 && each.X >= idFirst {
			ended = append(ended, each.counter)
		}
	}
	for _, each := range ended {
		if err := c.forget(each.A, each.X); err != nil {
			return err
		}
	}
	if !c.changed {
		return nil
	}
	return c.counts.save(c.tx, c.code)
}

func (c counts) save(tx *state.Tx, code identity.Label) error {
	c.Beside, c.Gone = append([]ledger.Ref{}, c.Beside...), append([]ledger.Ref{}, c.Gone...)
	c.Fields, c.Pairs = append([]countedField{}, c.Fields...), append([]countedPair{}, c.Pairs...)
	c.Trash = append([][2]uint64{}, c.Trash...)
	return allCounts.Save(tx, []byte(code.String()), c)
}

// add changes one counter, unless its declaration is not counted, and returns what it is then. A
// counter of 0 is not kept.
func (c *counting) add(of counter, by int64) (int64, error) {
	if of.A != 0 && of.B == 0 && c.counts.numbered(of.A) == nil || of.B != 0 && c.counts.pair(of.A, of.B) == nil {
		return by, nil
	}
	key := of.key(c.code)
	before := count(key, c.tx.Get(bucketCounters, key))
	after := before + by
	if pair := c.counts.pair(of.A, of.B); of.B != 0 && (before == 0) != (after == 0) {
		c.changed = true
		if after == 0 {
			pair.Counters--
		} else if pair.Counters++; pair.Counters > c.most() {
			c.dropPair(of.A, of.B)
			return after, nil
		}
	}
	switch {
	case by == 0:
		return after, nil
	case after == 0:
		return 0, c.tx.Delete(bucketCounters, key)
	}
	return after, c.tx.Put(bucketCounters, key, book.Be64(uint64(after)))
}

// generations is how many there are. Each may have values of its own: a file that gives every
// record another group has twice as many for a while as there are before and after it.
func (c *counting) generations() uint64 {
	generations := 1 + len(c.counts.Beside) + len(c.counts.Gone)
	if c.coming != ledger.None {
		generations++
	}
	return uint64(generations)
}

// most is how many counters a pair may have: a generation beside the base may take records out of
// as many groups as it puts records into.
func (c *counting) most() uint64 { return maxCounted * (2*c.generations() - 1) }

// dropFull stops counting what has more groups than are counted, now that the generations which
// have ended are added up. It reports whether there was any.
func (c *counting) dropFull() (dropped bool) {
	for _, f := range slices.Clone(c.counts.Fields) {
		if !f.Over && f.Values > maxCounted*c.generations() {
			c.dropField(f.Number)
			dropped = true
		}
	}
	for _, p := range slices.Clone(c.counts.Pairs) {
		if !p.Over && p.Counters > c.most() {
			c.dropPair(p.A, p.B)
			dropped = true
		}
	}
	return dropped
}

// forget deletes a value of a field that no record has, neither now nor in the unfinished import.
func (c *counting) forget(field, id uint64) error {
	of := cell{A: field, X: id}
	counters := append([]ledger.Ref{c.counts.Base}, c.counts.Beside...)
	if c.coming != ledger.None {
		counters = append(counters, c.coming)
	}
	for _, generation := range counters {
		if c.tx.Get(bucketCounters, counter{of, generation}.key(c.code)) != nil {
			return nil
		}
	}
	label := labelKey(c.code, field, id)
	kept := c.tx.Get(bucketLabels, label)
	known := c.counts.numbered(field)
	if len(kept) < len(MAC{}) || known == nil {
		return nil
	}
	known.Values--
	c.changed = true
	return errors.Join(c.tx.Delete(bucketLabels, label), c.tx.Delete(bucketGroupIDs, groupKey(c.code, field, MAC(kept[:len(MAC{})]))))
}

// dropField stops counting a field, and every pair that it is in.
func (c *counting) dropField(field uint64) {
	known := c.counts.numbered(field)
	if known == nil {
		return
	}
	known.Over, c.changed = true, true
	c.counts.Trash = append(c.counts.Trash, [2]uint64{field, 0})
	for _, p := range c.counts.Pairs {
		if p.A == field || p.B == field {
			c.dropPair(p.A, p.B)
		}
	}
}

// dropPair stops counting a pair of fields.
func (c *counting) dropPair(a, b uint64) {
	if pair := c.counts.pair(a, b); pair != nil {
		pair.Over, pair.Counters, c.changed = true, 0, true
		c.counts.Trash = append(c.counts.Trash, [2]uint64{a, b})
	}
}

// ended ends the generation of an import: it counts if the import was published. Where its rows, or
// all that were there before, do not count any more, what had too many values to be counted may
// have fewer now.
func (c *counting) ended(opened ledger.Ref, s importState) {
	c.changed = true
	if s.Published == ledger.None {
		c.counts.Gone = append(slices.Clone(c.counts.Gone), opened)
		c.beginAnew()
		return
	}
	if s.Replace { // its rows are all records
		c.counts.Gone = slices.Concat(c.counts.Gone, []ledger.Ref{c.counts.Base}, c.counts.Beside)
		c.counts.Base, c.counts.Beside = opened, nil
		c.beginAnew()
		return
	}
	c.counts.Beside = append(slices.Clone(c.counts.Beside), opened)
}

// beginAnew declares anew what is counted no more. The job counts it, unless there is too much
// again.
func (c *counting) beginAnew() {
	over := map[uint64]bool{}
	for _, p := range c.counts.Pairs {
		over[p.B] = over[p.B] || p.Over
	}
	for _, f := range slices.Clone(c.counts.Fields) {
		if f.Over || over[f.Number] {
			c.undeclare(f.Number)
			c.declare(f.Name)
		}
	}
}
