// Package decimal is the one kind of number of the house: exact, of at most 38 digits.
//
// A number in a record, a key, a condition, a filter or a sum is a Decimal: a coefficient of at
// most 38 digits times ten to a power from -18 to 38. Whatever is beyond that is refused, never
// rounded. Each number has one spelling, as a person writes it, and equal numbers are equal by ==:
//
//	99999999999999.99, 9.999999999999999e13   ->  99999999999999.99
//	1e17, 100000000000000000.0, 10E16         ->  100000000000000000
//	-0, 0.00, 0e999999999                     ->  0
//
// A floating-point number would not do: it changes an amount such as 99999999999999.99, and its sum
// depends on the order, so nobody could prove that it was added up correctly. The package is pure,
// and what a text costs is bounded by its length, whatever its exponent says.
package decimal

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of a number.
const (
	maxDigits   = 38  // significant
	maxFraction = 18  // digits after the point
	maxExponent = 38  // of the coefficient without trailing zeros
	maxNumber   = 128 // bytes of a parsed text

	limb     = 19                         // digits of half a coefficient
	limbSize = 10_000_000_000_000_000_000 // 10^19, less than 2^64
)

// ErrDecimal is wrapped by every error about a text or a sum that is not a Decimal; the others are
// wrapped where it is a number all the same.
var (
	ErrDecimal = errors.New("not a decimal of at most 38 digits")
	ErrLong    = fmt.Errorf("%w: too many digits", ErrDecimal)
	ErrSmall   = fmt.Errorf("%w: too small", ErrDecimal)
	ErrLarge   = fmt.Errorf("%w: too large", ErrDecimal)
)

// Decimal is an exact number: coefficient × 10^exponent, with a coefficient of at most 38 digits
// that does not end in 0, and an exponent from -18 to 38. Equal numbers are equal by ==, and the
// zero value is 0.
type Decimal struct {
	negative bool
	exponent int8
	high     uint64 // the coefficient is high × 10^19 + low
	low      uint64 // less than 10^19
}

// Parse parses a number as JSON spells it, of at most 128 bytes. It takes every spelling of
// a number; String returns the one spelling that is written. It returns ErrDecimal for a text that
// is not a number, or a number that a Decimal cannot hold exactly.
func Parse(text string) (Decimal, error) {
	if len(text) > maxNumber {
		return Decimal{}, fmt.Errorf("%w: %d bytes, at most %d", ErrLong, len(text), maxNumber)
	}
	rest, negative := strings.CutPrefix(text, "-")
	whole, rest := cutDigits(rest)
	var fraction string
	after, point := strings.CutPrefix(rest, ".")
	if point {
		fraction, rest = cutDigits(after)
	}
	exponent, ok := parseExponent(rest)
	if !ok || whole == "" || whole[0] == '0' && len(whole) > 1 || point && fraction == "" {
		return Decimal{}, fmt.Errorf("%w: no number: %.40q", ErrDecimal, text)
	}
	d, err := decimalOf(negative, whole+fraction, exponent-len(fraction))
	if err != nil {
		return Decimal{}, fmt.Errorf("%w: %.40q", err, text)
	}
	return d, nil
}

// cutDigits cuts a text after the digits that it begins with.
func cutDigits(text string) (digits, rest string) {
	rest = strings.TrimLeft(text, "0123456789")
	return text[:len(text)-len(rest)], rest
}

// parseExponent parses the end of a number: nothing, or E, a sign, and digits. It stops counting at
// 10^6, because no number fits beyond that.
func parseExponent(text string) (exponent int, ok bool) {
	if text == "" {
		return 0, true
	}
	digits, sign := text[1:], 1
	if strings.HasPrefix(digits, "-") {
		sign = -1
	}
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "-"), "+")
	if digits == "" || text[0] != 'e' && text[0] != 'E' || strings.Contains(text, "-+") {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		exponent = min(10*exponent+int(c-'0'), 1_000_000)
	}
	return sign * exponent, true
}

// decimalOf returns digits × 10^exponent, or ErrDecimal if that is not a Decimal.
func decimalOf(negative bool, digits string, exponent int) (Decimal, error) {
	digits = strings.TrimLeft(digits, "0")
	short := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(short)
	switch {
	case short == "":
		return Decimal{}, nil
	case len(short) > maxDigits:
		return Decimal{}, fmt.Errorf("%w: %d, at most %d", ErrLong, len(short), maxDigits)
	case exponent < -maxFraction:
		return Decimal{}, fmt.Errorf("%w: more than %d digits after the point", ErrSmall, maxFraction)
	case exponent > maxExponent:
		return Decimal{}, fmt.Errorf("%w: an exponent of more than %d", ErrLarge, maxExponent)
	}
	return compose(negative, short, exponent), nil
}

// compose makes a number of 1 to 38 digits, the last of which is not 0.
func compose(negative bool, digits string, exponent int) Decimal {
	d := Decimal{negative: negative, exponent: int8(exponent)}
	half := max(0, len(digits)-limb)
	d.high, _ = strconv.ParseUint("0"+digits[:half], 10, 64) // at most 19 digits: they fit
	d.low, _ = strconv.ParseUint(digits[half:], 10, 64)
	return d
}

// digits returns the coefficient: "" for 0.
func (d Decimal) digits() string {
	switch {
	case d.high > 0:
		low := strconv.FormatUint(d.low, 10)
		return strconv.FormatUint(d.high, 10) + strings.Repeat("0", limb-len(low)) + low
	case d.low > 0:
		return strconv.FormatUint(d.low, 10)
	}
	return ""
}

// String returns the one spelling: plain, without an exponent and without zeros at the end of a
// fraction, in at most 80 bytes.
func (d Decimal) String() string {
	digits := d.digits()
	if digits == "" {
		return "0"
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	if d.exponent >= 0 {
		return sign + digits + strings.Repeat("0", int(d.exponent))
	}
	fraction := -int(d.exponent)
	digits = strings.Repeat("0", max(0, fraction+1-len(digits))) + digits
	point := len(digits) - fraction
	return sign + digits[:point] + "." + digits[point:]
}

// MarshalText returns the one spelling. It never fails.
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText parses the one spelling. It refuses any other spelling, because a signed value has
// one form.
func (d *Decimal) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text[:min(len(text), maxNumber+1)]))
	if err != nil {
		return err
	}
	if parsed.String() != string(text) {
		return fmt.Errorf("%w: another spelling of %s: %.40q", ErrDecimal, parsed, text)
	}
	*d = parsed
	return nil
}

// IsZero reports whether the number is 0.
func (d Decimal) IsZero() bool { return d == Decimal{} }

// Sign returns -1, 0 or 1 if the number is below, at or above 0.
func (d Decimal) Sign() int {
	switch {
	case d.IsZero():
		return 0
	case d.negative:
		return -1
	}
	return 1
}

// Abs returns the number without its sign.
func (d Decimal) Abs() Decimal {
	d.negative = false
	return d
}

// Negated returns the number with the other sign.
func (d Decimal) Negated() Decimal {
	d.negative = !d.negative && !d.IsZero()
	return d
}

// Cmp returns -1, 0 or 1 if d is less than, equal to, or more than o.
func (d Decimal) Cmp(o Decimal) int {
	sign := d.Sign()
	if sign != o.Sign() || sign == 0 {
		return cmp.Compare(sign, o.Sign())
	}
	return sign * d.compareSize(o)
}

// compareSize compares two numbers other than 0 without their signs: first the places before the
// point, then the digits, of which neither ends in 0.
func (d Decimal) compareSize(o Decimal) int {
	if d.exponent == o.exponent {
		return cmp.Or(cmp.Compare(d.high, o.high), cmp.Compare(d.low, o.low))
	}
	a, b := d.digits(), o.digits()
	return cmp.Or(cmp.Compare(len(a)+int(d.exponent), len(b)+int(o.exponent)), strings.Compare(a, b))
}
