package filter

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"xietong/exchange/decimal"
)

// number is a number that CEL's own types cannot hold exactly: every number of a record that is no
// whole one within int64, and such a literal.
type number struct{ decimal.Decimal }

// valueOf returns a number as CEL has it: an int where it is one.
func valueOf(d decimal.Decimal) ref.Val {
	if n, ok := d.Int(); ok {
		return types.Int(n)
	}
	return number{d}
}

// numeric returns the decimal that a value is. A double counts by its shortest spelling. is tells
// whether the value is a number at all, fits whether a Decimal can hold it.
func numeric(v ref.Val) (d decimal.Decimal, is, fits bool) {
	var err error
	switch v := v.(type) {
	case number:
		d = v.Decimal
	case types.Int:
		d = decimal.FromInt(int64(v))
	case types.Uint:
		d, err = decimal.Parse(strconv.FormatUint(uint64(v), 10))
	case types.Double:
		d, err = decimal.Parse(strconv.FormatFloat(float64(v), 'e', -1, 64))
	default:
		return d, false, false
	}
	return d, true, err == nil
}

// Type is that of whole numbers or of others, so that CEL's functions take the number as such.
func (n number) Type() ref.Type {
	if n.whole() {
		return types.IntType
	}
	return types.DoubleType
}

func (n number) whole() bool { return !strings.Contains(n.String(), ".") }

// Value returns the number as a Decimal.
func (n number) Value() any { return n.Decimal }

// Equal compares with any number.
func (n number) Equal(other ref.Val) ref.Val {
	equal, comparable := same(operand{n, false}, operand{other, false})
	return types.Bool(equal && comparable)
}

// ConvertToNative is not needed: no value leaves an expression but true and false.
func (n number) ConvertToNative(reflect.Type) (any, error) { return nil, decimal.ErrDecimal }

// ConvertToType converts as CEL does: towards zero to a whole number, and to the nearest double.
func (n number) ConvertToType(t ref.Type) ref.Val {
	text := n.String()
	switch t {
	case types.StringType:
		return types.String(text)
	case types.IntType:
		whole, _, _ := strings.Cut(text, ".")
		if i, err := strconv.ParseInt(whole, 10, 64); err == nil {
			return types.Int(i)
		}
	case types.UintType:
		whole, _, _ := strings.Cut(text, ".")
		if u, err := strconv.ParseUint(whole, 10, 64); err == nil {
			return types.Uint(u)
		}
	case types.DoubleType:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return types.Double(f)
		}
	case types.TypeType:
		return n.Type().(ref.Val)
	}
	return types.NewErr("no conversion of %s to %s", n.Type().TypeName(), t.TypeName())
}

// value decodes a member of a record. An absent one is null; a number that is no Decimal is an
// error, which makes the record incomparable where the number matters.
func value(raw json.RawMessage) any {
	if len(raw) == 0 {
		return types.NullValue
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return types.NewErr("malformed")
	}
	return exact(v)
}

// exact returns a decoded value with exact numbers.
func exact(v any) any {
	switch v := v.(type) {
	case nil:
		return types.NullValue
	case json.Number:
		d, err := decimal.Parse(v.String())
		if err != nil {
			return types.NewErr("a number that is too long")
		}
		return valueOf(d)
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = exact(v[name])
		}
	}
	return v
}
