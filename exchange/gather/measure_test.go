package gather

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/exchange/decimal"
)

func TestFunctions(t *testing.T) {
	for i, want := range []string{"count", "sum", "average", "minimum", "maximum"} {
		f, err := ParseFunction(want)
		if err != nil || f != Function(i+1) || f.String() != want {
			t.Errorf("%s: got %d, %v", want, f, err)
		}
	}
	for _, bad := range []string{"", "none", "Count", "mean", "sum ", strings.Repeat("x", 1000)} {
		if f, err := ParseFunction(bad); !errors.Is(err, ErrMeasure) || f != None {
			t.Errorf("%.20q: got %s, %v, want ErrMeasure", bad, f, err)
		}
	}
	if got := Function(9).String(); got != "function 9" {
		t.Errorf("got %s", got)
	}
}

func TestMeasure(t *testing.T) {
	county, sex := By{Level: "county"}, By{Field: "sex"}
	for _, row := range []struct {
		m              Measure
		wrong          string // "": it can be asked
		told, fields   string
		toldByAnything bool
	}{
		{Measure{}, "", "none", "", false},
		{Measure{Function: Count}, "", "count", "", false},
		{Measure{Function: Count, By: []By{sex}}, "", "count by sex", "sex", true},
		{Measure{Function: Sum, Field: "income", By: []By{county, sex}}, "", "sum(income) by county, sex", "income sex", true},
		{Measure{Function: Maximum, Field: "sex", By: []By{sex}}, "", "maximum(sex) by sex", "sex", true},
		{Measure{Function: Average, Field: strings.Repeat("f", maxField)}, "", "average(" + strings.Repeat("f", maxField) + ")", strings.Repeat("f", maxField), false},
		{Measure{Function: 6, Field: "income"}, "no function 6", "function 6(income)", "income", false},
		{Measure{Field: "income"}, "none of the field", "none(income)", "income", false},
		{Measure{By: []By{sex}}, "groups of nothing", "none by sex", "sex", true},
		{Measure{Function: Count, Field: "income"}, "count of the field", "count(income)", "income", false},
		{Measure{Function: Sum}, "sum of the field", "sum", "", false},
		{Measure{Function: Count, By: []By{sex, sex}}, "by sex twice", "count by sex, sex", "sex", true},
		{Measure{Function: Count, By: []By{sex, county, {Field: "age"}}}, "3 dimensions", "count by sex, county, age", "sex age", true},
		{Measure{Function: Count, By: []By{{}}}, "by a level or a field", "count by", "", true},
		{Measure{Function: Count, By: []By{{Level: "a", Field: "b"}}}, "by a level or a field", "count by ab", "b", true},
		{Measure{Function: Count, By: []By{{Level: strings.Repeat("l", maxLevel+1)}}}, "level's name of 41 bytes", "", "", true},
		{Measure{Function: Count, By: []By{{Field: strings.Repeat("f", maxField+1)}}}, "field's name of 257 bytes", "", "", true},
		{Measure{Function: Sum, Field: strings.Repeat("f", maxField+1)}, "field's name of 257 bytes", "", "", false},
	} {
		err := row.m.Check()
		if row.wrong == "" && err != nil || row.wrong != "" && (!errors.Is(err, ErrMeasure) || !strings.Contains(err.Error(), row.wrong)) {
			t.Errorf("%s: got %v, want %q", row.m, err, row.wrong)
		}
		if row.told == "" {
			continue
		}
		if got := row.m.String(); got != row.told || row.m.Grouped() != row.toldByAnything || strings.Join(row.m.Fields(), " ") != row.fields {
			t.Errorf("got %s, grouped %t, of %q, want %s, %t, %s", got, row.m.Grouped(), row.m.Fields(), row.told, row.toldByAnything, row.fields)
		}
	}
}

// TestByOnTheWire: a dimension is [level, field].
func TestByOnTheWire(t *testing.T) {
	data, err := canon.Marshal([]By{{Level: "county"}, {Field: "sex"}})
	if want := "\x82\x82\x66county\x60\x82\x60\x63sex"; err != nil || string(data) != want {
		t.Errorf("got %q, %v, want %q", data, err, want)
	}
	var back []By
	if err := canon.Unmarshal(data, 100, &back); err != nil || !slices.Equal(back, []By{{Level: "county"}, {Field: "sex"}}) {
		t.Errorf("got %v, %v", back, err)
	}
}

// TestPlace puts the places of a jurisdiction between the values of its fields.
func TestPlace(t *testing.T) {
	r := rosterOf(t, "p", "a.p", "x.a.p", "b.p")
	for _, row := range []struct {
		by          []By
		values      string
		at, want    string
		noPlace, ok bool
	}{
		{nil, "", "x.a.p", "", false, true},
		{[]By{{Level: "county"}}, "", "x.a.p", "x.a.p", false, true},
		{[]By{{Level: "prefecture"}}, "", "x.a.p", "a.p", false, true},
		{[]By{{Level: "prefecture"}, {Field: "sex"}}, "f", "x.a.p", "a.p f", false, true},
		{[]By{{Field: "sex"}, {Level: "prefecture"}}, "f", "n.x.a.p", "f a.p", false, true},
		{[]By{{Field: "sex"}, {Field: "age"}}, "f 7", "x.a.p", "f 7", false, true},
		{[]By{{Level: "county"}, {Level: "prefecture"}}, "", "x.a.p", "x.a.p a.p", false, true},
		{[]By{{Level: "county"}}, "", "b.p", "b.p", false, true},     // a city counts for itself
		{[]By{{Level: "county"}}, "", "b.b.p", "b.p", false, true},   // no county is in the city either
		{[]By{{Level: "county"}}, "", "a.p", "a.p", false, true},     // beside its counties
		{[]By{{Level: "county"}}, "", "n.a.p", "n.a.p", false, true}, // an extra beside them
		{[]By{{Level: "prefecture"}}, "", "n.p", "n.p", false, true}, // an extra of the province
		{[]By{{Level: "prefecture"}, {Level: "county"}}, "", "b.p", "b.p b.p", false, true},
		{[]By{{Field: "sex"}, {Level: "township"}}, "f", "x.a.p", "", true, false},
		{[]By{{Field: "sex"}}, "", "x.a.p", "", false, false},
		{[]By{{Field: "sex"}}, "f 7", "x.a.p", "", false, false},
		{nil, "f", "x.a.p", "", false, false},
	} {
		q := Question{Selector: Selector{Below: name(t, "p"), Deep: true}, Measure: Measure{Function: Count, By: row.by}}
		var got []string
		place, err := q.Placer(r, name(t, row.at))
		if err == nil {
			got, err = place(strings.Fields(row.values))
		}
		if (err == nil) != row.ok || errors.Is(err, ErrNoPlace) != row.noPlace || strings.Join(got, " ") != row.want || row.ok && got == nil {
			t.Errorf("%s of %q by %v: got %q, %v, want %q", row.at, row.values, row.by, got, err, row.want)
		}
	}
}

// TestWhole combines the groups of a share by the function.
func TestWhole(t *testing.T) {
	s := sums(t, rosterOf(t, "g"))
	for f, want := range map[Function]string{Sum: "7.5", Average: "7.5", Minimum: "-2.5", Maximum: "10"} {
		got, err := s.Whole(Measure{Function: f, Field: "income"})
		if err != nil || got.Count != 10 || got.With != 8 || got.Amount.String() != want || got.Values == nil || got.Suppressed {
			t.Errorf("%s: got %+v, %v, want %s", f, got, err, want)
		}
	}
	whole, err := s.Whole(Measure{Function: Average, Field: "income"})
	if average, told := whole.Average(2); err != nil || !told || average.String() != "0.94" {
		t.Errorf("got an average of %s, %t, %v, want 0.94", average, told, err)
	}
	if average, told := (Group{Count: 3}).Average(2); told {
		t.Errorf("got an average of %s without a value", average)
	}
	none, err := Share{Groups: all(3)}.Whole(Measure{Function: Sum, Field: "income"})
	if err != nil || none.Count != 3 || none.Amount != nil {
		t.Errorf("without a value: got %+v, %v", none, err)
	}
	s.Groups[0].Amount, s.Groups[1].Amount = amount(t, nines), amount(t, "0.5")
	if got, err := s.Whole(Measure{Function: Sum, Field: "income"}); !errors.Is(err, decimal.ErrDecimal) {
		t.Errorf("a sum of 39 digits: got %+v, %v, want ErrDecimal", got, err)
	}
}

// TestSize: a group takes no more bytes than a hop sets aside for it.
func TestSize(t *testing.T) {
	for _, g := range []Group{
		{Values: []string{}}, {Values: []string{"", ""}, Count: 1<<64 - 1, With: 1<<64 - 1, Suppressed: true},
		{Values: []string{strings.Repeat("v", maxText), "v"}, Count: 1 << 60, With: 1 << 60, Amount: amount(t, "-"+nines+"e38")},
	} {
		if data, err := canon.Marshal(g); err != nil || len(data) > g.size() {
			t.Errorf("got %d bytes, %v, want at most %d", len(data), err, g.size())
		}
	}
}

// TestAmountOnTheWire checks that every other spelling of an amount is refused, and every text that
// is not an amount.
func TestAmountOnTheWire(t *testing.T) {
	s := Share{Roster: 1, Hash: make([]byte, 32), Groups: []Group{{Values: []string{}, Count: 1, With: 1, Amount: amount(t, "12345")}}}
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		amount string // the amount in CBOR
		ok     bool
	}{
		"as it is":        {"\x6512345", true},
		"no whole part":   {"\x63-.5", false},
		"the largest":     {"\x78\x4c" + nines + strings.Repeat("0", 38), true},
		"the least":       {"\x740.000000000000000001", true},
		"a fraction of 0": {"\x651.500", false},
		"an exponent":     {"\x631e3", false},
		"minus 0":         {"\x62-0", false},
		"39 digits":       {"\x78\x27" + nines + "9", false},
		"ten thousand":    {"\x79\x27\x10" + strings.Repeat("9", 10_000), false},
		"too small":       {"\x750.0000000000000000001", false},
		"too large":       {"\x78\x281" + strings.Repeat("0", 39), false},
		"nothing":         {"\x60", false},
		"null":            {"\xf6", false},
		"an integer":      {"\x19\x30\x39", false},
		"a float":         {"\xfa\x46\x40\xe4\x00", false},
		"bytes":           {"\x4512345", false},
		"a longer head":   {"\x78\x0512345", false},
	} {
		got, err := Decode(bytes.Replace(data, []byte("\x6512345"), []byte(row.amount), 1))
		if (err == nil) != row.ok || err != nil && !errors.Is(err, ErrForm) {
			t.Errorf("%s: got %+v, %v", what, got.Groups, err)
		}
	}
}

// sums is a share of two children and own records, grouped by sex.
func sums(t testing.TB, r Roster) Share {
	group := func(value string, count, with uint64, of string) Group {
		return Group{Values: []string{value}, Count: count, With: with, Amount: amount(t, of)}
	}
	return Share{
		Roster: 1, Hash: r.Hash[:], AsOf: number(7), Answered: 4, Own: []Group{group("f", 2, 1, "10")},
		Groups: []Group{group("f", 4, 3, "10"), group("m", 6, 5, "-2.5")}, Shares: []Listed{added(t, "a.p.g"), added(t, "b.p.g")},
	}
}

// TestCheckAmounts makes one change to a share that adds up.
func TestCheckAmounts(t *testing.T) {
	r := rosterOf(t, "g", "p.g", "a.p.g", "b.p.g", "x.b.p.g")
	sex := []By{{Field: "sex"}}
	for what, row := range map[string]struct {
		f    Function
		edit func(*Question, *Share)
		want string // "": it adds up
	}{
		"as it is":                 {Sum, func(*Question, *Share) {}, ""},
		"an average":               {Average, func(*Question, *Share) {}, ""},
		"a minimum":                {Minimum, func(*Question, *Share) {}, ""},
		"a maximum":                {Maximum, func(*Question, *Share) {}, ""},
		"a sum less than its own":  {Sum, func(_ *Question, s *Share) { s.Groups[0].Amount = amount(t, "-3") }, ""},
		"a lower minimum":          {Minimum, func(_ *Question, s *Share) { s.Groups[0].Amount = amount(t, "9.9") }, ""},
		"a higher minimum":         {Minimum, func(_ *Question, s *Share) { s.Groups[0].Amount = amount(t, "10.1") }, "the minimum of the group"},
		"a higher maximum":         {Maximum, func(_ *Question, s *Share) { s.Groups[0].Amount = amount(t, "10.1") }, ""},
		"a lower maximum":          {Maximum, func(_ *Question, s *Share) { s.Groups[0].Amount = amount(t, "9.9") }, "the maximum of the group"},
		"no group of its own":      {Sum, func(_ *Question, s *Share) { s.Groups = s.Groups[1:] }, "the others of p.g are not its own groups that are not told"},
		"fewer records":            {Sum, func(_ *Question, s *Share) { s.Own[0].Count = 5 }, "less than of its own"},
		"fewer values":             {Sum, func(_ *Question, s *Share) { s.Own[0].Count, s.Own[0].With = 4, 4 }, "less than of its own"},
		"more values than records": {Sum, func(_ *Question, s *Share) { s.Groups[1].With = 7 }, "7 of the 6 records"},
		"no amount":                {Sum, func(_ *Question, s *Share) { s.Groups[1].Amount = nil }, "an amount is told: false"},
		"no amount of its own":     {Minimum, func(_ *Question, s *Share) { s.Own[0].Amount = nil }, "an amount is told: false"},
		"no values":                {Sum, func(_ *Question, s *Share) { s.Groups[1].With = 0 }, "an amount is told: true"},
		"an amount of a count":     {Count, func(*Question, *Share) {}, "is counted, and has values"},
		"an amount of a count alone": {Count, func(_ *Question, s *Share) {
			s.Own, s.Groups = nil, []Group{{Values: []string{"f"}, Count: 1, Amount: amount(t, "1")}}
		}, "an amount is told: true"},
		"an amount of records":      {None, func(*Question, *Share) {}, "nothing that was asked"},
		"an amount of what is none": {6, func(*Question, *Share) {}, "nothing that was asked"},
		"no value":                  {Sum, func(_ *Question, s *Share) { s.Groups[0].Values = []string{} }, "0 values of 1"},
		"a value too much":          {Sum, func(_ *Question, s *Share) { s.Groups[1].Values = []string{"m", "7"} }, "2 values of 1"},
		"suppressed, with a value":  {Sum, func(_ *Question, s *Share) { s.Groups[1].Suppressed = true }, "tells what it is of"},
		"suppressed": {Sum, func(_ *Question, s *Share) {
			s.Groups = slices.Insert(s.Groups, 0, Group{Values: []string{}, Suppressed: true, Count: 1, With: 1, Amount: amount(t, "1")})
		}, ""},
		"suppressed, of one group": {Sum, func(q *Question, s *Share) {
			q.By, s.Own, s.Groups = nil, nil, []Group{{Values: []string{}, Suppressed: true, Count: 1}}
		}, "tells what it is of"},
		"more groups than may be": {Sum, func(q *Question, _ *Share) { q.Groups = 1 }, "it tells 2 groups of"},
		"longer groups than may be": {Sum, func(_ *Question, s *Share) {
			for i := range 8 {
				value := fmt.Sprintf("n%d%s", i, strings.Repeat("x", maxTold/8))
				s.Groups = append(s.Groups, Group{Values: []string{value}, Count: 1, With: 1, Amount: amount(t, "1")})
			}
			s.Groups = s.Groups[2:]
			s.Own = nil
		}, "it tells 8 groups of"},
		"longer groups of its own": {Sum, func(_ *Question, s *Share) {
			s.Own[0].Values[0] += strings.Repeat("x", maxOwn)
			s.Groups[0].Values = s.Own[0].Values
		}, "it tells 1 groups of"},
		"two groups of one":   {Sum, func(q *Question, s *Share) { q.By, s.Own = nil, nil }, "1 values of 0"},
		"a place and a value": {Sum, func(q *Question, s *Share) { q.By = slices.Insert(sex, 0, By{Level: "county"}) }, "1 values of 2"},
		"a place that is none": {Sum, func(q *Question, s *Share) {
			q.By, s.Own = slices.Insert(sex, 1, By{Level: "county"}), nil
			s.Groups = []Group{{Values: []string{"f", "c.p.g"}, Count: 1}}
		}, "is no county of those who answered"},
		"a place that is one": {Sum, func(q *Question, s *Share) {
			q.By, s.Own = slices.Insert(sex, 1, By{Level: "county"}), nil
			s.Groups = []Group{{Values: []string{"f", "b.p.g"}, Count: 1}}
		}, ""},
		"places apart": {Sum, func(q *Question, s *Share) {
			q.By, s.Own = []By{{Level: "county"}, {Level: "township"}}, nil
			s.Groups = []Group{{Values: []string{"a.p.g", "x.b.p.g"}, Count: 1}}
		}, "is no township of those who answered"},
		"places in one another": {Sum, func(q *Question, s *Share) {
			q.By, s.Own = []By{{Level: "township"}, {Level: "county"}}, nil
			s.Groups = []Group{{Values: []string{"x.b.p.g", "b.p.g"}, Count: 1}}
		}, ""},
	} {
		q := Question{Selector: Selector{Below: name(t, "g"), Deep: true}, Measure: Measure{Function: row.f, Field: "income", By: sex}, Groups: 9}
		s := sums(t, r)
		row.edit(&q, &s)
		err := s.Check(q, r, name(t, "p.g"))
		if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, ErrSum) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", what, err, row.want)
		}
	}
}
