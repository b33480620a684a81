package decimal

import (
	"fmt"
	"math/big"
	"strconv"
)

// FromInt returns a whole number. Every int64 is a Decimal.
func FromInt(n int64) Decimal {
	size, exponent := uint64(n), int8(0)
	if n < 0 {
		size = -size
	}
	for size > 0 && size%10 == 0 {
		size, exponent = size/10, exponent+1
	}
	return Decimal{negative: n < 0, exponent: exponent, low: size} // 19 digits, and below 10^19
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
