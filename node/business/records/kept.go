package records

import (
	"context"

	"xietong/consensus/ledger"
	"xietong/exchange/budget"
	"xietong/exchange/gather"
)

// kept answers a count of all records from the counters, without a look at a record; false: it
// cannot be answered so, and the records are looked at. It counts the records of the position, also
// one that was damaged since it was counted. Where there may be records that the schema does not
// take, they are looked at, because they are in no answer. What is told of the groups is decided as
// for a scan.
func (s *search) kept(ctx context.Context) (ok bool, err error) {
	measure, code := s.p.q.Measure, s.p.set.Code
	if !s.p.q.whole() || measure.Function != gather.Count || s.p.set.Unsure != ledger.None {
		return false, nil
	}
	c := countsOf(s.reader, code)
	if !measure.Grouped() {
		s.tallies.of[""].count = c.total(s.reader, code)
		return true, nil
	}
	if c.total(s.reader, code) == 0 {
		return true, nil
	}
	by, ok := s.countedBy(c)
	if !ok {
		return false, nil
	}
	names := map[[2]uint64]string{}
	for of, n := range c.groups(s.reader, code, by.a, by.b) {
		if err := budget.Pause(ctx); err != nil {
			return true, err
		}
		if of.X == idErased || of.Y == idErased {
			continue
		}
		if of.X == idUnreadable || of.Y == idUnreadable {
			s.answer.Unreadable += n
			continue
		}
		values, ok := s.names(names, by, of)
		if !ok {
			return false, nil
		}
		group, err := s.tallies.group(values)
		if err != nil {
			return true, err
		}
		group.count += n
	}
	return true, nil
}

// declaration is what a count is grouped by: one field, or two, the one with the smaller number
// first.
type declaration struct {
	a, b    uint64 // b is 0 for one field
	swapped bool   // the question has them in the other order
}

// countedBy returns the declaration by which the measure is grouped; false where not every record
// is counted by it.
func (s *search) countedBy(c counts) (by declaration, ok bool) {
	for i, each := range s.p.q.Measure.By {
		f, ok := c.field(each.Field)
		if !ok || f.Over || !c.whole(s.reader, s.p.set.Code, f.Number) {
			return by, false
		}
		if i == 0 {
			by.a = f.Number
			continue
		}
		by.b = f.Number
	}
	if by.b == 0 {
		return by, true
	}
	if by.swapped = by.b < by.a; by.swapped {
		by.a, by.b = by.b, by.a
	}
	return by, c.pair(by.a, by.b) != nil
}

// names returns the values of a group in the order of the question. It opens each label once.
func (s *search) names(known map[[2]uint64]string, by declaration, of cell) (values []string, ok bool) {
	for _, each := range [][2]uint64{{of.A, of.X}, {of.B, of.Y}} {
		if each[0] == 0 {
			continue
		}
		name, ok := known[each]
		if !ok {
			opened, err := s.desk.label(s.reader, s.p.set.Code, each[0], each[1])
			if err != nil {
				return nil, false
			}
			name, known[each] = opened, opened
		}
		values = append(values, name)
	}
	if by.swapped {
		values[0], values[1] = values[1], values[0]
	}
	return values, true
}
