package records

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/policy"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

const residentSchema = `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},
	"sex":{"type":"string"},"town":{"type":["string","null"]},"income":{"type":["number","null"]},"age":{"type":"integer"}}}`

// residents is a dataset whose income others may add up by sex, in groups of three at least.
func residents() catalog.Entry {
	e := villages()
	e.Schema, e.Key, e.Indexed = []byte(residentSchema), "id", []string{"town"}
	e.Measures = policy.Measures{"income": {"sum", "average"}}
	e.GroupBy, e.SmallestCell = []string{"sex"}, 3
	return e
}

// people returns a ledger with the dataset and the records, and its desk.
func people(t *testing.T, e catalog.Entry, records ...string) (*booktest.Ledger, *Desk) {
	t.Helper()
	l := booktest.New(t, nanming.String(), commands())
	if err := publish(l); err != nil {
		t.Fatal(err)
	}
	e.Code = must(identity.ParseLabel("residents"))
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, e); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	for i, record := range records {
		putPerson(t, desk, i, record)
	}
	return l, desk
}

// putPerson puts a record with the members; its id is the number i.
func putPerson(t *testing.T, desk *Desk, i int, members string) identity.Entry {
	t.Helper()
	record := fmt.Sprintf(`{"id":"%d"`, i)
	if members != "" {
		record += "," + members
	}
	done, err := desk.Put(t.Context(), newID(), civil, must(identity.ParseLabel("residents")), []byte(record+"}"))
	if err != nil {
		t.Fatalf("put %s: %v", record, err)
	}
	return done.Entry
}

// incomes returns one record for each income, all of one sex.
func incomes(sex string, all ...string) (records []string) {
	for _, income := range all {
		records = append(records, fmt.Sprintf(`"sex":"%s","income":%s`, sex, income))
	}
	return records
}

// parsed parses "sum(income) by sex, town" as Measure.String writes it.
func parsed(text string) (m gather.Measure) {
	what, by, grouped := strings.Cut(text, " by ")
	name, field, _ := strings.Cut(strings.TrimSuffix(what, ")"), "(")
	m = gather.Measure{Function: must(gather.ParseFunction(name)), Field: field}
	if grouped {
		for each := range strings.SplitSeq(by, ", ") {
			m.By = append(m.By, gather.By{Field: each})
		}
	}
	return m
}

func measured(t *testing.T, desk *Desk, as, measure, filter string) (Answer, error) {
	t.Helper()
	q := Question{
		Dataset: must(identity.ParseLabel("residents")), Purpose: "statistics", Application: applied,
		Measure: parsed(measure), Filter: filter,
	}
	got, err := desk.Query(t.Context(), newID(), catalog.Local(as), q)
	if err == nil {
		if err := got.answers(q); err != nil {
			t.Errorf("%s: what is told is no answer: %v", measure, err)
		}
		if err := got.Check(); err != nil {
			t.Errorf("%s: what is told is no answer: %v", measure, err)
		}
	}
	return got, err
}

// TestMeasures checks that others are told the declared measures, exactly, and only in groups that
// are large enough. The provider is told everything.
func TestMeasures(t *testing.T) {
	mixed := append(incomes("f", "100.5", "0.25", "-3", "null"), incomes("m", "1000", "2e3", "1500", "1e-3")...)
	few := append(incomes("f", "1", "1", "1"), incomes("m", "5", "5")...)
	few = append(few, incomes("x", "4", "4", "4")...)
	for _, row := range []struct {
		records             []string
		as, measure, filter string
		want                string
	}{
		{mixed, "water", "count", "", "8"},
		{mixed, "water", "count", `sex == "m"`, "4"},
		{mixed, "water", "sum(income)", "", "8 7:4597.751"},
		{mixed, "water", "average(income)", "", "8 7:4597.751"}, // it travels as a sum
		{mixed, "water", "average(income)", `sex == "m"`, "4 4:4500.001"},
		{mixed, "civil-affairs", "sum(income) by sex", "", "f 4 3:97.75 m 4 4:4500.001"},
		{mixed, "civil-affairs", "minimum(income) by sex", "", "f 4 3:-3 m 4 4:0.001"},
		{mixed, "civil-affairs", "maximum(income)", "", "8 7:2000"},
		{mixed, "civil-affairs", "minimum(income)", `sex == "f"`, "4 3:-3"},
		{few, "water", "sum(income) by sex", "", "x 3 3:12 *5 5:13"},
		{few, "water", "count by sex", "", "x 3 *5"},
		{few, "civil-affairs", "sum(income) by sex", "", "f 3 3:3 m 2 2:10 x 3 3:12"},
		{few, "civil-affairs", "count by sex, town", "", "f/null 3 m/null 2 x/null 3"},
		{nil, "water", "count", "", "0"},
		{nil, "water", "sum(income)", "", "0"},
		{nil, "water", "sum(income) by sex", "", ""},
		{nil, "civil-affairs", "maximum(income)", "", "0"},
		{incomes("f", "null", "null", "null"), "water", "sum(income)", "", "3"},
		{incomes("f", "null", "null", "null"), "water", "average(income) by sex", "", "f 3"},
		{incomes("f", "null", "null", "null"), "civil-affairs", "minimum(income)", "", "3"},
		{incomes("f", "0.1", "0.2", "0.3"), "civil-affairs", "sum(income)", "", "3 3:0.6"},
		{incomes("f", "1e20", "0.000000001", "-1e20"), "civil-affairs", "sum(income)", "", "3 3:0.000000001"},
	} {
		_, desk := people(t, residents(), row.records...)
		got, err := measured(t, desk, row.as, row.measure, row.filter)
		if text := strings.ReplaceAll(shown(got.Groups), "* ", "*"); err != nil || text != row.want {
			t.Errorf("%s %s %s: got %q, %v, want %q", row.as, row.measure, row.filter, text, err, row.want)
		}
	}
}

// TestMeasuresRefused checks that a measure is refused with the reason if it cannot be computed or
// may not be told; and that an entry is made of it if, and only if, the refusal depends on the
// records. Another measure of the same records is answered afterwards.
func TestMeasuresRefused(t *testing.T) {
	three := incomes("f", "1", "2", "3")
	for what, row := range map[string]struct {
		records     []string
		as, measure string
		want        text.Code
	}{
		"a text":                       {three, "water", "sum(sex)", text.MeasureNotOffered},
		"a text, by the provider":      {three, "civil-affairs", "sum(sex)", text.MeasureNotOffered},
		"not declared":                 {three, "water", "sum(age)", text.MeasureNotOffered},
		"no such field":                {three, "water", "sum(height)", text.UnknownField},
		"no such field to the owner":   {three, "civil-affairs", "maximum(height)", text.UnknownField},
		"by no such field":             {three, "water", "count by height", text.UnknownField},
		"a minimum not declared":       {three, "water", "minimum(income)", text.MeasureNotOffered},
		"a maximum not declared":       {three, "water", "maximum(income)", text.MeasureNotOffered},
		"by a field not declared":      {three, "water", "sum(income) by town", text.MeasureNotOffered},
		"by two, of which one is":      {three, "water", "sum(income) by sex, town", text.MeasureNotOffered},
		"of too few":                   {three[:2], "water", "sum(income)", text.GroupTooSmall},
		"of too few that have a value": {append(incomes("f", "null"), three[:2]...), "water", "average(income)", text.GroupTooSmall},
		"of one that makes half":       {three, "water", "sum(income)", text.GroupTooSmall},
		"of a negative one":            {incomes("f", "-9", "2", "3"), "water", "average(income) by sex", text.GroupTooSmall},
		"values too far apart":         {incomes("f", "1", "1e38", "1e-18"), "civil-affairs", "sum(income)", text.MeasureInexact},
		"a sum of too many digits":     {incomes("f", "1.2345678901234567e36", "0.000001", "1"), "civil-affairs", "sum(income)", text.MeasureInexact},
		"a sum that is too large": {
			incomes("f", "1.5e37", "9.2345678901234567e37", "7e37", "5"), "civil-affairs", "sum(income) by sex", text.MeasureInexact},
	} {
		t.Run(what, func(t *testing.T) {
			l, desk := people(t, residents(), row.records...)
			if _, err := measured(t, desk, row.as, "count", ""); err != nil {
				t.Fatal(err)
			}
			before := sizeOf(t, l)
			_, err := measured(t, desk, row.as, row.measure, "")
			refusedAs(t, row.measure, err, row.want)
			want := uint64(0)
			if row.want == text.GroupTooSmall || row.want == text.MeasureInexact {
				want = 1
			}
			if after := sizeOf(t, l); after != before+want {
				t.Errorf("what was refused left %d entries, want %d", after-before, want)
			}
			if got, err := measured(t, desk, row.as, "count", ""); err != nil || got.Count != uint64(len(row.records)) {
				t.Errorf("afterwards: got %d records, %v, want %d", got.Count, err, len(row.records))
			}
		})
	}
}

// TestValueThatFits checks that a sum is told if a condition leaves out the values with which the
// sum would have too many digits.
func TestValueThatFits(t *testing.T) {
	_, desk := people(t, residents(), incomes("f", "1", "1e38", "2", "1e-18")...)
	got, err := measured(t, desk, "civil-affairs", "sum(income)", `income < 100.0 && income >= 1`)
	if err != nil || shown(got.Groups) != "2 2:3" {
		t.Errorf("got %s, %v, want 2 2:3", shown(got.Groups), err)
	}
}

// TestMeasuresMalformed checks that a malformed measure is refused before anything is read.
func TestMeasuresMalformed(t *testing.T) {
	l, desk := people(t, residents())
	sex := gather.By{Field: "sex"}
	for what, q := range map[string]Question{
		"a sum of no field":        {Measure: gather.Measure{Function: gather.Sum}},
		"a count of a field":       {Measure: gather.Measure{Function: gather.Count, Field: "income"}},
		"groups of nothing":        {Measure: gather.Measure{By: []gather.By{sex}}},
		"by a field twice":         {Measure: gather.Measure{Function: gather.Count, By: []gather.By{sex, sex}}},
		"by three fields":          {Measure: gather.Measure{Function: gather.Count, By: []gather.By{sex, {Field: "a"}, {Field: "b"}}}},
		"by nothing":               {Measure: gather.Measure{Function: gather.Count, By: []gather.By{{}}}},
		"an unknown function":      {Measure: gather.Measure{Function: 6, Field: "income"}},
		"a long name":              {Measure: gather.Measure{Function: gather.Sum, Field: strings.Repeat("x", 257)}},
		"the measure of one":       {Key: "1", Measure: counted},
		"too many rows":            {Limit: MaxLimit + 1},
		"a negative limit":         {Limit: -1},
		"a condition that is none": {Where: map[string]json.RawMessage{"sex": nil}},
	} {
		views := l.Views.Load()
		q.Dataset, q.Purpose, q.Application = must(identity.ParseLabel("residents")), "statistics", applied
		_, err := desk.Query(t.Context(), newID(), civil, q)
		refusedAs(t, what, err, text.BadRequest)
		if l.Views.Load() != views {
			t.Errorf("%s: the state was read", what)
		}
	}
	_, err := desk.Query(t.Context(), newID(), civil, Question{
		Dataset: must(identity.ParseLabel("residents")), Purpose: "statistics",
		Measure: gather.Measure{Function: gather.Count, By: []gather.By{{Level: "county"}}},
	})
	refusedAs(t, "by the places of a level, of one jurisdiction", err, text.MeasureNotOffered)
}

// TestTooManyGroups checks that a measure is refused if it has more groups than an answer may have
// or has room for. The greatest number that is allowed is told.
func TestTooManyGroups(t *testing.T) {
	byName := gather.Measure{Function: gather.Count, By: byVillage}
	called := func(name string) []byte { return fmt.Appendf(nil, `{"name":"%s"}`, name) }
	p := plan{q: Question{Measure: byName}}
	tallies := newTallies(byName, maxAnswerLen)
	for n := range MaxGroups {
		if err := tallies.add(called(fmt.Sprint(n))); err != nil {
			t.Fatalf("group %d: %v", n+1, err)
		}
	}
	if err := tallies.add(called("7")); err != nil {
		t.Errorf("one more of a group that is there: %v", err)
	}
	refusedAs(t, "a group too many", p.told(tallies.add(called("x"))), text.TooManyGroups)
	long := strings.Repeat("x", maxValueLen)
	tallies = newTallies(byName, 5<<10)
	for n := range 4 {
		if err := tallies.add(called(fmt.Sprint(n, long[2:]))); err != nil {
			t.Fatalf("long group %d: %v", n+1, err)
		}
	}
	refusedAs(t, "no room for another", p.told(tallies.add(called(long))), text.TooManyGroups)
	told, err := tallies.told(0)
	if err != nil || gather.CheckGroups(byName, told) != nil {
		t.Errorf("what is told is no answer: %v, %v", err, gather.CheckGroups(byName, told))
	}
}

// TestRetractedCountsNoMore checks that every measure and filter leaves out retracted and replaced
// records, also when their payloads are erased later.
func TestRetractedCountsNoMore(t *testing.T) {
	l, desk := people(t, residents(), incomes("f", "1", "2", "3", "4")...)
	told := func(when, count, sum, filtered, grouped string) {
		t.Helper()
		for _, row := range []struct{ measure, filter, want string }{
			{"count", "", count}, {"sum(income)", "", sum}, {"count", `income > 1.5`, filtered}, {"count by sex", "", grouped},
		} {
			got, err := measured(t, desk, "civil-affairs", row.measure, row.filter)
			if err != nil || shown(got.Groups) != row.want {
				t.Errorf("%s: %s %s: got %s, %v, want %s", when, row.measure, row.filter, shown(got.Groups), err, row.want)
			}
		}
	}
	retract := func(key string) {
		t.Helper()
		_, err := desk.Retract(t.Context(), newID(), civil, must(identity.ParseLabel("residents")), key, "left")
		if err != nil {
			t.Fatal(err)
		}
	}
	told("at first", "4", "4 4:10", "3", "f 4")
	old := putPerson(t, desk, 3, `"sex":"f","income":40`)
	told("replaced", "4", "4 4:46", "3", "f 4")
	retract("3")
	told("retracted", "3", "3 3:6", "2", "f 3")
	for _, index := range []uint64{old.Index(), old.Index() - 1} { // all that it ever was
		if _, err := commandErase.Do(t.Context(), l, book.Request{}, index); err != nil {
			t.Fatal(err)
		}
	}
	told("erased", "3", "3 3:6", "2", "f 3")
	putPerson(t, desk, 3, `"sex":"f","income":5`)
	told("put again", "4", "4 4:11", "3", "f 4")
	for _, key := range []string{"0", "1"} {
		retract(key)
	}
	told("two retracted", "2", "2 2:8", "2", "f 2")
	for _, key := range []string{"2", "3"} {
		retract(key)
	}
	told("all retracted", "0", "0", "0", "")
}

// TestGrantNamesMeasures checks that a grant serves the measures that the entry declared when the
// grant was given. A measure that the entry declares later needs a new application, and the new
// grant serves both.
func TestGrantNamesMeasures(t *testing.T) {
	l, desk := people(t, residents(), incomes("f", "1", "2", "2", "2")...)
	first, err := measured(t, desk, "water", "sum(income)", "")
	if err != nil || !first.GrantedNow {
		t.Fatalf("got %+v, %v", first.Use, err)
	}
	again, err := measured(t, desk, "water", "average(income) by sex", "")
	if err != nil || again.GrantedNow || again.Grant != first.Grant {
		t.Errorf("an average: got %+v, %v, want the grant %s", again.Use, err, first.Grant)
	}
	next := residents()
	next.Code, next.Measures = must(identity.ParseLabel("residents")), policy.Measures{"income": {"sum", "average", "maximum"}}
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, next); err != nil {
		t.Fatal(err)
	}
	if got, err := measured(t, desk, "water", "sum(income)", ""); err != nil || got.Grant != first.Grant {
		t.Errorf("what it names: got %+v, %v, want the grant %s", got.Use, err, first.Grant)
	}
	most, err := measured(t, desk, "water", "maximum(income)", "")
	if err != nil || !most.GrantedNow || most.Grant == first.Grant || shown(most.Groups) != "4 4:2" {
		t.Errorf("what it does not name: got %+v %s, %v, want a new grant", most.Use, shown(most.Groups), err)
	}
	if got, err := measured(t, desk, "water", "sum(income)", ""); err != nil || got.Grant != most.Grant {
		t.Errorf("afterwards: got %+v, %v, want the grant %s", got.Use, err, most.Grant)
	}
	reading(t, l, func(r *state.Reader) {
		for _, g := range sharing.Grants(r) {
			if want := g.Index == most.Grant.Index(); g.Measures.Has(parsed("maximum(income)")) != want {
				t.Errorf("the grant %d names %v", g.Index, g.Measures)
			}
		}
	})
}

// TestLongMeasures checks that a grant can be kept for the most measures, with the longest names,
// that an entry may declare. A grant that cannot be kept would stop every replica.
func TestLongMeasures(t *testing.T) {
	e := villages()
	e.Measures = policy.Measures{}
	properties := []string{`"code":{"type":"string"}`, `"name":{"type":"string"}`, `"township":{"type":"string"}`}
	for n := range catalog.MaxMeasured {
		name := fmt.Sprintf("f%02d%s", n, strings.Repeat("𠮷", rows.MaxName-3))
		properties = append(properties, fmt.Sprintf(`"%s":{"type":"number"}`, name))
		e.Measures[name] = []string{"sum", "average", "minimum", "maximum"}
	}
	e.Schema = []byte(`{"type":"object","properties":{` + strings.Join(properties, ",") + `}}`)
	_, desk := people(t, e)
	if _, err := measured(t, desk, "water", "count", ""); err != nil {
		t.Errorf("got %v", err)
	}
}
