package decimal

import (
	"fmt"
	"math/big"
	"strconv"
)

// FromInt returns a whole number. Every int64 is a Decimal.
func FromInt(n int64) Decimal {
	d, err := Parse(strconv.FormatInt(n, 10))
	if err != nil {
		panic(err) // it has 19 digits
	}
	return d
}

// Int returns the number as an int64; ok is false for a number that is not whole or not within
// int64.
func (d Decimal) Int() (n int64, ok bool) {
	if d.exponent < 0 || d.exponent > limb || d.high > 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(d.String(), 10, 64)
	return n, err == nil
}

// Plus returns d + o, or ErrDecimal if a Decimal cannot hold it exactly.
func (d Decimal) Plus(o Decimal) (Decimal, error) {
	var sum Adder
	sum.Add(d)
	sum.Add(o)
	return sum.Decimal()
}

// Times returns d × o, or ErrDecimal if a Decimal cannot hold it exactly.
func (d Decimal) Times(o Decimal) (Decimal, error) {
	product := new(big.Int).Mul(d.coefficient(), o.coefficient())
	out, err := decimalOf(d.negative != o.negative, product.String(), int(d.exponent)+int(o.exponent))
	if err != nil {
		return Decimal{}, fmt.Errorf("product: %w", err)
	}
	return out, nil
}
