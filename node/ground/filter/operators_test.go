package filter

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"pgregory.net/rapid"
)

// side is one side of an operator: how it is written, and its value as the model has it.
type side struct {
	written string // in the expression
	value   any    // *big.Rat, string, bool, or nil: absent
	literal bool
}

// drawn draws a side. What stands in the record is added to it.
func drawn(t *rapid.T, label string, record map[string]string) side {
	switch rapid.SampledFrom([]string{"number", "number", "number", "number", "text", "absent", "bool"}).Draw(t, label) {
	case "text":
		text := rapid.SampledFrom([]string{"", "5", "a", "é"}).Draw(t, label+" text")
		return placed(t, label, record, fmt.Sprintf("%q", text), text)
	case "bool":
		b := rapid.Bool().Draw(t, label+" bool")
		return placed(t, label, record, fmt.Sprint(b), b)
	case "absent":
		if rapid.Bool().Draw(t, label+" as null") {
			record[label] = "null"
		}
		return side{written: label}
	}
	spelling, value := drawnNumber(t, label)
	return placed(t, label, record, spelling, value)
}

// placed puts a value into the expression, or into the record.
func placed(t *rapid.T, label string, record map[string]string, spelling string, value any) side {
	switch rapid.SampledFrom([]string{"literal", "field", "record", "item"}).Draw(t, label+" place") {
	case "field":
		record[label] = spelling
		return side{label, value, false}
	case "record":
		record["数"+label] = spelling
		return side{`record["数` + label + `"]`, value, false}
	case "item":
		record["l"+label] = "[null," + spelling + "]"
		return side{"l" + label + "[1]", value, false}
	}
	return side{spelling, value, true}
}

// drawnNumber draws a number near a limit of ints, floats or decimals, in a spelling of both JSON
// and CEL.
func drawnNumber(t *rapid.T, label string) (string, *big.Rat) {
	digits := rapid.SampledFrom([]string{
		"0", "1", "5", "15", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "12345678901234567890",
		"9999999999999999", strings.Repeat("9", 38), "10000000000000000000000000000000000001",
	}).Draw(t, label+" digits")
	if rapid.Bool().Draw(t, label+" any") {
		digits = strings.TrimLeft(rapid.StringMatching(`[1-9][0-9]{0,19}`).Draw(t, label+" coefficient"), "0")
	}
	sign := rapid.SampledFrom([]string{"", "-"}).Draw(t, label+" sign")
	exponent := 0
	if rapid.Bool().Draw(t, label+" scaled") {
		exponent = rapid.IntRange(-18, 4).Draw(t, label+" exponent")
	}
	value, _ := new(big.Rat).SetString(fmt.Sprintf("%s%se%d", sign, digits, exponent))
	plain := strings.TrimSuffix(strings.TrimRight(value.FloatString(18), "0"), ".")
	spellings := []string{plain, fmt.Sprintf("%s%se%d", sign, digits, exponent), fmt.Sprintf("%s%s.0E%+03d", sign, digits, exponent)}
	return rapid.SampledFrom(spellings).Draw(t, label+" spelling"), value
}

// The model: an evaluator of its own, over exact fractions.

// compared returns what an operator makes of two values.
func modelled(op string, a, b any) string {
	c := 0
	switch x := a.(type) {
	case *big.Rat:
		y, ok := b.(*big.Rat)
		if !ok {
			return incomparable
		}
		c = x.Cmp(y)
	case string:
		y, ok := b.(string)
		if !ok {
			return incomparable
		}
		c = strings.Compare(x, y)
	case bool:
		y, ok := b.(bool)
		if !ok {
			return incomparable
		}
		c = map[bool]int{true: 1}[x] - map[bool]int{true: 1}[y]
	case nil:
		if b != nil || op != "==" && op != "!=" {
			return incomparable
		}
	}
	is := map[string]bool{"==": c == 0, "!=": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
	return map[bool]string{true: yes, false: no}[is]
}

// computed returns the exact result of an operator, and whether a number of at most 38 digits is.
func computed(op string, a, b *big.Rat) (*big.Rat, bool) {
	out := map[string]func(*big.Rat, *big.Rat) *big.Rat{"+": new(big.Rat).Add, "-": new(big.Rat).Sub, "*": new(big.Rat).Mul}[op](a, b)
	text := strings.TrimSuffix(strings.TrimRight(out.FloatString(60), "0"), ".")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	zeros := 0
	if fraction == "" {
		zeros = len(whole) - len(strings.TrimRight(whole, "0"))
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	return out, len(fraction) <= 18 && len(digits)-min(zeros, len(digits)) <= 38 && zeros <= 38
}

var calculators = []Field{
	{"a", Other, true}, {"b", Other, true}, {"c", Other, true}, {"数a", Integer, true}, {"数b", Number, true}, {"数c", Other, true},
	{"la", Other, true}, {"lb", Other, true}, {"lc", Other, true},
}

// outcomeOf plans an expression and evaluates it over the record; refused: the types alone tell
// that it has no meaning.
func outcomeOf(t *rapid.T, expression string, record map[string]string) string {
	e, err := Parse(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	f, err := e.Plan(calculators)
	if err != nil && strings.Contains(err.Error(), "no matching overload") {
		return incomparable
	}
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	var members []string
	for name, value := range record {
		members = append(members, fmt.Sprintf("%q:%s", name, value))
	}
	return outcome(f, "{"+strings.Join(members, ",")+"}")
}

// TestOperators (P08, P14) holds every operator, with every kind of value on either side, against
// an evaluator of its own over exact fractions. With -rapid.checks 10000 it takes a minute.
func TestOperators(t *testing.T) {
	comparisons := []string{"==", "!=", "<", "<=", ">", ">="}
	rapid.Check(t, func(rt *rapid.T) {
		record := map[string]string{}
		a, b, c := drawn(rt, "a", record), drawn(rt, "b", record), drawn(rt, "c", record)
		expect := func(expression, want string) {
			if got := outcomeOf(rt, expression, record); got != want {
				rt.Errorf("%s over %v: got %s, want %s", expression, record, got, want)
			}
		}
		for _, op := range comparisons {
			expect(a.written+" "+op+" "+b.written, modelled(op, a.value, b.value))
		}
		expect(a.written+" == null", map[bool]string{true: yes, false: no}[a.value == nil])
		expect("null != "+a.written, map[bool]string{true: no, false: yes}[a.value == nil])
		in := no
		for _, item := range []side{b, c} {
			if is := modelled("==", a.value, item.value); is == yes || in == no {
				in = is
			}
		}
		if modelled("==", a.value, b.value) == yes {
			in = yes
		}
		expect(fmt.Sprintf("%s in dyn([%s, %s])", a.written, b.written, c.written), in)
		x, isNumber := a.value.(*big.Rat)
		y, alsoNumber := b.value.(*big.Rat)
		if isNumber {
			expect("-("+a.written+") < 0", modelled("<", new(big.Rat).Neg(x), new(big.Rat)))
		}
		for _, op := range []string{"+", "-", "*"} {
			want, compare := incomparable, rapid.SampledFrom(comparisons).Draw(rt, "of "+op)
			if isNumber && alsoNumber {
				if result, fits := computed(op, x, y); fits {
					want = modelled(compare, result, c.value)
				}
			} else if _, texts := a.value.(string); op == "+" && texts {
				if _, texts := b.value.(string); texts {
					want = modelled(compare, a.value.(string)+b.value.(string), c.value)
				}
			}
			expect(fmt.Sprintf("%s %s %s %s %s", a.written, op, b.written, compare, c.written), want)
			expect(fmt.Sprintf("%s %s (%s %s %s)", c.written, mirrored[compare], a.written, op, b.written), want)
		}
	})
}

var mirrored = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// TestNumbers (P08, P14) compares numbers that neither an int nor a double holds, from both sides.
func TestNumbers(t *testing.T) {
	const record = `{"n":12345678901234567890,"m":9223372036854775808,"a":99999999999999.99,"b":9007199254740993,"l":[0.1,1e17,{"x":0.30}]}`
	fields := []Field{{"n", Integer, false}, {"m", Integer, true}, {"a", Number, false}, {"b", Number, true}, {"l", Other, true}, {"t", String, false}}
	for expression, want := range map[string]string{
		`n == 12345678901234567890`: yes, `12345678901234567890 == n`: yes, `n == 12345678901234567891`: no, `m > 9223372036854775807`: yes,
		`9223372036854775807 < m`: yes, `m >= 9223372036854775809`: no, `n - m == 3122306864379792082`: yes, `a == 99999999999999.99`: yes,
		`a == 99999999999999.98`: no, `a < 100000000000000`: yes, `b == 9007199254740993.0`: yes, `b == 9007199254740992.0`: no,
		`b in [9007199254740993.0]`: yes, `n in [1, 12345678901234567890]`: yes, `0.1 + 0.2 == 0.3`: yes, `l[0] + 0.2 == 0.3`: yes,
		`l == [0.1, 100000000000000000, l[2]]`: yes, `l[2].x == 0.3`: yes, `1e17 in l`: yes, `1e17 == 100000000000000000u`: yes, `-m < -9223372036854775807`: yes,
		`m * 2 == 18446744073709551616`: yes, `9223372036854775807 + 1 == m`: yes, `n * n * n > 0`: incomparable, `a == 0x10`: no, `b > .5`: yes,
		`b > 007`: yes, `-0.0 == 0`: yes, `string(m) == "9223372036854775808"`: yes, `int(a) == 99999999999999`: yes, `double(b) > 1.0`: yes,
		`n > 1 /* 2 */`: "", `n > 1 // 99999999999999999999`: yes, `"99999999999999999999" != "1"`: yes, `t == null`: yes, `t == "1"`: incomparable,
		`[1, 2].exists_one(x, x == 2)`: yes, `r"\" == "\\"`: yes, `l[-0] == 0.1`: yes, `timestamp(1) < timestamp(2)`: yes, `dyn("5") == 5`: incomparable,
		`duration("1s") + duration("1s") == duration("2s")`: yes, `timestamp(5) - timestamp(3) > duration("1s")`: yes, `n in 5`: "", `5 in ["a"]`: "",
		`dyn("5") != 5`: incomparable, `5 in [dyn("a"), 5]`: yes, `5 in [dyn("a"), 6]`: incomparable, `null in [1, null]`: yes, `7 in [1, null]`: no,
		`type(m) == int`: yes, `type(a) == double`: yes, `string(a) == "99999999999999.99"`: yes, `[m, n].exists(x, x == 12345678901234567890)`: yes,
		`uint(m) == 9223372036854775808u`: yes, `int(m) > 0`: yes, `timestamp(m) > timestamp(1)`: incomparable, `l[n] == 1`: incomparable,
		`tags(n)`: "", `m > timestamp(1)`: incomparable, `n > timestamp(1)`: "", `bool(n)`: "", `n ? true : false`: "", `l.all(x, x != 7)`: incomparable, `!(l == [])`: yes,
		`n / 2 > 1`: "", `n % 2 == 1`: "", `n == 1e-400`: "", `n == 1e999999999`: "", `n == ` + strings.Repeat("9", 39): "", `t == "a\u200b"`: "",
	} {
		e, err := Parse(expression)
		var f *Filter
		if err == nil {
			f, err = e.Plan(fields)
		}
		if _, ok := err.(*Malformed); want == "" && !ok || want != "" && err != nil {
			t.Errorf("%s: got %v, want %q", expression, err, want)
		}
		if err != nil {
			continue
		}
		if got := outcome(f, record); got != want {
			t.Errorf("%s: got %s, want %s", expression, got, want)
		}
	}
}

// FuzzLiterals checks that the numbers of an expression are found where CEL finds them: whatever is
// taken with the digits masked holds the same texts as without.
func FuzzLiterals(f *testing.F) {
	for _, seed := range []string{
		`n == 12 && t == "12"`, `r"\12" == '12' // 12`, `"""a"12""" == b'12'`, "`a1` == x1 + 0x12u", `t == "\"12" + '''1'2'''`, `.5e1 - -1 == -.5`,
		`rb"1" == bR'2'`, `"1" "2`, `1.exists_one(x, 1)`, `tags.exists_one(x, x==1)`, "t == '1\\\n2'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		if len(expression) > MaxLen {
			return
		}
		e, err := Parse(expression)
		if err != nil {
			return
		}
		zeros, _ := masked(expression)
		if plain, err := Parse(zeros); err != nil || strings.Join(plain.Names(), " ") != strings.Join(e.Names(), " ") {
			t.Errorf("%q: with the numbers masked %q: %v", expression, zeros, err)
		}
		want, got := texts(expression), texts(zeros)
		if strings.Join(want, "\x00") != strings.Join(got, "\x00") {
			t.Errorf("%q: masked to %q", expression, zeros)
		}
	})
}

// texts returns the texts of an expression as CEL's own parser reads them.
func texts(expression string) (all []string) {
	tree, errs := language.Parse(common.NewTextSource(expression))
	if first(errs) != nil {
		return nil
	}
	ast.PreOrderVisit(tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.LiteralKind {
			switch v := x.AsLiteral().(type) {
			case types.String:
				all = append(all, string(v))
			case types.Bytes:
				all = append(all, string(v))
			}
		}
	}))
	return all
}
