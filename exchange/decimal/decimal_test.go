package decimal

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/canon"
)

func decimal(t testing.TB, text string) Decimal {
	t.Helper()
	d, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func rat(t interface{ Fatalf(string, ...any) }, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}

var nines = strings.Repeat("9", 38)

// TestSpellings parses each spelling of a number to the same value, which String writes in one way.
func TestSpellings(t *testing.T) {
	for want, spellings := range map[string][]string{
		"0":                              {"0", "-0", "0.0", "-0.000", "0e5", "0E-400", "0e400", "0e" + strings.Repeat("9", 120)},
		"1":                              {"1", "1.0", "10e-1", "1e0", "1E+0", "0.1e1", "1e-0", "1e00"},
		"-12.5":                          {"-12.5", "-12.50", "-125e-1", "-0.125E2"},
		"100":                            {"100", "1e2", "1.00e2", "100.00"},
		"0.000000000000000001":           {"1e-18", "10e-19", "0.000000000000000001", "100e-20"},
		"1" + strings.Repeat("0", 38):    {"1e38", "10e37"},
		"10000000000000000000":           {"1e19", "10000000000000000000"},
		"10000000000000000001":           {"10000000000000000001"},
		"-" + nines:                      {"-" + nines, "-" + nines + ".0"},
		nines + strings.Repeat("0", 38):  {nines + "e38"},
		nines[:20] + "." + nines[:18]:    {nines + "e-18", nines[:20] + "." + nines[:18] + "0"},
		"0." + nines[:18]:                {nines[:18] + "e-18"},
		"1.5":                            {"1.5" + strings.Repeat("0", 100)},
		"-1" + strings.Repeat("0", 18):   {"-1000000000000000000"},
		"340282366920938463463374607431": {"340282366920938463463374607431"},
	} {
		for _, s := range spellings {
			d, err := Parse(s)
			if err != nil || d.String() != want || len(want) > 80 || d != decimal(t, want) {
				t.Errorf("%s: got %s, %v, want %s", s, d, err, want)
			}
		}
	}
}

// TestNoDecimal lists texts that are not a number, each with the reason.
func TestNoDecimal(t *testing.T) {
	for why, texts := range map[string][]string{
		"no number": {
			"", "-", "+1", "01", "-01", "1.", ".5", "-.5", "1e", "1e+", "1e-+5", "1e+-5", "1e--5", "e5", "1x", "1 ", " 1", "1e5.0", "1.5.2",
			"0x10", "1_000", "NaN", "Infinity", "-Inf", "１", "1,5", "--1", "1e5e5", "1/2", "00",
		},
		"too many digits": {nines + "9", "1" + nines, "1." + nines, strings.Repeat("9", 10_000), strings.Repeat("1", 129), nines + ".1"},
		"too small":       {"1e-19", "0.0000000000000000001", "-1e-400", "1e-" + strings.Repeat("9", 100), "1.5e-18"},
		"too large":       {"1e400", "-1e39", nines + "e39", "1e" + strings.Repeat("9", 100), "1e39"},
	} {
		for _, s := range texts {
			if d, err := Parse(s); !errors.Is(err, ErrDecimal) || !strings.Contains(err.Error(), why) || len(err.Error()) > 250 {
				t.Errorf("%.50q: got %s, %v, want %s", s, d, err, why)
			}
		}
	}
}

// TestDecimalOnTheWire: a number is the text of its one spelling.
func TestDecimalOnTheWire(t *testing.T) {
	data, err := canon.Marshal(decimal(t, "-12.5"))
	if err != nil || string(data) != "\x65-12.5" {
		t.Fatalf("got %x, %v", data, err)
	}
	var back Decimal
	if err := canon.Unmarshal(data, 100, &back); err != nil || back != decimal(t, "-12.5") {
		t.Errorf("got %s, %v", back, err)
	}
	for _, s := range []string{"1.0", "10e-1", "-0", "1e3", nines + "9", "", "1" + strings.Repeat("0", 200), "x"} {
		if err := back.UnmarshalText([]byte(s)); !errors.Is(err, ErrDecimal) {
			t.Errorf("%q: got %v, want ErrDecimal", s, err)
		}
	}
	if back != decimal(t, "-12.5") {
		t.Errorf("a text that is refused changed the number to %s", back)
	}
}

// drawDecimal draws numbers of any length and scale, the longest and the shortest included.
func drawDecimal() *rapid.Generator[Decimal] {
	return rapid.Custom(func(t *rapid.T) Decimal {
		digits := nines[:rapid.SampledFrom([]int{1, 2, 18, 19, 20, 37, 38}).Draw(t, "digits")]
		if rapid.Bool().Draw(t, "any") {
			digits = rapid.StringMatching(`[0-9]{1,38}`).Draw(t, "coefficient")
		}
		digits = strings.TrimLeft(digits, "0")
		text := rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + "0" + digits
		if digits != "" {
			text = strings.Replace(text, "0", "", 1)
		}
		d, err := Parse(fmt.Sprintf("%se%d", text, rapid.IntRange(-18, 38-strings.Count(digits, "0")).Draw(t, "exponent")))
		if err != nil {
			return Decimal{}
		}
		return d
	})
}

// TestDecimals compares numbers and their sums with exact fractions.
func TestDecimals(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(drawDecimal(), 1, 9).Draw(rt, "numbers")
		sum := new(big.Rat)
		for _, d := range all {
			exact := rat(rt, d.String())
			sum.Add(sum, exact)
			if got := all[0].Cmp(d); got != rat(rt, all[0].String()).Cmp(exact) || (got == 0) != (d == all[0]) {
				rt.Errorf("%s and %s: compared as %d", all[0], d, got)
			}
			if d.Sign() != exact.Sign() || rat(rt, d.Abs().String()).Cmp(exact.Abs(exact)) != 0 || d.IsZero() != (d.Sign() == 0) {
				rt.Errorf("%s: sign %d, without it %s", d, d.Sign(), d.Abs())
			}
			if d.Negated().Negated() != d || d.Negated().Sign() != -d.Sign() {
				rt.Errorf("%s: the other sign is %s", d, d.Negated())
			}
		}
		same := rapid.Permutation(all).Draw(rt, "order")
		cut := rapid.IntRange(0, len(same)).Draw(rt, "cut")
		var left, right, whole Adder
		for i, d := range same {
			whole.Add(d)
			if i < cut {
				left.Add(d)
			} else {
				right.Add(d)
			}
		}
		left.AddSum(&right)
		checkSum(rt, &whole, sum)
		checkSum(rt, &left, sum)
	})
}

// checkSum checks that a sum is exact, and that it is refused only if the exact sum is not a
// Decimal.
func checkSum(t *rapid.T, a *Adder, want *big.Rat) {
	got, err := a.Decimal()
	if err == nil && rat(t, got.String()).Cmp(want) != 0 {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, parsed := Parse(strings.TrimRight(want.FloatString(18), "0") + "0"); (err == nil) != (parsed == nil) {
		t.Errorf("%s: got %v, and parsed %v", want, err, parsed)
	}
	if err != nil && !errors.Is(err, ErrDecimal) {
		t.Errorf("got %v, want ErrDecimal", err)
	}
}

func TestAdder(t *testing.T) {
	for _, row := range []struct {
		add  []string
		want string // "": too long
	}{
		{nil, "0"},
		{[]string{"1", "2.5", "-0.25"}, "3.25"},
		{[]string{"5", "-5"}, "0"},
		{[]string{nines, "1"}, "1" + strings.Repeat("0", 38)},
		{[]string{nines, "0.1"}, ""},
		{[]string{nines, "0.1", "-0.1"}, nines},
		{[]string{nines, "2"}, ""},
		{[]string{nines, nines, "-" + nines}, nines},
		{[]string{nines + "e38", "1e-18"}, ""},
		{[]string{nines + "e38", "1e38"}, ""},
		{[]string{"1e38", "-1e38", "1e-18"}, "0.000000000000000001"},
	} {
		var a Adder
		for _, s := range row.add {
			a.Add(decimal(t, s))
		}
		got, err := a.Decimal()
		if row.want == "" && !errors.Is(err, ErrDecimal) || row.want != "" && (err != nil || got.String() != row.want) {
			t.Errorf("%q: got %s, %v, want %q", row.add, got, err, row.want)
		}
	}
}

func TestDivide(t *testing.T) {
	for _, row := range []struct {
		sum    string
		n      uint64
		places int
		want   string
	}{
		{"10", 4, 2, "2.5"}, {"10", 3, 2, "3.33"}, {"20", 3, 2, "6.67"}, {"1", 8, 2, "0.12"}, {"3", 8, 2, "0.38"}, {"-1", 8, 2, "-0.12"},
		{"-3", 8, 2, "-0.38"}, {"5", 2, 0, "2"}, {"7", 2, 0, "4"}, {"1", 2, 0, "0"}, {"-1", 2, 0, "0"}, {"0", 7, 2, "0"}, {"1", 0, 2, "0"},
		{"1", 3, 99, "0.333333333333333333"}, {"19", 2, -3, "10"}, {"1e-18", 2, 18, "0"}, {"3e-18", 2, 18, "0.000000000000000002"},
		{nines + "e38", 1, 18, nines + strings.Repeat("0", 38)},
		{nines + "e38", 3, 18, strings.Repeat("3", 38) + strings.Repeat("0", 38)},
		{nines + "e38", 7, 18, "14285714285714285714285714285714285714" + strings.Repeat("0", 38)},
		{"1e38", 3, 2, strings.Repeat("3", 38)},
		{"2e38", 3, 2, strings.Repeat("6", 37) + "7"},
		{"30000000000000000000000000000000000001e38", 3, 0, "1" + strings.Repeat("0", 75)},
		{"1", 1<<64 - 1, 18, "0"},
	} {
		if got := Divide(decimal(t, row.sum), row.n, row.places); got.String() != row.want {
			t.Errorf("%s / %d to %d places: got %s, want %s", row.sum, row.n, row.places, got, row.want)
		}
	}
}

// TestDivideExactly compares averages with fractions: none is further off than half of the last
// place.
func TestDivideExactly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sum, n := drawDecimal().Draw(rt, "sum"), rapid.Uint64Range(1, 1<<53).Draw(rt, "n")
		places := rapid.IntRange(0, 18).Draw(rt, "places")
		got := Divide(sum, n, places)
		off := new(big.Rat).Quo(rat(rt, sum.String()), new(big.Rat).SetInt(new(big.Int).SetUint64(n)))
		off.Sub(off, rat(rt, got.String())).Abs(off)
		last := -places
		if digits := len(strings.TrimLeft(strings.Split(got.Abs().String(), ".")[0], "0")); digits+places > maxDigits {
			last = digits - maxDigits
		}
		half := new(big.Rat).Mul(big.NewRat(1, 2), rat(rt, fmt.Sprintf("1e%d", last)))
		if off.Cmp(half) > 0 || len(got.String()) > 80 {
			rt.Errorf("%s / %d to %d places: got %s, which is %s off", sum, n, places, got, off.FloatString(20))
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-0", "1.50", "10e-1", "1e38", "1e-18", "1e400", nines, nines + "9", "-" + nines + "e-18", "01", "1.", "1e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrDecimal) || d != (Decimal{}) {
				t.Errorf("%q: got %s, %v", text, d, err)
			}
			return
		}
		again, err := Parse(d.String())
		if err != nil || again != d || len(d.String()) > 80 {
			t.Errorf("%q: %s came back as %s, %v", text, d, again, err)
		}
		if strings.ContainsAny(strings.TrimLeft(d.String(), "-0."), "eE+ ") || slices.Contains([]string{"-0", ""}, d.String()) {
			t.Errorf("%q is spelled %q", text, d)
		}
		if d.IsZero() { // the exponent may be huge, and a fraction would write it out
			return
		}
		if rat(t, text).Cmp(rat(t, d.String())) != 0 {
			t.Errorf("%q became %s", text, d)
		}
	})
}

// TestArithmetic compares sums and products with exact fractions: each is exact, or refused.
func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawDecimal().Draw(rt, "a"), drawDecimal().Draw(rt, "b")
		x, y := rat(rt, a.String()), rat(rt, b.String())
		sum, err := a.Plus(b)
		checkExact(rt, sum, err, new(big.Rat).Add(x, y))
		product, err := a.Times(b)
		checkExact(rt, product, err, new(big.Rat).Mul(x, y))
	})
}

// checkExact checks that a result is exact, and refused only where the exact one is no Decimal.
func checkExact(t *rapid.T, got Decimal, err error, want *big.Rat) {
	if err == nil && rat(t, got.String()).Cmp(want) != 0 {
		t.Errorf("got %s, want %s", got, want)
	}
	short := strings.TrimSuffix(strings.TrimRight(want.FloatString(60), "0"), ".")
	digits := strings.TrimRight(short, "0")
	if _, parsed := Parse(fmt.Sprintf("%se%d", cmp.Or(digits, "0"), len(short)-len(digits))); (err == nil) != (parsed == nil) {
		t.Errorf("%s: got %v, and parsed %v", want, err, parsed)
	}
}

func TestInts(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-1": -1, "100": 100, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63, "1e18": 1_000_000_000_000_000_000,
	} {
		if n, ok := decimal(t, text).Int(); !ok || n != want || FromInt(want) != decimal(t, text) {
			t.Errorf("%s: got %d, %t, and %s", text, n, ok, FromInt(want))
		}
	}
	for _, text := range []string{"0.5", "9223372036854775808", "-9223372036854775809", "1e19", nines, "1e38"} {
		if n, ok := decimal(t, text).Int(); ok {
			t.Errorf("%s: got %d, want none", text, n)
		}
	}
}
