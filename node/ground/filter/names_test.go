package filter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// odd are fields that CEL cannot spell, or takes for something else.
var odd = []Field{
	{"姓名", String, true}, {"单位_万元", Number, true}, {"in", String, true}, {"package", String, true}, {"true", String, true},
	{"record", String, true}, {"été", String, true}, {"name", String, true}, {"result", String, true}, {"tags", Other, true},
}

const oddRecord = `{"in":"i","name":"n","package":"p","record":"r","result":"s","tags":["t"],"true":"w","été":"x","单位_万元":12.5,"姓名":"甲"}`

func planned(expression string) (*Filter, error) {
	e, err := Parse(expression)
	if err != nil {
		return nil, err
	}
	return e.Plan(odd)
}

// TestAnyName (P14): a field of any name is found by record, and counts as that field and no other.
func TestAnyName(t *testing.T) {
	for expression, want := range map[string]string{
		`record["姓名"] == "甲"`:                                "姓名",
		`record['姓名'] != "乙" && record["单位_万元"] > 12`:        "单位_万元 姓名",
		`record["in"] == "i" && record["true"] == "w"`:       "in true",
		`record.package == "p" || record["package"] == "q"`:  "package",
		`record.record == "r" && record["record"] == "r"`:    "record",
		`record["\u00e9t\u00e9"] == "x"`:                     "été",
		`record["e\u0301te\u0301"] == "x"`:                   "été",
		`record.name == name && record . name . size() == 1`: "name",
		`[1].all(name, name == 1 && record.name == "n")`:     "name",
		`record.tags[0] == "t" && record["tags"].size() > 0`: "tags",
		`[1].all(result, record.result == "s")`:              "result",
		`record.name.matches("^n$")`:                         "name",
	} {
		f, err := planned(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got := outcome(f, oddRecord); got != yes {
			t.Errorf("%s: got %s, want %s", expression, got, yes)
		}
		e, _ := Parse(expression)
		names := slices.DeleteFunc(e.Names(), func(name string) bool { return strings.HasPrefix(name, "@") })
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: got the names %q, want %q", expression, got, want)
		}
	}
}

// TestRecordAlone (P14): record is no value. Whatever is done with it but to name a field is
// refused where it stands, before anything is planned.
func TestRecordAlone(t *testing.T) {
	for expression, position := range map[string]int{
		`record == "r"`: 1, `name == record`: 9, `record[name] == "x"`: 1, `record["na" + "me"] == "n"`: 1, `record[0] == "x"`: 1,
		`record[b"name"] == "x"`: 1, `has(record.name)`: 4, `[record] == []`: 2, `record.exists(f, f == "name")`: 1, `"name" in record`: 11,
		`[record][0].name == "x"`: 2, `(true ? record : record).name == "n"`: 0, `.record.name == "n"`: 1, `.record == "r"`: 1,
		`dyn(record).name == "n"`: 5, `tags.exists(record, record == "t")`: 0, `tags.exists(record, record.name == "n")`: 0,
		`record.size() == 1`: 1, `size(record) == 1`: 6, `type(record) == map`: 6, `record{name: "x"} == 1`: 0, `tags.all(t, record[t] == "x")`: 13,
		`record == null`: 1, `record[record.name] == "x"`: 1,
	} {
		_, err := Parse(expression)
		bad, ok := errors.AsType[*Malformed](err)
		if !ok || position > 0 && bad.Position != position {
			t.Errorf("%s: got %v, want it refused at character %d", expression, err, position)
		}
	}
	_, err := planned(`name == "n" && record["身份证"] == "x"`)
	if bad, ok := errors.AsType[*Malformed](err); !ok || bad.Reason != "there is no field 身份证" {
		t.Errorf("got %v, want that there is no such field", err)
	}
}

// TestOnlyNamedIsRead draws expressions of every form in which a field may be named: only what
// Names tells is ever read of a record, so that a field for which the asker has no permission does
// not change the outcome.
func TestOnlyNamedIsRead(t *testing.T) {
	parts := []string{
		"name", "record", ".", "[", "]", `"name"`, `"secret"`, "secret", "(", ")", "==", "in", "!=", `"x"`, "has(", "tags", ".exists(secret, ", ".all(t, ",
		"?", ":", "null", "dyn(", "[0]", "&&", "||", "!", "+", "`secret`", "'secret'", "r\"secret\"", ".secret", ".name", "size(", " ",
	}
	fields := []Field{{"name", String, true}, {"secret", String, true}, {"tags", Other, true}}
	taken := 0
	rapid.Check(t, func(rt *rapid.T) {
		expression := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 12).Draw(rt, "parts"), "")
		if rapid.Bool().Draw(rt, "compared") {
			expression += ` == "x"`
		}
		e, err := Parse(expression)
		if err != nil || slices.Contains(e.Names(), "secret") {
			return
		}
		f, err := e.Plan(fields)
		if err != nil {
			return
		}
		taken++
		one := outcome(f, `{"name":"x","secret":"x","tags":["x"]}`)
		if other := outcome(f, `{"name":"x","secret":"y","tags":["x"]}`); one != other {
			rt.Errorf("%s: %s and %s by a field that it does not name", expression, one, other)
		}
	})
	t.Logf("%d were taken", taken)
}

// TestExample (P14): the example that an error shows is of the field that was meant, and is taken.
func TestExample(t *testing.T) {
	for expression, want := range map[string]string{
		`姓名 == "甲"`: `record["姓名"] == "…"`, "`姓名` == \"甲\"": `record["姓名"] == "…"`, `name == "x" && 单位_万元 > 5`: `record["单位_万元"] > 0.5`,
		`in == "x"`: `record["in"] == "…"`, `package == "x"`: `record["package"] == "…"`, `true == "x"`: `record["true"] == "…"`,
		`record == "x"`: `record["record"] == "…"`, `name = "x"`: `name == "…"`, `phone == "1"`: `name == "…"`, `((`: `name == "…"`,
		"e\u0301te\u0301 == \"x\"": `record["été"] == "…"`,
	} {
		if got := Example(expression, odd); got != want {
			t.Errorf("%s: got %s, want %s", expression, got, want)
		}
		if _, err := planned(expression); err == nil {
			t.Errorf("%s is taken", expression)
		}
		if _, err := planned(want); err != nil {
			t.Errorf("the example %s: %v", want, err)
		}
	}
	if got, want := Example("((", odd[:2]), `record["姓名"] == "…"`; got != want {
		t.Errorf("of odd names alone: got %s, want %s", got, want)
	}
	if got := Example("((", nil); got != "" {
		t.Errorf("of no field: got %s", got)
	}
}

// TestMessages: no error shows how the program names a thing to itself.
func TestMessages(t *testing.T) {
	for expression, want := range map[string]string{
		`nam == "x"`: "undeclared reference to 'nam'", `recor == "x"`: "undeclared reference to 'recor'",
		`record.name.read()`: "undeclared reference to 'read'", `record.name - 1 == "a" - "b"`: "found no matching overload for '-' applied to '(string, string)'",
		`"a" * 2 == 1`: "found no matching overload for '*' applied to '(string, int)'", `"a" == 1`: "found no matching overload for '==' applied to '(string, int)'",
	} {
		if _, err := planned(expression); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", expression, err, want)
		}
	}
}

// TestZones (P12): a time zone is that of the program, and a misspelt one is refused by name.
func TestZones(t *testing.T) {
	const hour = `timestamp("2026-01-01T00:30:00Z").getHours("ZONE") == 8`
	for zone, want := range map[string]string{"Asia/Shanghai": yes, "+08:00": yes, "Asia/Urumqi": no, "UTC": no} {
		f, err := planned(strings.Replace(hour, "ZONE", zone, 1))
		if err != nil {
			t.Errorf("%s: %v", zone, err)
			continue
		}
		if got := outcome(f, oddRecord); got != want {
			t.Errorf("%s: got %s, want %s", zone, got, want)
		}
	}
	for _, zone := range []string{"Asia/Shanghia", "Beijing", "Local", "+99:00", "../../etc/passwd"} {
		_, err := planned(`name == "n" && ` + strings.Replace(hour, "ZONE", zone, 1))
		if bad, ok := errors.AsType[*Malformed](err); !ok || bad.Reason != "there is no time zone "+zone || bad.Position < 50 {
			t.Errorf("%s: got %v", zone, err)
		}
	}
	f, err := planned(`timestamp("2026-01-01T00:30:00Z").getHours(name) == 8`) // known only from the record
	if err != nil || outcome(f, oddRecord) != incomparable {
		t.Errorf("a zone of a record: got %v, want %s", err, incomparable)
	}
}
