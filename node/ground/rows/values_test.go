package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xietong/node/ground/table"
)

// amounts has a field of every type that holds a number.
const amounts = `{"type":"object","properties":{"n":{"type":"integer"},"a":{"type":"number"},"l":{"type":"array"}}}`

func compiled(t testing.TB, schema, key string, indexed ...string) *Schema {
	t.Helper()
	s, err := Compile(json.RawMessage(schema), key, indexed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestNumbersAreKept (P08): a number is kept as it was brought, in one spelling, whether it stands
// in a record, a key, an index, a list or a condition.
func TestNumbersAreKept(t *testing.T) {
	s := compiled(t, amounts, "n", "a")
	for in, want := range map[string]string{
		"99999999999999.99": "99999999999999.99", "9007199254740993.0": "9007199254740993", "9.007199254740993e15": "9007199254740993",
		"1e17": "100000000000000000", "100000000000000000": "100000000000000000", "5.20102E+5": "520102", "5.20102E+11": "520102000000",
		"1234567.89": "1234567.89", "-0": "0", "-0.0": "0", "0e999999999": "0", "1.0": "1", "0.50": "0.5", "1e-18": "0.000000000000000001",
		"12345678901234567890": "12345678901234567890", "1e38": "1" + strings.Repeat("0", 38), "-" + strings.Repeat("9", 38): "-" + strings.Repeat("9", 38),
	} {
		got, err := s.Record([]byte(`{"n":1,"a":` + in + `,"l":[` + in + `]}`))
		if whole := `{"a":` + want + `,"l":[` + want + `],"n":1}`; err != nil || string(got.JSON) != whole {
			t.Errorf("%s: got %s, %v, want %s", in, got.JSON, err, whole)
			continue
		}
		if got.Indexed[0].Value == nil || string(got.Indexed[0].Value) != want {
			t.Errorf("%s is indexed as %s, want %s", in, got.Indexed[0].Value, want)
		}
		if condition, err := s.JSONValue("a", json.RawMessage(in)); err != nil || string(condition) != want {
			t.Errorf("%s is a condition for %s, %v, want %s", in, condition, err, want)
		}
		if strings.Contains(want, ".") {
			continue
		}
		if got, err := s.Record([]byte(`{"n":` + in + `}`)); err != nil || string(got.Key) != want {
			t.Errorf("the integer %s: got the key %s, %v, want %s", in, got.Key, err, want)
		}
		if key, err := s.Value("n", in); err != nil || string(key) != want {
			t.Errorf("%s typed: got the key %s, %v, want %s", in, key, err, want)
		}
	}
}

// TestNumbersRefused (P08): what cannot be kept exactly is refused by what is wrong with it, and
// costs nothing.
func TestNumbersRefused(t *testing.T) {
	s := compiled(t, amounts, "n")
	for in, reason := range map[string]string{
		strings.Repeat("9", 39): "number too long", "0." + strings.Repeat("3", 40): "number too long",
		"1e-400": "number too small", "1e-19": "number too small", "1e-999999999": "number too small",
		"1e400": "number too large", "1e999999999": "number too large", "-1e39": "number too large",
		strings.Repeat("1", MaxRecordLen/2): "number too long",
	} {
		begun := time.Now()
		_, err := s.Record([]byte(`{"n":1,"a":` + in + `}`))
		if bad, ok := errors.AsType[*Bad](err); !ok || bad.Column != "a" || bad.Reason != reason {
			t.Errorf("%.40s: got %v, want %s", in, err, reason)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%.40s took %v", in, took)
		}
		if _, err := s.JSONValue("a", json.RawMessage(in)); err == nil {
			t.Errorf("%.40s is taken as a condition", in)
		}
	}
}

// TestNumbersInSchemas holds the schema's own judgement of numbers against math/big.
func TestNumbersInSchemas(t *testing.T) {
	keywords := map[string]func(v, of *big.Rat) bool{
		"minimum":          func(v, of *big.Rat) bool { return v.Cmp(of) >= 0 },
		"maximum":          func(v, of *big.Rat) bool { return v.Cmp(of) <= 0 },
		"exclusiveMinimum": func(v, of *big.Rat) bool { return v.Cmp(of) > 0 },
		"exclusiveMaximum": func(v, of *big.Rat) bool { return v.Cmp(of) < 0 },
		"const":            func(v, of *big.Rat) bool { return v.Cmp(of) == 0 },
		"enum":             func(v, of *big.Rat) bool { return v.Cmp(of) == 0 || v.Cmp(big.NewRat(7, 2)) == 0 },
		"multipleOf":       func(v, of *big.Rat) bool { return new(big.Rat).Quo(v, of).IsInt() },
		"type":             func(v, _ *big.Rat) bool { return v.IsInt() },
	}
	judge := func(t interface{ Fatalf(string, ...any) }, keyword, value, of string) (got, want bool) {
		v, _ := new(big.Rat).SetString(value)
		with, _ := new(big.Rat).SetString(of)
		rule := map[string]string{"enum": "[3.5," + of + "]", "type": `"integer"`}[keyword]
		if rule == "" {
			rule = of
		}
		s, err := Compile(json.RawMessage(`{"type":"object","properties":{"k":{"type":"string"},"a":{"`+keyword+`":`+rule+`}}}`), "k", nil)
		if err != nil {
			t.Fatalf("%s %s: %v", keyword, rule, err)
		}
		_, err = s.Record([]byte(`{"k":"x","a":` + value + `}`))
		return err == nil, keywords[keyword](v, with)
	}
	if got, _ := judge(t, "maximum", "9.007199254740993e15", "9007199254740992"); got {
		t.Error("9.007199254740993e15 passes a maximum of 9007199254740992")
	}
	rapid.Check(t, func(rt *rapid.T) {
		keyword := rapid.SampledFrom([]string{
			"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "const", "enum", "multipleOf", "type",
		}).Draw(rt, "keyword")
		value, of := spelled(rt, "value"), spelled(rt, "of")
		if with, _ := new(big.Rat).SetString(of); keyword == "multipleOf" && with.Sign() <= 0 {
			of = "0.001"
		}
		if got, want := judge(rt, keyword, value, of); got != want {
			rt.Errorf("%s %s of %s: got %t, want %t", keyword, of, value, got, want)
		}
	})
}

// spelled draws a number that is near a limit of floats or of decimals, in any spelling.
func spelled(t *rapid.T, label string) string {
	digits := rapid.SampledFrom([]string{
		"0", "1", "35", "9007199254740992", "9007199254740993", "9999999999999999", "12345678901234567890", strings.Repeat("9", 20),
	}).Draw(t, label)
	exponent := rapid.IntRange(-18, 18).Draw(t, label+"'s exponent")
	sign := rapid.SampledFrom([]string{"", "-"}).Draw(t, label+"'s sign")
	if rapid.Bool().Draw(t, label+" plain") {
		exact, _ := new(big.Rat).SetString(fmt.Sprintf("%s%se%d", sign, digits, exponent))
		return exact.FloatString(18)
	}
	return fmt.Sprintf("%s%se%+d", sign, digits, exponent)
}

// The same name, composed and decomposed.
const (
	composed   = "\u00e9t\u00e9"
	decomposed = "e\u0301te\u0301"
)

// TestTextIsComposed (U-C17): text that is brought decomposed is kept, and found, composed.
func TestTextIsComposed(t *testing.T) {
	s := compiled(t, `{"type":"object","properties":{"k":{"type":"string"},"e":{"enum":["`+decomposed+`"]},
		"c":{"const":{"`+composed+`":"`+decomposed+`"}},"p":{"type":"string","pattern":"^`+decomposed+`$"},"`+composed+`":{"type":"string"}}}`, "k", "p")
	for _, text := range []string{composed, decomposed} {
		in := fmt.Sprintf(`{"k":"%s","e":"%[1]s","c":{"%[1]s":"%[1]s"},"p":"%[1]s","%[1]s":"x"}`, text)
		want := fmt.Sprintf(`{"c":{"%s":"%[1]s"},"e":"%[1]s","k":"%[1]s","p":"%[1]s","%[1]s":"x"}`, composed)
		got, err := s.Record([]byte(in))
		if err != nil || string(got.JSON) != want || string(got.Key) != `"`+composed+`"` || string(got.Indexed[0].Value) != `"`+composed+`"` {
			t.Errorf("%+q: got %+q, %v", text, got.JSON, err)
		}
		for _, field := range []string{"k", "e"} {
			typed, err := s.Value(field, text)
			brought, err2 := s.JSONValue(field, json.RawMessage(`"`+text+`"`))
			if string(typed) != `"`+composed+`"` || string(brought) != string(typed) || errors.Join(err, err2) != nil {
				t.Errorf("%s %+q: got %+q and %+q, %v", field, text, typed, brought, errors.Join(err, err2))
			}
		}
	}
	for format, file := range map[table.Format]string{
		table.CSV:   "\ufeffk\n" + composed + "\n" + decomposed + "\n",
		table.JSONL: "\ufeff" + `{"k":"` + decomposed + `"}` + "\n" + `{"k":"` + composed + `"}`,
	} {
		r := newReader(strings.NewReader(file), format, s)
		first, err := r.Next()
		if err != nil || string(first.Key) != `"`+composed+`"` {
			t.Errorf("format %s: got the key %+q, %v", format, first.Key, err)
		}
		if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), "duplicate key") {
			t.Errorf("format %s: got %v for the same key", format, err)
		}
	}
	if _, err := Compile(json.RawMessage(`{"type":"object","properties":{"k":{"type":"string"},"`+decomposed+`":{}}}`), "k", nil); err == nil {
		t.Error("a name of a field is taken decomposed")
	}
}

// TestKeysStayApart: keys that differ by case or width are different keys.
func TestKeysStayApart(t *testing.T) {
	s := compiled(t, `{"type":"object","properties":{"k":{"type":"string"}}}`, "k")
	if keys, refused, err := read(s, table.JSONL, `{"k":"0000000000a"}`+"\n"+`{"k":"0000000000A"}`+"\n"+`{"k":"0000000000\uff21"}`); keys != "0a 0A 0\uff21 " || refused != "" || err != nil {
		t.Errorf("got %q, refused %q, %v", keys, refused, err)
	}
}

// TestCharactersRefused (U-C17): what nobody sees is refused by its number, in a record, in a cell
// and in a condition.
func TestCharactersRefused(t *testing.T) {
	s := compiled(t, `{"type":"object","properties":{"k":{"type":"string"},"l":{"type":"array"}}}`, "k")
	for _, r := range []rune{
		0, 1, 8, 0xb, 0xc, 0x1f, 0x7f, 0x80, 0x85, 0x9f, 0xad, 0x61c, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x115f, 0x3164, 0xffa0, 0xfdd0, 0xfffe, 0x1ffff, 0xe0fff, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069,
		0xfeff, 0xfffd, 0xe0041,
	} {
		want := fmt.Sprintf("character U+%04X", r)
		escaped, _ := json.Marshal("a" + string(r))
		for what, record := range map[string]string{"text": `{"k":%s}`, "in a list": `{"k":"x","l":[%s]}`, "name": `{"k":"x","l":[{%s:1}]}`} {
			_, err := s.Record([]byte(fmt.Sprintf(record, escaped)))
			if bad, ok := errors.AsType[*Bad](err); !ok || bad.Reason != want {
				t.Errorf("%s with U+%04X: got %v", what, r, err)
			}
		}
		_, err := s.Value("k", "a"+string(r))
		if bad, ok := errors.AsType[*Bad](err); !ok || bad.Reason != want {
			t.Errorf("typed with U+%04X: got %v", r, err)
		}
		if r == 0 || r == '\v' || r > 0x1f {
			r := newReader(strings.NewReader("\ufeffk\n\"a"+string(r)+"\"\n"), table.CSV, s)
			if _, err := r.Next(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("a cell: got %v, want %s", err, want)
			}
		}
	}
	for _, r := range "\t\n\ré中𠮷\u180e\ufe0f\U000e0100 \u3000" {
		escaped, _ := json.Marshal("x" + string(r) + "x")
		if _, err := s.Record([]byte(`{"k":` + string(escaped) + `}`)); err != nil {
			t.Errorf("U+%04X: %v", r, err)
		}
	}
}

// TestKeyAsked (N21-8): a key that somebody asks for is read as it was meant, and one that no
// record can have is refused.
func TestKeyAsked(t *testing.T) {
	compiled := func(property string) *Schema {
		s, err := Compile([]byte(`{"type":"object","properties":{"k":`+property+`}}`), "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	digits, free, number := compiled(`{"type":"string","pattern":"^[0-9]{4}$"}`), compiled(`{"type":"string"}`), compiled(`{"type":"integer"}`)
	for _, row := range []struct {
		s           *Schema
		typed, want string // "": refused
	}{
		{digits, "5203", `"5203"`}, {digits, "５２０３", `"5203"`}, {digits, " 5203　", `"5203"`}, {digits, "520", ""}, {digits, "五二〇三", ""},
		{free, "５２０３", `"５２０３"`}, {free, "甲 乙", `"甲 乙"`}, {free, " 甲 ", `"甲"`}, {number, "７", `7`}, {number, "seven", ""},
	} {
		got, err := row.s.Key(row.typed)
		if string(got) != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%q: got %s, %v, want %s", row.typed, got, err, row.want)
		}
	}
}
