package export

import (
	"cmp"
	"encoding/json"
	"strings"
)

// Order is an order of rows: by one column, or column by column. Numbers come first, by their value
// as decimals of any length; then texts, by the code points of their characters; then all others,
// by their JSON. Rows without a value come last, also where the order is descending.
type Order struct {
	Column     int // All: by the first column, of equal rows by the second, and so on
	Descending bool
}

// All is the column of an order by all columns.
const All = -1

// Compare compares two rows.
func (o Order) Compare(a, b Row) int {
	if o.Column != All {
		return o.compare(a[o.Column], b[o.Column])
	}
	for i := range a {
		if c := o.compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// The kinds of values, in their order.
const (
	kindNumber = iota
	kindText
	kindOther
	kindNone
)

func kindOf(v json.RawMessage) int {
	switch {
	case len(v) == 0 || string(v) == "null":
		return kindNone
	case isNumber(v):
		return kindNumber
	case v[0] == '"':
		return kindText
	}
	return kindOther
}

func (o Order) compare(a, b json.RawMessage) int {
	kind, other := kindOf(a), kindOf(b)
	if kind == kindNone || other == kindNone {
		return cmp.Compare(kind, other)
	}
	c := cmp.Compare(kind, other)
	switch {
	case c != 0:
	case kind == kindNumber:
		c = compareNumbers(string(a), string(b))
	default: // the bytes of UTF-8 are in the order of the code points
		c = strings.Compare(Spell(a), Spell(b))
	}
	if o.Descending {
		return -c
	}
	return c
}

// compareNumbers compares two numbers as JSON writes them, exactly, however long they are.
func compareNumbers(a, b string) int {
	negative := strings.HasPrefix(a, "-")
	x, y := decimalOf(a), decimalOf(b)
	switch {
	case x.digits == "" || y.digits == "" || negative != strings.HasPrefix(b, "-"):
		return cmp.Compare(x.sign(negative), y.sign(strings.HasPrefix(b, "-")))
	case negative:
		x, y = y, x
	}
	return cmp.Or(cmp.Compare(x.point, y.point), strings.Compare(x.digits, y.digits))
}

// decimal is the size of a number: 0.DIGITS × 10^point, without zeros at either end of the digits.
type decimal struct {
	digits string
	point  int64
}

func (d decimal) sign(negative bool) int {
	switch {
	case d.digits == "":
		return 0
	case negative:
		return -1
	}
	return 1
}

func decimalOf(number string) decimal {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(number, "-")), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	point := int64(len(digits)) - int64(len(fraction)) + exponentOf(exponent)
	return decimal{strings.TrimRight(digits, "0"), point}
}

// exponentOf reads an exponent; one that is beyond 10^15 counts as that.
func exponentOf(s string) (n int64) {
	negative := strings.HasPrefix(s, "-")
	for _, c := range strings.TrimLeft(s, "+-") {
		n = min(n*10+int64(c-'0'), 1e15)
	}
	if negative {
		return -n
	}
	return n
}
