package records

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/exchange/decimal"
	"xietong/exchange/gather"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

var byVillage = []gather.By{{Field: "name"}}

// talliesOf makes groups by one field, each with the given number of records. No record has a
// value.
func talliesOf(counts map[string]uint64) *tallies {
	t := newTallies(gather.Measure{Function: gather.Count, By: byVillage}, maxAnswerLen)
	for value, n := range counts {
		t.of[value] = &tally{values: []string{value}, count: n}
	}
	return t
}

// TestSuppress checks that small groups are told together with enough others that they cannot be
// computed from the total.
func TestSuppress(t *testing.T) {
	for _, row := range []struct {
		counts string
		least  uint64
		want   string
	}{
		{"a 5 b 7", 0, "a 5 b 7"},
		{"a 5 b 7", 5, "a 5 b 7"},
		{"a 4 b 7 c 9", 5, "c 9 * 11"},       // one alone would be the total less the others
		{"a 2 b 3 c 9", 5, "c 9 * 5"},        // two, and five records
		{"a 1 b 2 c 9 d 20", 5, "d 20 * 12"}, // two are only three records
		{"a 4", 5, "* 4"},                    // there is no other group
		{"a 1 b 1", 5, "* 2"},                //
		{"a 10 b 10 c 10", 11, "* 30"},       //
		{"z 9 a 9 b 1", 5, "z 9 * 10"},       // of the same size, the first by value
		{"", 5, ""},                          //
	} {
		counts := map[string]uint64{}
		fields := strings.Fields(row.counts)
		for i := 0; i < len(fields); i += 2 {
			var n uint64
			if _, err := fmt.Sscan(fields[i+1], &n); err != nil {
				t.Fatal(err)
			}
			counts[fields[i]] = n
		}
		groups, err := talliesOf(counts).told(row.least)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(groups); got != row.want {
			t.Errorf("%s by %d: got %q, want %q", row.counts, row.least, got, row.want)
		}
	}
}

// shown writes groups as "value count", with the amount where there is one, the suppressed one
// last.
func shown(groups []gather.Group) string {
	var told, last []string
	for _, g := range groups {
		text := fmt.Sprint(strings.Join(g.Values, "/"), " ", g.Count)
		if g.Amount != nil {
			text += fmt.Sprintf(" %d:%s", g.With, g.Amount)
		}
		if g.Suppressed {
			last = append(last, "*"+text)
			continue
		}
		told = append(told, strings.TrimSpace(text))
	}
	return strings.Join(append(told, last...), " ")
}

// TestGroupedValues checks that values that read alike are groups of their own: a text that could
// be taken for JSON is told in quotation marks, and an absent value as null.
func TestGroupedValues(t *testing.T) {
	tallies := newTallies(gather.Measure{Function: gather.Count, By: byVillage}, maxAnswerLen)
	for value, n := range map[string]int{`"村"`: 1, "7": 2, "true": 3, "null": 4, `"null"`: 5, `"7"`: 6, `""`: 7} {
		for range n {
			if err := tallies.add([]byte(`{"name":` + value + `}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tallies.add([]byte(`{"code":"1"}`)); err != nil {
		t.Fatal(err)
	}
	got, err := tallies.told(0)
	if want := `7 "7" 6 "null" 5 7 2 null 5 true 3 村 1`; err != nil || shown(got) != want {
		t.Errorf("got %s, %v, want %s", shown(got), err, want)
	}
}

// TestGroupsDoNotRun checks that the values of two fields stay apart, even if they make the same
// text when they are joined.
func TestGroupsDoNotRun(t *testing.T) {
	tallies := newTallies(gather.Measure{Function: gather.Count, By: []gather.By{{Field: "a"}, {Field: "b"}}}, maxAnswerLen)
	for _, record := range []string{`{"a":"1:x","b":"y"}`, `{"a":"1","b":":xy"}`, `{"a":"1:x1:y","b":""}`, `{"a":"","b":"1:x1:y"}`} {
		if err := tallies.add([]byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := tallies.told(0); err != nil || len(got) != 4 {
		t.Errorf("got %d groups, %v, want 4", len(got), err)
	}
}

// sums makes the groups of a sum or average by one field from the values of each group; nil: a
// record without a value.
func sums(f gather.Function, groups map[string][]*decimal.Decimal) *tallies {
	t := newTallies(gather.Measure{Function: f, Field: "income", By: byVillage}, maxAnswerLen)
	for value, all := range groups {
		group := &tally{values: []string{value}}
		for _, each := range all {
			group.add(each)
		}
		t.of[value] = group
	}
	return t
}

func amount(text string) *decimal.Decimal {
	d := must(decimal.Parse(text))
	return &d
}

// TestSmallSums checks that no group is told by itself if its sum or average has fewer values than
// the smallest cell, or if one value makes half of it. Such groups are put together with others
// until neither is true.
func TestSmallSums(t *testing.T) {
	for what, row := range map[string]struct {
		groups string // name: values, with - for none
		want   string
	}{
		"enough of each":                {"a: 1 1 1; b: 2 2 2", "a 3 3:3 b 3 3:6"},
		"too few values":                {"a: 1 1 -; b: 2 2 2; c: 3 3 3", "c 3 3:9 * 6 5:8"},
		"too few records":               {"a: 1 1; b: 2 2 2; c: 3 3 3", "c 3 3:9 * 5 5:8"},
		"one value makes half":          {"a: 2 1 1; b: 3 3 3; c: 4 4 4", "c 3 3:12 * 6 6:13"},
		"one negative value makes half": {"a: -2 1 1; b: 3 3 3; c: 4 4 4", "c 3 3:12 * 6 6:9"},
		"one makes more than half":      {"a: 9 1 1 1; b: 3 3 3; c: 4 4 4", "c 3 3:12 * 7 7:21"},
		"one makes less than half":      {"a: 2 2 2 -5; b: 3 3 3", "a 4 4:1 b 3 3:9"},
		"values that cancel out":        {"a: 3 -3 1 -1; b: 5 5 5", "a 4 4:0 b 3 3:15"},
		"all zero":                      {"a: 0 0 0; b: 5 5 5; c: 6 6 6", "c 3 3:18 * 6 6:15"},
		"no value at all":               {"a: - - -; b: 5 5 5", "a 3 b 3 3:15"},
		"two that are small":            {"a: 1 1; b: 1 1; c: 5 5 5", "c 3 3:15 * 4 4:4"},
		"two, and still one that makes half": {
			"a: 9 1; b: 1 1; c: 5 5 5; d: 6 6 6", "d 3 3:18 * 7 7:27"},
		"all of them": {"a: 1; b: 1; c: 1", "* 3 3:3"},
	} {
		for _, f := range []gather.Function{gather.Sum, gather.Average} {
			groups := map[string][]*decimal.Decimal{}
			for part := range strings.SplitSeq(row.groups, "; ") {
				name, values, _ := strings.Cut(part, ": ")
				for _, v := range strings.Fields(values) {
					var value *decimal.Decimal
					if v != "-" {
						value = amount(v)
					}
					groups[name] = append(groups[name], value)
				}
			}
			tallies := sums(f, groups)
			if err := tallies.check(3); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if got, err := tallies.told(3); err != nil || shown(got) != row.want {
				t.Errorf("%s, %s: got %q, %v, want %q", what, f, shown(got), err, row.want)
			}
		}
	}
}

// TestNothingOfTooFew checks that a sum is refused if even all groups together have too few values,
// or one value that makes half. The provider is told the sum all the same.
func TestNothingOfTooFew(t *testing.T) {
	one, minus := amount("1"), amount("-9")
	for what, groups := range map[string]map[string][]*decimal.Decimal{
		"two values":        {"a": {one, nil, nil}, "b": {one, nil}},
		"one makes half":    {"a": {one, minus}, "b": {one, one}},
		"one of all is one": {"a": {one}},
	} {
		for _, f := range []gather.Function{gather.Sum, gather.Average} {
			tallies := sums(f, groups)
			p := plan{set: dataset{}, q: Question{Measure: tallies.measure}}
			refusedAs(t, what, p.told(tallies.check(3)), text.GroupTooSmall)
			if err := tallies.check(0); err != nil {
				t.Errorf("%s, to the provider: %v", what, err)
			}
		}
		for _, f := range []gather.Function{gather.Minimum, gather.Maximum} {
			if err := sums(f, groups).check(3); err != nil {
				t.Errorf("%s, %s: %v", what, f, err)
			}
		}
	}
	three := sums(gather.Sum, map[string][]*decimal.Decimal{"a": {one, one, one, nil}}) // none makes half
	if err := three.check(4); err == nil {
		t.Error("three values where four are needed: nothing is refused")
	}
	if err := sums(gather.Sum, map[string][]*decimal.Decimal{"a": {nil, nil, nil}}).check(3); err != nil {
		t.Errorf("no value at all: %v, want nothing told of one and no refusal", err)
	}
}

// drawn is a group that the test draws: the values of its records; nil: a record without a value.
type drawn []*int64

// tooSmall reports whether the result of the records must not be told. It follows the words of the
// rule and not the code of the program: there are fewer than least records or, for a sum or
// average, fewer have a value, or one value makes half.
func (d drawn) tooSmall(f gather.Function, least int) bool {
	with, largest, size := 0, int64(0), int64(0)
	for _, value := range d {
		if value != nil {
			with++
			largest, size = max(largest, *value, -*value), size+max(*value, -*value)
		}
	}
	if f == gather.Count || f == gather.Minimum || with == 0 {
		return len(d) < least
	}
	return len(d) < least || with < least || 2*largest >= size
}

// tell returns the groups as the program tells them.
func tell(t *rapid.T, f gather.Function, all map[string]drawn, least uint64) (groups []gather.Group, refused bool) {
	tallies := newTallies(gather.Measure{Function: f, Field: "income", By: byVillage}, maxAnswerLen)
	for name, values := range all {
		group := &tally{values: []string{name}}
		for _, value := range values {
			if value == nil {
				group.add(nil)
				continue
			}
			group.add(amount(fmt.Sprint(*value)))
		}
		tallies.of[name] = group
	}
	if tallies.check(least) != nil {
		return nil, true
	}
	groups, err := tallies.told(least)
	if err != nil {
		t.Fatal(err)
	}
	return groups, false
}

// TestNobodyComputes draws groups, and computes everything that can be computed from the groups
// that are told and the total: each told group, and sums and differences of them. No computed set
// may be too small, unless it is the total. The suppressed groups are told by their sum alone, so
// each set that can be computed has all of them or none.
func TestNobodyComputes(t *testing.T) {
	functions := []gather.Function{gather.Count, gather.Sum, gather.Average, gather.Minimum}
	values := []int64{-20, -9, -3, -2, -2, -1, 0, 1, 1, 2, 2, 3, 5, 9, 20} // drawn alike, large ones too
	value := rapid.OneOf(rapid.Ptr(rapid.SampledFrom(values), true), rapid.Ptr(rapid.SampledFrom(values), false))
	rapid.Check(t, func(t *rapid.T) {
		f, least := rapid.SampledFrom(functions).Draw(t, "function"), rapid.IntRange(1, 6).Draw(t, "least")
		all := map[string]drawn{}
		for i := range rapid.IntRange(0, 6).Draw(t, "groups") {
			all[fmt.Sprint("v", i)] = rapid.SliceOfN(value, rapid.IntRange(1, 7).Draw(t, "least values"), 9).Draw(t, "values")
		}
		groups, refused := tell(t, f, all, uint64(least))
		if refused {
			return
		}
		hidden, rest := hiddenOf(t, all, groups)
		if len(all) > 1 && len(hidden) == 1 {
			t.Fatalf("one group is suppressed alone: %s", shown(groups))
		}
		for set := range 1 << len(rest) {
			for _, together := range [][]drawn{nil, hidden} {
				parts := slices.Clone(together)
				for i, group := range rest {
					if set&(1<<i) != 0 {
						parts = append(parts, group)
					}
				}
				computed := slices.Concat(parts...)
				if 0 < len(parts) && len(parts) < len(all) && computed.tooSmall(f, least) {
					t.Fatalf("%s by %d: from %s %d records of %d groups are computed", f, least, shown(groups), len(computed), len(parts))
				}
			}
		}
	})
}

// hiddenOf returns the groups that are told together, and the groups that are told by themselves.
// It checks that the former add up to the suppressed group.
func hiddenOf(t *rapid.T, all map[string]drawn, groups []gather.Group) (hidden, rest []drawn) {
	told, suppressed := map[string]bool{}, uint64(0)
	for i, g := range groups {
		if g.Suppressed {
			suppressed += g.Count
			if i != 0 || len(g.Values) > 0 {
				t.Fatalf("the suppressed group is number %d, with the values %q", i+1, g.Values)
			}
			continue
		}
		told[g.Values[0]] = true
	}
	for name, group := range all {
		if told[name] {
			rest = append(rest, group)
			continue
		}
		hidden = append(hidden, group)
		suppressed -= uint64(len(group))
	}
	if suppressed != 0 {
		t.Fatalf("the suppressed group has %d records more than those that it is of", int64(suppressed))
	}
	return hidden, rest
}

// TestOrderOfFieldsTellsNothing: asked by the same two fields the other way round, the same groups
// are put together. If others were, the two answers would tell of one person.
func TestOrderOfFieldsTellsNothing(t *testing.T) {
	e := residents()
	e.Measures, e.GroupBy = policy.Measures{"income": {"sum"}}, []string{"sex", "town"}
	var all []string
	for _, of := range []struct {
		sex, town string
		incomes   []string
	}{
		{"f", "1", []string{"777"}},
		{"a", "z", []string{"10", "11", "12", "900", "901"}},
		{"b", "a", []string{"20", "21", "22", "900", "901"}},
		{"c", "m", []string{"20", "21", "22", "23", "24", "25"}},
	} {
		for _, income := range of.incomes {
			all = append(all, `"sex":"`+of.sex+`","town":"`+of.town+`","income":`+income)
		}
	}
	_, desk := people(t, e, all...)
	together := map[string]bool{}
	for _, m := range []string{"sum(income) by sex, town", "sum(income) by town, sex"} {
		got, err := measured(t, desk, "water", m, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range got.Groups {
			if g.Suppressed {
				together[g.Amount.String()] = true
			}
		}
	}
	if len(together) != 1 {
		t.Errorf("the groups put together come to %v", together)
	}
}

// crossed draws a table of two fields, of which every cell has records, or none.
func crossed(t *rapid.T, value *rapid.Generator[*int64]) (cells map[[2]string]drawn) {
	cells = map[[2]string]drawn{}
	for a := range rapid.IntRange(1, 4).Draw(t, "rows") {
		for b := range rapid.IntRange(1, 4).Draw(t, "columns") {
			if values := rapid.SliceOfN(value, 0, 7).Draw(t, "values"); len(values) > 0 {
				cells[[2]string{fmt.Sprint("a", a), fmt.Sprint("b", b)}] = values
			}
		}
	}
	return cells
}

// tallyOf adds up a drawn group.
func tallyOf(values drawn) *tally {
	g := &tally{}
	for _, v := range values {
		if v == nil {
			g.add(nil)
			continue
		}
		g.add(amount(fmt.Sprint(*v)))
	}
	return g
}

// TestNobodyComputesByTwoFields (S35): whoever asks for sums by one field and by two subtracts: of
// each sum that is told by one field, and of those that are told together, the part that was not
// told by two fields is nothing, all of it, or large enough to be told.
func TestNobodyComputesByTwoFields(t *testing.T) {
	values := []int64{-20, -9, -3, -2, -2, -1, 0, 1, 1, 2, 2, 3, 5, 9, 20}
	value := rapid.OneOf(rapid.Ptr(rapid.SampledFrom(values), true), rapid.Ptr(rapid.SampledFrom(values), false))
	rapid.Check(t, func(t *rapid.T) {
		f, least := rapid.SampledFrom([]gather.Function{gather.Count, gather.Sum}).Draw(t, "function"), rapid.IntRange(1, 6).Draw(t, "least")
		cells := crossed(t, value)
		both := newTallies(gather.Measure{Function: f, Field: "income", By: []gather.By{{Field: "a"}, {Field: "b"}}}, maxAnswerLen)
		one := [2]*tallies{}
		for i, field := range []string{"a", "b"} {
			one[i] = newTallies(gather.Measure{Function: f, Field: "income", By: []gather.By{{Field: field}}}, maxAnswerLen)
		}
		for at, values := range cells {
			g := tallyOf(values)
			g.values = at[:]
			both.of[at[0]+at[1]] = g
			for i := range one {
				if one[i].of[at[i]] == nil {
					one[i].of[at[i]] = &tally{values: []string{at[i]}}
				}
				one[i].of[at[i]].join(g)
			}
		}
		if both.check(uint64(least)) != nil {
			return
		}
		told := map[string]bool{}
		split, _ := both.split(uint64(least))
		for _, g := range split {
			told[g.values[0]+g.values[1]] = true
		}
		for i := range one {
			alone, _ := one[i].split(uint64(least))
			sums := map[string][2]drawn{} // of each sum that is told: all of it, and what was hidden
			for at, values := range cells {
				name := "together"
				if slices.ContainsFunc(alone, func(g *tally) bool { return g.values[0] == at[i] }) {
					name = at[i]
				}
				sum := sums[name]
				sum[0] = append(sum[0], values...)
				if !told[at[0]+at[1]] {
					sum[1] = append(sum[1], values...)
				}
				sums[name] = sum
			}
			for name, sum := range sums {
				if hidden := len(sum[1]); 0 < hidden && hidden < len(sum[0]) && sum[1].tooSmall(f, least) {
					t.Fatalf("%s by %d: of %s, %d records of %d are computed", f, least, name, hidden, len(sum[0]))
				}
			}
		}
	})
}
