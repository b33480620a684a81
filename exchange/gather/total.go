package gather

import (
	"strconv"

	"xietong/certs/identity"
	"xietong/exchange/decimal"
)

// total is the sum of groups with the same values.
type total struct {
	values      []string
	suppressed  bool
	others      bool
	from        int // groups that were added
	count, with uint64
	adder       decimal.Adder       // for a sum or average
	best        [2]*decimal.Decimal // minimum or maximum, and the next best
}

// newRest returns the empty sum of the groups of a jurisdiction for which there is no room.
func newRest(of identity.Jurisdiction) *total {
	return &total{values: []string{of.String()}, others: true}
}

// add adds a group. The counts of a share are at most MaxCount, so the counts of all shares that
// one jurisdiction lists do not overflow.
func (t *total) add(f Function, g Group) {
	t.from++
	t.count += g.Count
	t.with += g.With
	switch {
	case g.Amount == nil:
	case f.adds():
		t.adder.Add(*g.Amount)
	case t.best[0] == nil || f.better(*g.Amount, *t.best[0]):
		t.best[0], t.best[1] = g.Amount, t.best[0]
	case t.best[1] == nil || f.better(*g.Amount, *t.best[1]):
		t.best[1] = g.Amount
	}
}

// group returns the sum as a group. It returns decimal.ErrDecimal if the sum of the amounts is too
// long or too large for a decimal.Decimal.
func (t *total) group(f Function) (Group, error) {
	g := Group{Values: t.values, Suppressed: t.suppressed, Others: t.others, Count: t.count, With: t.with, Amount: t.best[0]}
	if f.adds() && t.with > 0 {
		sum, err := t.adder.Decimal()
		if err != nil {
			return Group{}, err
		}
		g.Amount = &sum
	}
	return g, nil
}

// plus returns the total with one more group added to it.
func (t *total) plus(f Function, g Group) *total {
	more := &total{values: t.values, suppressed: t.suppressed, others: t.others, from: t.from, count: t.count, with: t.with, best: t.best}
	more.adder.AddSum(&t.adder)
	more.add(f, g)
	return more
}

// minus returns the total without a group that was added to it.
func (t *total) minus(f Function, g Group) *total {
	less := &total{values: t.values, suppressed: t.suppressed, others: t.others, from: t.from - 1, count: t.count - g.Count, with: t.with - g.With, best: t.best}
	less.adder.AddSum(&t.adder)
	switch {
	case g.Amount == nil:
	case f.adds():
		less.adder.Add(g.Amount.Negated())
	case *g.Amount == *t.best[0]:
		less.best = [2]*decimal.Decimal{t.best[1]}
	}
	return less
}

// totals holds the totals of groups, by their keys.
type totals struct {
	f  Function
	of map[string]*total
}

func newTotals(f Function) totals { return totals{f: f, of: map[string]*total{}} }

func (t *totals) add(groups []Group) {
	for _, g := range groups {
		key := keyOf(g)
		if t.of[key] == nil {
			t.of[key] = &total{values: g.Values, suppressed: g.Suppressed, others: g.Others}
		}
		t.of[key].add(t.f, g)
	}
}

// groups returns the sums as groups, in order.
func (t *totals) groups() (all []Group, err error) {
	for _, of := range t.of {
		g, err := of.group(t.f)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	SortGroups(all)
	return all, nil
}

// keyOf returns a key that differs for different groups: each value stands behind its length, so
// that no two lists of values look alike.
func keyOf(g Group) string {
	key := "t"
	switch {
	case g.Suppressed:
		key = "s"
	case g.Others:
		key = "o"
	}
	for _, v := range g.Values {
		key += strconv.Itoa(len(v)) + ":" + v
	}
	return key
}
