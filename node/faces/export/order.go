package export

import (
	"cmp"
	"encoding/json"
	"strings"

	"xietong/certs/identity"
	"xietong/exchange/decimal"
)

// Order is an order of rows: by one column, or column by column. Numbers come first, by their value
// as decimals; then the names of entries, by ledger and number; then texts, by the code points of
// their characters; then all others, by their JSON. Rows without a value, and with the empty text,
// come last, also where the order is descending.
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
	kindEntry
	kindText
	kindOther
	kindNone
)

// Key is what a value counts as in an order.
type Key struct {
	kind   int
	number decimal.Decimal
	entry  identity.Entry
	text   string
}

// KeyOf returns the key of a value in JSON; nil: none. A number that is none of exchange/decimal's
// is no record's, and counts as any other value.
func KeyOf(v json.RawMessage) Key {
	k := Key{kind: kindOther, text: Spell(v)}
	switch {
	case k.text == "":
		k.kind = kindNone
	case v[0] == '"':
		return keyOfText(k.text)
	case isNumber(v):
		if number, err := decimal.Parse(string(v)); err == nil {
			k.kind, k.number = kindNumber, number
		}
	}
	return k
}

func keyOfText(s string) Key {
	k := Key{kind: kindText, text: s}
	if !strings.Contains(s, "/log/") {
		return k
	}
	if entry, err := identity.ParseEntry(s); err == nil {
		k.kind, k.entry = kindEntry, entry
	}
	return k
}

// CompareKeys compares two values.
func (o Order) CompareKeys(a, b Key) int {
	c := cmp.Compare(a.kind, b.kind)
	if a.kind == kindNone || b.kind == kindNone {
		return c
	}
	switch {
	case c != 0:
	case a.kind == kindNumber:
		c = a.number.Cmp(b.number)
	case a.kind == kindEntry:
		of, other := a.entry.Log(), b.entry.Log()
		c = cmp.Or(strings.Compare(of.Jurisdiction().String(), other.Jurisdiction().String()), cmp.Compare(of.Epoch(), other.Epoch()),
			cmp.Compare(a.entry.Index(), b.entry.Index()))
	default: // the bytes of UTF-8 are in the order of the code points
		c = strings.Compare(a.text, b.text)
	}
	if o.Descending {
		return -c
	}
	return c
}

// CompareTexts compares two texts as values in an ascending order.
func CompareTexts(a, b string) int { return Order{}.CompareKeys(keyOfText(a), keyOfText(b)) }

func (o Order) compare(a, b json.RawMessage) int { return o.CompareKeys(KeyOf(a), KeyOf(b)) }
