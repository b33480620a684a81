package gather

// Group is the result of the measure over a group of records.
type Group struct {
	_          struct{} `cbor:",toarray"`
	Values     []string // one for each dimension; empty: all records, or suppressed
	Count      uint64   // records
	Suppressed bool     // true: groups that are too small to be told one by one, together
	With       uint64   // records that have a value of the measured field; 0 for Count
	Amount     *Decimal // sum (for Sum and Average), minimum or maximum; nil where With is 0
}

// Average returns the average of the values, rounded half to even to places digits after the point,
// for people to read. It returns false if no record has a value. The amount has to be a sum.
func (g Group) Average(places int) (Decimal, bool) {
	if g.Amount == nil || g.With == 0 {
		return Decimal{}, false
	}
	return Divide(*g.Amount, g.With, places), true
}

func sameGroup(a, b Group) bool {
	amounts := a.Amount == nil && b.Amount == nil || a.Amount != nil && b.Amount != nil && *a.Amount == *b.Amount
	return compareGroups(a, b) == 0 && a.Count == b.Count && a.With == b.With && amounts
}

// total is the sum of groups with the same values.
type total struct {
	values      []string
	suppressed  bool
	from        int // groups that were added
	count, with uint64
	adder       Adder       // for a sum or average
	best        [2]*Decimal // minimum or maximum, and the next best
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

// group returns the sum as a group. It returns ErrDecimal if the sum of the amounts is too long or
// too large for a Decimal.
func (t *total) group(f Function) (Group, error) {
	g := Group{Values: t.values, Suppressed: t.suppressed, Count: t.count, With: t.with, Amount: t.best[0]}
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
	more := &total{values: t.values, suppressed: t.suppressed, from: t.from, count: t.count, with: t.with, best: t.best}
	more.adder.AddSum(&t.adder)
	more.add(f, g)
	return more
}

// minus returns the total without a group that was added to it.
func (t *total) minus(f Function, g Group) *total {
	less := &total{values: t.values, suppressed: t.suppressed, from: t.from - 1, count: t.count - g.Count, with: t.with - g.With, best: t.best}
	less.adder.AddSum(&t.adder)
	switch {
	case g.Amount == nil:
	case f.adds():
		less.adder.Add(g.Amount.negated())
	case *g.Amount == *t.best[0]:
		less.best = [2]*Decimal{t.best[1]}
	}
	return less
}

// totals holds the totals of groups, by their keys.
type totals struct {
	f     Function
	of    map[string]*total
	count uint64 // records of all groups
}

func newTotals(f Function) totals { return totals{f: f, of: map[string]*total{}} }

func (t *totals) add(groups []Group) {
	for _, g := range groups {
		key := keyOf(g)
		if t.of[key] == nil {
			t.of[key] = &total{values: g.Values, suppressed: g.Suppressed}
		}
		t.of[key].add(t.f, g)
		t.count += g.Count
	}
}

// room checks that groups, none of which is twice, can be added: that the sums fit into a share.
func (t *totals) room(groups []Group) error {
	count, distinct := t.count, len(t.of)
	var sum Adder
	for _, g := range groups {
		count += g.Count
		have := t.of[keyOf(g)]
		if have == nil {
			distinct++
			continue
		}
		if !t.f.adds() || g.Amount == nil {
			continue
		}
		sum.scaled.Set(&have.adder.scaled)
		if sum.Add(*g.Amount); !sum.fits() {
			return wrong("with it, the sum has more than %d digits", maxDigits)
		}
	}
	switch {
	case distinct > MaxGroups:
		return wrong("with it, the sum is too long")
	case count > MaxCount:
		return wrong("with it, the counts are more than can be")
	}
	return nil
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
