package records

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xietong/exchange/gather"
)

// cells are the records of a table of two fields by their two values.
type cells map[[2]string]drawn

// tallies returns the groups of a measure by the fields a and b, or by one of them.
func (c cells) tallies(f gather.Function, by ...int) *tallies {
	names := []gather.By{{Field: "a"}, {Field: "b"}}
	m := gather.Measure{Function: f}
	if f != gather.Count {
		m.Field = "income"
	}
	for _, i := range by {
		m.By = append(m.By, names[i])
	}
	all := newTallies(m, maxAnswerLen)
	for at, values := range c {
		var of []string
		for _, i := range by {
			of = append(of, at[i])
		}
		g, err := all.group(of)
		if err != nil {
			panic(err)
		}
		g.join(tallyOf(values))
	}
	return all
}

// computing is an asker who computes: each equation that it knows is a row, with a number for each
// cell, modulo a prime that no sum of few ones comes near. The rows are kept in echelon form.
type computing struct {
	order [][2]string
	rows  [][]int64
}

const prime = 1<<31 - 1

func newComputing(c cells) *computing {
	return &computing{order: slices.SortedFunc(maps.Keys(c), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })}
}

// row returns the sum of the cells that are in it.
func (k *computing) row(in func([2]string) bool) []int64 {
	row := make([]int64, len(k.order))
	for i, at := range k.order {
		if in(at) {
			row[i] = 1
		}
	}
	return row
}

// rest takes off a row whatever the asker knows; nothing remains of what can be computed.
func (k *computing) rest(row []int64) (at int, is bool) {
	for _, known := range k.rows {
		lead := slices.IndexFunc(known, func(n int64) bool { return n != 0 })
		times := row[lead]
		for i := range row {
			row[i] = ((row[i]-times*known[i])%prime + prime) % prime
		}
	}
	at = slices.IndexFunc(row, func(n int64) bool { return n != 0 })
	return at, at >= 0
}

// learn adds an equation.
func (k *computing) learn(row []int64) {
	at, is := k.rest(row)
	if !is {
		return
	}
	inverse, base := int64(1), row[at]
	for n := int64(prime - 2); n > 0; n >>= 1 { // Fermat
		if n&1 == 1 {
			inverse = inverse * base % prime
		}
		base = base * base % prime
	}
	for i := range row {
		row[i] = row[i] * inverse % prime
	}
	k.rows = append(k.rows, row)
}

// ask has the asker told of a measure by the fields, and returns how many groups are told.
func (k *computing) ask(c cells, least uint64, f gather.Function, by ...int) (groups int) {
	told, _ := c.tallies(f, by...).split(least)
	of := func(at [2]string) []string {
		var values []string
		for _, i := range by {
			values = append(values, at[i])
		}
		return values
	}
	known := func(at [2]string) bool {
		return slices.ContainsFunc(told, func(g *tally) bool { return slices.Equal(g.values, of(at)) })
	}
	for _, g := range told {
		k.learn(k.row(func(at [2]string) bool { return slices.Equal(g.values, of(at)) }))
	}
	k.learn(k.row(func(at [2]string) bool { return !known(at) }))
	return len(told)
}

// check fails if a set of cells can be computed that is too small to be told.
func (k *computing) check(t interface{ Fatalf(string, ...any) }, c cells, f gather.Function, least int) {
	for set := 1; set < 1<<len(k.order)-1; set++ {
		var records drawn
		for i, at := range k.order {
			if set&(1<<i) != 0 {
				records = append(records, c[at]...)
			}
		}
		if !records.tooSmall(f, least) {
			continue
		}
		row := make([]int64, len(k.order))
		for i := range row {
			row[i] = int64(set >> i & 1)
		}
		if _, is := k.rest(row); !is {
			t.Fatalf("%s by %d: %d records of the cells %b of %v can be computed from %v", f, least, len(records), set, k.order, c)
		}
	}
}

// checkAll asks for everything by two fields, by each of them, in the functions, and fails if what
// is told of numbers of records, or of the sum, gives something away. It returns how many groups
// are told by both fields.
func (c cells) checkAll(t interface{ Fatalf(string, ...any) }, f gather.Function, least int) (told int) {
	numbers, amounts := newComputing(c), newComputing(c)
	for _, by := range [][]int{{0}, {1}, {0, 1}} {
		counted := numbers.ask(c, uint64(least), gather.Count, by...)
		told = numbers.ask(c, uint64(least), f, by...) // every measure tells the number of records beside
		amounts.ask(c, uint64(least), f, by...)
		if len(by) == 2 && counted == 0 {
			return 0
		}
	}
	numbers.check(t, c, gather.Count, least)
	if told > 0 { // else nothing is told but what each field tells by itself
		amounts.check(t, c, f, least)
	}
	return told
}

// TestNobodyComputesAcross (S35) draws tables, asks for everything that may be asked, and computes
// every set of cells that the equations give: sums by one field and by two, and the number of
// records that each measure tells beside.
func TestNobodyComputesAcross(t *testing.T) {
	values := []int64{-20, -9, -3, -2, -2, -1, 0, 1, 1, 2, 2, 3, 5, 9, 20}
	value := rapid.OneOf(rapid.Ptr(rapid.SampledFrom(values), true), rapid.Ptr(rapid.SampledFrom(values), false))
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom([]gather.Function{gather.Count, gather.Sum, gather.Minimum}).Draw(t, "function")
		least := rapid.IntRange(1, 5).Draw(t, "least")
		c := cells(crossed(t, value))
		if len(c) == 0 || len(c) > 12 || c.tallies(f, 0, 1).check(uint64(least)) != nil {
			return
		}
		c.checkAll(t, f, least)
	})
}

// TestHiddenGroupsDoNotComeApart (S35b): two blocks of small groups that one group of one person
// joins. No line hides less than six records, and yet the rows of one block less its columns are
// that person.
func TestHiddenGroupsDoNotComeApart(t *testing.T) {
	c := cells{}
	for at, n := range map[string]int{
		"11": 3, "12": 3, "13": 1, "14": 10, "21": 3, "22": 3, "23": 10, "24": 10,
		"31": 10, "32": 10, "33": 3, "34": 3, "41": 10, "42": 10, "43": 3, "44": 3,
	} {
		for i := range n {
			income := int64(1000 + i)
			c[[2]string{at[:1], at[1:]}] = append(c[[2]string{at[:1], at[1:]}], &income)
		}
	}
	for _, f := range []gather.Function{gather.Count, gather.Sum, gather.Average, gather.Minimum} {
		if told := c.checkAll(t, f, 5); told == 0 {
			t.Errorf("%s: nothing is told by both fields", f)
		}
	}
}

// TestMeasuresCompleteNoneOther (S35c): a group that is hidden when records are counted is hidden
// in a sum, which tells the number of its records beside.
func TestMeasuresCompleteNoneOther(t *testing.T) {
	c := cells{}
	for name, incomes := range map[string][]int64{
		"x": {5, 6, 7}, "y": {1, 2, 3, 4, 5, 6}, "z": {3, 3, 3, 3, 3, 3, 18}, "w": slices.Repeat([]int64{7}, 20),
	} {
		for _, income := range incomes {
			c[[2]string{name, ""}] = append(c[[2]string{name, ""}], &income)
		}
	}
	names := func(f gather.Function) (all []string) {
		told, _ := c.tallies(f, 0).split(5)
		for _, g := range told {
			all = append(all, fmt.Sprint(g.values[0], g.count))
		}
		return all
	}
	if got, want := names(gather.Count), []string{"z7", "w20"}; !slices.Equal(got, want) {
		t.Errorf("counted: got %v, want %v", got, want)
	}
	if got, want := names(gather.Sum), []string{"w20"}; !slices.Equal(got, want) {
		t.Errorf("added up: got %v, want %v", got, want)
	}
	if got, want := names(gather.Minimum), []string{"z7", "w20"}; !slices.Equal(got, want) {
		t.Errorf("minimum: got %v, want %v", got, want)
	}
}

// TestLargestTable decides a table of as many groups as an answer has, most of them small, in few
// steps. Where the steps come to their end, all groups are told as one.
func TestLargestTable(t *testing.T) {
	c := cells{}
	one := int64(1)
	for i := range MaxGroups / 25 {
		for j := range 25 {
			c[[2]string{fmt.Sprint(i), fmt.Sprint(j)}] = slices.Repeat(drawn{&one}, 1+(i+j)%9)
		}
	}
	all := c.tallies(gather.Sum, 0, 1)
	s := newSuppression(all, 5)
	s.decide(all)
	if len(s.told) == 0 || s.network.left < maxSteps/2 {
		t.Errorf("%d of %d groups are told, after %d steps", len(s.told), len(all.of), maxSteps-s.network.left)
	}
	s = newSuppression(all, 5)
	s.network.left = 1000
	if s.decide(all); len(s.told) > 0 {
		t.Errorf("%d groups are told although they were not looked through", len(s.told))
	}
}
