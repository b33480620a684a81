package export

import (
	"cmp"
	"encoding/json"
	"strings"

	"xietong/exchange/decimal"
)

// Order is an order of rows: by one column, or column by column. Numbers come first, by their value
// as decimals; then texts, by the code points of their characters; then all others,
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

// kindOf returns the kind of a value and, of a number, its value. A number that is none of
// exchange/decimal's is no record's, and counts as any other value.
func kindOf(v json.RawMessage) (kind int, number decimal.Decimal) {
	switch {
	case len(v) == 0 || string(v) == "null":
		return kindNone, number
	case v[0] == '"':
		return kindText, number
	case !isNumber(v):
		return kindOther, number
	}
	number, err := decimal.Parse(string(v))
	if err != nil {
		return kindOther, number
	}
	return kindNumber, number
}

func (o Order) compare(a, b json.RawMessage) int {
	kind, x := kindOf(a)
	other, y := kindOf(b)
	if kind == kindNone || other == kindNone {
		return cmp.Compare(kind, other)
	}
	c := cmp.Compare(kind, other)
	switch {
	case c != 0:
	case kind == kindNumber:
		c = x.Cmp(y)
	default: // the bytes of UTF-8 are in the order of the code points
		c = strings.Compare(Spell(a), Spell(b))
	}
	if o.Descending {
		return -c
	}
	return c
}
