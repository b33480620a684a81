package gather

import (
	"cmp"
	"slices"

	"xietong/exchange/decimal"
)

// Group is the result of the measure over a group of records.
type Group struct {
	_          struct{}         `cbor:",toarray"`
	Values     []string         // a name or Label for each dimension; of Others: the jurisdiction; empty: all records, or suppressed
	Count      uint64           // records
	Suppressed bool             // true: groups that are too small to be told one by one, together
	With       uint64           // records that have a value of the measured field; 0 for Count
	Amount     *decimal.Decimal // sum (for Sum and Average), minimum or maximum; nil where With is 0
	Others     bool             // true: groups of one jurisdiction for which there is no room, together
}

// told reports whether a group tells what it is of.
func (g Group) told() bool { return !g.Suppressed && !g.Others }

// Average returns the average of the values, rounded half to even to places digits after the point,
// for people to read. It returns false if no record has a value. The amount has to be a sum.
func (g Group) Average(places int) (decimal.Decimal, bool) {
	if g.Amount == nil || g.With == 0 {
		return decimal.Decimal{}, false
	}
	return decimal.Divide(*g.Amount, g.With, places), true
}

// SortGroups sorts groups in the order that a share needs.
func SortGroups(groups []Group) { slices.SortFunc(groups, compareGroups) }

func compareGroups(a, b Group) int {
	return cmp.Or(slices.Compare(a.Values, b.Values), boolean(a.Suppressed)-boolean(b.Suppressed), boolean(a.Others)-boolean(b.Others))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sameGroup(a, b Group) bool {
	amounts := a.Amount == nil && b.Amount == nil || a.Amount != nil && b.Amount != nil && *a.Amount == *b.Amount
	return compareGroups(a, b) == 0 && a.Count == b.Count && a.With == b.With && amounts
}

// CheckGroups checks the groups that one jurisdiction answers of its own records: they are in
// order, none is twice, and they fit the measure. It returns ErrForm or ErrSum. No place of a level
// is known to it, so the measure may group by fields only.
func CheckGroups(m Measure, groups []Group) error {
	for _, g := range groups {
		if err := g.check(); err != nil {
			return err
		}
	}
	return Question{Measure: m}.inOrder(groups, nil)
}

// CheckOwn checks the groups that a jurisdiction measured, with their places, as Check does before
// it is added in. It returns ErrForm or ErrSum.
func (q Question) CheckOwn(groups []Group) error {
	for _, g := range groups {
		if err := g.check(); err != nil {
			return err
		}
	}
	return q.checkGroups(sorted(groups), 1, nil)
}

// checkGroups checks the groups of jurisdictions of which answered are counted: inOrder, and
// bounded.
func (q Question) checkGroups(groups []Group, answered uint64, others func(of string) bool) error {
	if err := q.inOrder(groups, others); err != nil {
		return err
	}
	return q.bounded(groups, answered)
}

// inOrder checks that the groups are in order and none is twice, that their counts add up to at
// most MaxCount, and that the amount and the number of values of each fit the question. others
// tells whose groups may be put together (nil: nobody's).
func (q Question) inOrder(groups []Group, others func(of string) bool) error {
	total := uint64(0)
	for i, g := range groups {
		if i > 0 && compareGroups(groups[i-1], g) >= 0 {
			return wrong("the group %q is twice, or out of order", g.Values)
		}
		if total += min(g.Count, MaxCount+1); total > MaxCount {
			return wrong("the counts are more than can be")
		}
		if err := g.checkAmount(q.Function); err != nil {
			return err
		}
		if err := g.checkValues(q, others); err != nil {
			return err
		}
	}
	return nil
}

// largestSum is maxSum.
var largestSum = func() decimal.Decimal {
	d, err := decimal.Parse(maxSum)
	if err != nil {
		panic(err) // it is a constant
	}
	return d
}()

// bounded checks that the groups count at most maxRecords, and that the sizes of their sums come to
// at most maxSum, for each jurisdiction that answered. Whatever satisfies this satisfies it added
// up too, and can be written: so no share is too large to be added to others.
func (q Question) bounded(groups []Group, answered uint64) error {
	count, sizes := uint64(0), decimal.Adder{}
	for _, g := range groups {
		count += g.Count
		if g.Amount != nil && q.adds() {
			sizes.Add(g.Amount.Abs())
		}
	}
	if count > maxRecords*answered {
		return wrong("%d records of %d jurisdictions, at most %d of each", count, answered, uint64(maxRecords))
	}
	var most decimal.Adder
	if most.AddTimes(largestSum, answered); sizes.Cmp(&most) > 0 {
		return wrong("the amounts are too large: at most %s of each of %d jurisdictions", maxSum, answered)
	}
	return nil
}

// checkAmount checks that a group has an amount exactly if the function needs one and a record has
// a value.
func (g Group) checkAmount(f Function) error {
	switch {
	case f == None || f > Maximum:
		return wrong("the group %q is of nothing that was asked", g.Values)
	case g.With > g.Count:
		return wrong("%d of the %d records of the group %q have a value", g.With, g.Count, g.Values)
	case f == Count && g.With > 0:
		return wrong("the group %q is counted, and has values", g.Values)
	case (g.With > 0) != (g.Amount != nil):
		return wrong("the group %q has %d values, and an amount is told: %t", g.Values, g.With, g.Amount != nil)
	}
	return nil
}

// checkValues checks that a group has a value for each dimension, or says whose groups it puts
// together.
func (g Group) checkValues(q Question, others func(of string) bool) error {
	switch {
	case g.told() && len(g.Values) != len(q.By):
		return wrong("the group %q has %d values of %d", g.Values, len(g.Values), len(q.By))
	case g.told():
		return g.checkLabels(q)
	case !q.Grouped() || g.Suppressed && (g.Others || len(g.Values) > 0):
		return wrong("the group %q is suppressed, and tells what it is of", g.Values)
	case g.Others && (len(g.Values) != 1 || others == nil || !others(g.Values[0])):
		return wrong("the group %q puts together the groups of somebody who has none here", g.Values)
	}
	return nil
}

// checkLabels checks that each value of a field is spelled in the one way.
func (g Group) checkLabels(q Question) error {
	for i, by := range q.By {
		if by.Field != "" && !spelled(g.Values[i]) {
			return wrong("the value %q of the field %s is spelled otherwise: %q", g.Values[i], by.Field, Label(Value(g.Values[i])))
		}
	}
	return nil
}

func sorted(groups []Group) []Group {
	out := slices.Clone(groups)
	SortGroups(out)
	return out
}
