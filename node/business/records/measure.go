package records

import (
	"cmp"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"xietong/exchange/decimal"
	"xietong/exchange/gather"
	"xietong/node/ground/filter"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// tally adds up the records of one group.
type tally struct {
	values      []string // as named returns them
	count, with uint64   // records, and records that have a value
	sum         decimal.Adder
	size        decimal.Adder   // of the absolute values
	largest     decimal.Decimal // absolute value
	least, most decimal.Decimal
}

// add counts a record and its value; nil: the record has no value.
func (t *tally) add(value *decimal.Decimal) {
	t.count++
	if value == nil {
		return
	}
	if t.with == 0 || value.Cmp(t.least) < 0 {
		t.least = *value
	}
	if t.with == 0 || value.Cmp(t.most) > 0 {
		t.most = *value
	}
	if value.Abs().Cmp(t.largest) > 0 {
		t.largest = value.Abs()
	}
	t.with++
	t.sum.Add(*value)
	t.size.Add(value.Abs())
}

// largestScaled returns the largest absolute value in the unit of decimal.Adder.Scaled.
func (t *tally) largestScaled() *big.Int {
	var largest decimal.Adder
	largest.Add(t.largest)
	return largest.Scaled()
}

// join adds the records of another group to this one.
func (t *tally) join(o *tally) {
	if o.with > 0 && (t.with == 0 || o.least.Cmp(t.least) < 0) {
		t.least = o.least
	}
	if o.with > 0 && (t.with == 0 || o.most.Cmp(t.most) > 0) {
		t.most = o.most
	}
	if o.largest.Cmp(t.largest) > 0 {
		t.largest = o.largest
	}
	t.count, t.with = t.count+o.count, t.with+o.with
	t.sum.AddSum(&o.sum)
	t.size.AddSum(&o.size)
}

// small reports whether others may not be told of the group by itself: it has fewer than least
// records, or its sum or average would tell of one record (see tells).
func (t *tally) small(f gather.Function, least uint64) bool {
	return t.count < least || t.tells(f, least)
}

// tells reports whether the sum or average of the group would tell of one record's value: fewer
// than least records have a value, or one value makes half or more of the sum of all absolute
// values. A group without any value tells of none.
func (t *tally) tells(f gather.Function, least uint64) bool {
	if least == 0 || t.with == 0 || f != gather.Sum && f != gather.Average {
		return false
	}
	var twice decimal.Adder
	twice.Add(t.largest)
	twice.Add(t.largest)
	return t.with < least || twice.Cmp(&t.size) >= 0
}

func (t *tally) group(f gather.Function) (g gather.Group, err error) {
	g = gather.Group{Values: append([]string{}, t.values...), Count: t.count}
	if f == gather.Count || t.with == 0 {
		return g, nil
	}
	amount := t.least
	switch f {
	case gather.Maximum:
		amount = t.most
	case gather.Sum, gather.Average:
		if amount, err = t.sum.Decimal(); err != nil {
			return g, err
		}
	}
	g.With, g.Amount = t.with, &amount
	return g, nil
}

// tallies are the groups of one measure. The key of a group is its values, each with its length
// before it.
type tallies struct {
	measure gather.Measure
	of      map[string]*tally
	left    int // bytes that more groups may take
}

func newTallies(m gather.Measure, most int) *tallies {
	t := &tallies{measure: m, of: map[string]*tally{}, left: most}
	if !m.Grouped() {
		t.of[""] = &tally{}
	}
	return t
}

// Limits of a group, as it travels.
const (
	maxValueLen   = 1 << 10 // bytes of a value that names a group
	groupOverhead = 128     // bytes of an answer that a group costs beside its values
)

var errTooManyGroups = errors.New("too many groups")

// add puts a record into its group.
func (t *tallies) add(record []byte) error {
	value, err := t.value(record)
	if err != nil {
		return err
	}
	values := make([]string, len(t.measure.By))
	for i, by := range t.measure.By {
		value, err := rows.Member(record, by.Field)
		if err != nil {
			return err
		}
		values[i] = named(value)
	}
	group, err := t.group(values)
	if err != nil {
		return err
	}
	group.add(value)
	return nil
}

// group returns the group of the values, which is new where no record of it came before.
func (t *tallies) group(values []string) (*tally, error) {
	key := ""
	for _, value := range values {
		key += strconv.Itoa(len(value)) + ":" + value
	}
	group := t.of[key]
	if group == nil {
		if t.left -= len(key) + groupOverhead; t.left < 0 || len(t.of) == MaxGroups {
			return nil, errTooManyGroups
		}
		group = &tally{values: values}
		t.of[key] = group
	}
	return group, nil
}

// value returns the value of the measured field; nil: the record has none, or no field is measured.
// It returns filter.ErrIncomparable for a value that is no number, as an earlier schema may have
// had it.
func (t *tallies) value(record []byte) (*decimal.Decimal, error) {
	if t.measure.Field == "" {
		return nil, nil
	}
	raw, err := rows.Member(record, t.measure.Field)
	if err != nil || string(raw) == "null" {
		return nil, err
	}
	if !strings.ContainsAny(string(raw[:1]), "-0123456789") {
		return nil, filter.ErrIncomparable
	}
	value, err := decimal.Parse(string(raw))
	return &value, err
}

// read returns a JSON value as people read it: text without its quotation marks, anything else as
// it is.
func read(value []byte) string {
	var text string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	return text
}

// named returns the name of the group of a JSON value: its label or, where that is longer than a
// name may be, the beginning of what people read. One record ends no measure, and is left out of
// none: it would be the difference of two. What is cut is the label of no value that is not: it is
// no JSON.
func named(value []byte) string {
	const more = "…"
	label := gather.Label(value)
	if len(label) <= maxValueLen {
		return label
	}
	text := read(value)
	end := min(len(text), maxValueLen-len(more))
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + more
}

// told returns the groups as the asker is told them: the groups that are too small are one group.
func (t *tallies) told(least uint64) (groups []gather.Group, err error) {
	told, small := t.split(least)
	for _, each := range told {
		g, err := each.group(t.measure.Function)
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	if small != nil {
		g, err := small.group(t.measure.Function)
		if err != nil {
			return nil, err
		}
		g.Values, g.Suppressed = []string{}, t.measure.Grouped()
		groups = append(groups, g)
	}
	gather.SortGroups(groups)
	return groups, nil
}

// errTooSmall is returned where the asker may not even be told of all groups together.
var errTooSmall = errors.New("too few records")

// check refuses a measure if the asker may not even be told the amount of all records together.
func (t *tallies) check(least uint64) error {
	all := &tally{}
	for _, each := range t.of {
		all.join(each)
	}
	if all.tells(t.measure.Function, least) {
		return errTooSmall
	}
	return nil
}

// compare orders two groups by their values, with the fields in one order, however they were asked
// for: asked the other way round, the same groups must be put together, or the two answers would
// tell of one.
func (t *tallies) compare(a, b []string) int {
	by := t.measure.By
	if len(by) == 2 && by[1].Field < by[0].Field {
		return cmp.Or(strings.Compare(a[1], b[1]), strings.Compare(a[0], b[0]))
	}
	return slices.Compare(a, b)
}

// told turns the error of a measure into the failure that tells the asker why there is no answer.
func (p plan) told(err error) error {
	dataset, measure := p.set.Code.String(), p.q.Measure.String()
	switch {
	case errors.Is(err, errTooManyGroups):
		return text.Fail(text.TooManyGroups, text.Args{
			"dataset": dataset, "field": strings.Join(p.q.Measure.Fields(), ", "), "limit": strconv.Itoa(MaxGroups),
		}, err)
	case errors.Is(err, errTooSmall):
		return text.Fail(text.GroupTooSmall, text.Args{
			"dataset": dataset, "measure": measure, "least": strconv.Itoa(p.set.SmallestCell),
		}, err)
	case errors.Is(err, decimal.ErrDecimal):
		return text.Fail(text.MeasureInexact, text.Args{"dataset": dataset, "measure": measure}, err)
	}
	return err
}
