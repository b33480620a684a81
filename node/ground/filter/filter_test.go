package filter

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var fields = []Field{
	{"code", String, false}, {"name", String, false}, {"households", Integer, true}, {"population", Integer, false},
	{"area", Number, false}, {"urban", Boolean, false}, {"tags", Other, true}, {"type", String, true},
}

const record = `{"area":1.5,"code":"520102016001","households":120,"name":"观水社区","tags":["a","b"],"type":"x","urban":true}`

func compile(expression string) (*Filter, error) {
	e, err := Parse(expression)
	if err != nil {
		return nil, err
	}
	return e.Plan(fields)
}

// The outcomes of a match.
const (
	yes          = "yes"
	no           = "no"
	incomparable = "incomparable"
)

func outcome(f *Filter, record string) string {
	switch matches, err := f.Match(context.Background(), []byte(record)); {
	case errors.Is(err, ErrIncomparable):
		return incomparable
	case err != nil:
		return err.Error()
	case matches:
		return yes
	}
	return no
}

func TestMatch(t *testing.T) {
	for expression, want := range map[string]string{
		`name == "观水社区"`:                                 yes,
		`name.startsWith("观") && urban`:                  yes,
		`households > 100`:                               yes,
		`households > 100.5`:                             yes,
		`area < 2`:                                       yes,
		`population > 0`:                                 incomparable, // absent
		`!(population > 0)`:                              incomparable,
		`population > 0 || urban`:                        yes,
		`households == null`:                             no,
		`dyn(population) == null`:                        yes,
		`tags.exists(t, t == "b")`:                       yes,
		`tags.exists_one(t, t == "b")`:                   yes,
		`[tags] == [["a", "b"]] && name in [code, name]`: yes,
		`[name] != [code] && tags + tags == ["a", "b", "a", "b"]`: yes,
		`name in dyn(code)`:                      incomparable,
		`tags[5] == "b"`:                         incomparable,
		`code.matches("^520102") || area == 0`:   yes,
		`matches(code, "^520103")`:               no,
		`.name.matches("^观")`:                    yes,
		`tags.exists(t, t.matches("^b$"))`:       yes,
		`households.matches("1")`:                incomparable,
		`name.size() == 4`:                       yes,
		`type == "x" && type(name) == string`:    yes,          // a field may be called as a type of CEL
		`tags`:                                   incomparable, // no truth value
		`code in ["520102016001"] && 1 in [1,2]`: yes,
	} {
		f, err := compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got := outcome(f, record); got != want {
			t.Errorf("%s: got %s, want %s", expression, got, want)
		}
	}
}

// doubledTypes is a filter in which each variable has a type twice as long as the one before.
func doubledTypes(times int) string {
	before, after, last := "", "", "1"
	for i := range times {
		name := fmt.Sprintf("v%d", i)
		before, after, last = fmt.Sprintf("%s[{%s: %s}].all(%s, ", before, last, last, name), after+")", name
	}
	return before + last + " == " + last + after
}

func TestRefused(t *testing.T) {
	for expression, position := range map[string]int{
		``: 1, `name ==`: 8, `phone == "1"`: 1, `name == 5`: 6, `name`: 1, `size(name)`: 0, `name.read()`: 10,
		strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100): 0,
		strings.Repeat("true||", MaxLen):                             MaxLen,
		"[" + strings.Repeat("1,", maxNodes) + "1] == tags":          0,
		`tags.map(t, t + t).exists(t, t == "aa")`:                    9,
		`tags.filter(t, t == "a").size() == 1`:                       12,
		`name.matches(code)`:                                         13, // what may be matched is known before a record is read
		`name.matches("a" + "b")`:                                    13,
		`.matches(name, code)`:                                       0,
		`[code].exists(c, name.matches(c))`:                          0,
		`name.matches("(")`:                                          13,
		`name.matches("(?:a{100}){100}")`:                            13,
		`name.matches("a{600}") || code.matches("a{600}")`:           0, // together
		`{"a": 1}["a"] == 1`:                                         1,
		`google.protobuf.Duration{seconds: 1} == duration(name)`:     0,
		doubledTypes(12):                                             0,
		`@work == 1`:                                                 0,
	} {
		var err error
		if took := allocated(func() { _, err = compile(expression) }); took > 2<<20 && !raced {
			t.Errorf("%.40s: %d KiB before it was refused", expression, took>>10)
		}
		bad, ok := errors.AsType[*Malformed](err)
		if !ok || position > 0 && bad.Position != position || bad.Reason == "" {
			t.Errorf("%.40s: got %v, want it refused at character %d", expression, err, position)
		}
	}
}

// TestCostlyRecords (S02c) checks that a record costs no more than is allowed, and is incomparable
// where it would: by steps, by a pattern, by many patterns, by texts that are copied, by time
// zones.
func TestCostlyRecords(t *testing.T) {
	list := "[" + strings.Repeat("1,", 99) + "1]"
	long := `{"code":"` + strings.Repeat("5", 40<<10) + `","name":"` + strings.Repeat("5", 900) + `"}`
	for _, expression := range []string{
		nestedLists(7), `[[code, code]].all(a, [a+a].all(b, [b+b].all(c, [c+c].all(d, [d+d].all(e, e + e == e + e)))))`,
		list + `.all(a, ` + list + `.all(b, ` + list + `.all(c, a+b+c > 0)))`,
		`code.matches("^5*x?y?z?(a|b|c|5)*(5x?y?){9}$")`,
		list + `.all(a, ` + list + `.all(b, name.matches("^5*$")))`,
		list + `.all(a, size(code) > 0)`, list + `.all(a, size(bytes(code)) > 0)`, list + `.all(a, int(code) > 0 || true)`,
		list + `.all(a, double(code) > 0.0 || true)`, list + `.all(a, timestamp(code) > timestamp(name) || true)`,
		list + `.all(a, timestamp("2026-01-01T00:00:00Z").getHours("Asia/Shanghai") > a)`,
		`[code].all(a, [a+a].all(b, [b+b].all(c, [c+c].all(d, [d+d].all(e, e.size() > 1)))))`,
	} {
		f, err := compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		var got string
		took := allocated(func() { got = outcome(f, long) })
		if got != incomparable || took > 8<<20 {
			t.Errorf("%s: got %s, with %d KiB", expression, got, took>>10)
		}
	}
}

// nestedLists is a filter in which each variable is a list of eight times the one before: all of
// them are few values, and more comparisons than can be made.
func nestedLists(times int) string {
	before, after, last := "", "", "name"
	for i := range times {
		name := fmt.Sprintf("v%d", i)
		before, after, last = before+"[["+strings.Repeat(last+", ", 7)+last+"]].all("+name+", ", after+")", name
	}
	return before + last + " == " + last + after
}

// allocated returns how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestInterrupted checks that a deadline is looked at inside one record.
func TestInterrupted(t *testing.T) {
	list := "[" + strings.Repeat("1,", 99) + "1]"
	f, err := compile(list + `.all(a, ` + list + `.all(b, a+b > 0))`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Match(ctx, []byte(record)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// TestNames checks that every field that a result may depend on is among the names, however it is
// written: by them the use is permitted.
func TestNames(t *testing.T) {
	for expression, want := range map[string]string{
		`urban && (name == "x" || tags.exists(t, t == code))`: "code name t tags urban",
		`.name == "x"`:                          "name",
		`[1].all(name, name == 1)`:              "name",
		`has(tags.name) || tags["code"] == "x"`: "tags",
		`[[code], [name]][area] == [.type]`:     "area code name type",
	} {
		e, err := Parse(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		got := slices.DeleteFunc(e.Names(), func(name string) bool { return strings.HasPrefix(name, "@") })
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", expression, got, want)
		}
	}
}

// FuzzParse checks, for any expression: parsing and planning stay small, so does one record, and a
// field that is not named is never looked at.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`name == "x"`, `[tags, [[]]].exists(t, t + t == tags && t.exists_one(u, "a" in t))`, `households / 0 == 1`, `.name.matches("^(a|b)*$")`,
		`[[name]][0][0].size() > 1u`, `timestamp(name).getHours("Asia/Shanghai") == 1`, `record["name"] == record.code && -.5e1 * area < 12345678901234567890u`, `!!!!!--1 == 1 ? b"x" == b'y' : has(tags.x)`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		var err error
		var filter *Filter
		var parsed *Expression
		if took := allocated(func() { parsed, err = Parse(expression) }); took > 2<<20 {
			t.Errorf("%q: %d KiB to parse", expression, took>>10)
		}
		if err != nil {
			return
		}
		if took := allocated(func() { filter, err = parsed.Plan(fields) }); took > 16<<20 {
			t.Errorf("%q: %d KiB to plan", expression, took>>10)
		}
		if err != nil {
			return
		}
		for _, field := range filter.fields {
			if !slices.Contains(parsed.Names(), field) {
				t.Errorf("%q: the field %s is read, and is none of the names", expression, field)
			}
		}
		var got string
		if took := allocated(func() { got = outcome(filter, record) }); took > 32<<20 {
			t.Errorf("%q: %d KiB for one record", expression, took>>10)
		}
		if got != yes && got != no && got != incomparable {
			t.Errorf("%q: %s", expression, got)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	f, err := compile(`urban && name.startsWith("观")`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if ok, err := f.Match(b.Context(), []byte(record)); err != nil || !ok {
			b.Fatal(ok, err)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compile(`urban && name.startsWith("观") && code.matches("^520102")`); err != nil {
			b.Fatal(err)
		}
	}
}
