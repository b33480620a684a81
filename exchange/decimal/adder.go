package decimal

import (
	"fmt"
	"math/big"
	"strings"
)

// A sum is kept as a whole number of 10^-18.
var (
	powers   = powersOfTen(maxFraction + maxExponent + 1)
	limbUnit = new(big.Int).SetUint64(limbSize)
)

// powersOfTen returns 10^0 to 10^(n-1).
func powersOfTen(n int) []*big.Int {
	all := []*big.Int{big.NewInt(1)}
	for len(all) < n {
		all = append(all, new(big.Int).Mul(all[len(all)-1], big.NewInt(10)))
	}
	return all
}

// Adder adds numbers up exactly, so that their order does not matter: an intermediate sum may have
// any number of digits. The zero value is ready and holds 0. An Adder must not be copied after its
// first use.
type Adder struct {
	scaled big.Int // in 10^-18
}

// Add adds a number.
func (a *Adder) Add(d Decimal) { a.scaled.Add(&a.scaled, d.scaled()) }

// AddSum adds the sum of another adder.
func (a *Adder) AddSum(o *Adder) { a.scaled.Add(&a.scaled, &o.scaled) }

// AddScaled adds a sum in the unit of Scaled.
func (a *Adder) AddScaled(o *big.Int) { a.scaled.Add(&a.scaled, o) }

// Cmp returns -1, 0 or 1 if the sum of a is less than, equal to, or more than that of o.
func (a *Adder) Cmp(o *Adder) int { return a.scaled.Cmp(&o.scaled) }

// Scaled returns the sum in units of 10^-18, of which each sum is a whole number.
func (a *Adder) Scaled() *big.Int { return new(big.Int).Set(&a.scaled) }

// Decimal returns the sum. It returns ErrDecimal if the sum has too many digits or is too large for
// a Decimal.
func (a *Adder) Decimal() (Decimal, error) {
	digits, negative := strings.CutPrefix(a.scaled.String(), "-")
	d, err := decimalOf(negative, digits, -maxFraction)
	if err != nil {
		return Decimal{}, fmt.Errorf("sum: %w", err)
	}
	return d, nil
}

// AddTimes adds a number n times.
func (a *Adder) AddTimes(d Decimal, n uint64) {
	times := new(big.Int).SetUint64(n)
	a.scaled.Add(&a.scaled, times.Mul(times, d.scaled()))
}

// coefficient returns the coefficient without its sign.
func (d Decimal) coefficient() *big.Int {
	n := new(big.Int).SetUint64(d.low)
	if d.high > 0 {
		high := new(big.Int).SetUint64(d.high)
		n.Add(n, high.Mul(high, limbUnit))
	}
	return n
}

// scaled returns the number in 10^-18.
func (d Decimal) scaled() *big.Int {
	n := d.coefficient()
	n.Mul(n, powers[int(d.exponent)+maxFraction])
	if d.negative {
		n.Neg(n)
	}
	return n
}

// Divide returns the average sum / n, rounded half to even to places digits after the point (0 to
// 18), and never to more than 38 digits; 0 where n is 0. The average is for people to read:
// messages carry the sum and the number, since averages do not add up. An average of numbers near
// the largest may have an exponent beyond the limit of Parse.
func Divide(sum Decimal, n uint64, places int) Decimal {
	if n == 0 {
		return Decimal{}
	}
	size, number := sum.Abs().scaled(), new(big.Int).SetUint64(n)
	places = min(max(places, 0), maxFraction)
	for { // once more if the whole part alone is too long
		digits := quotient(size, new(big.Int).Mul(number, powers[maxFraction-places])).String()
		short := strings.TrimRight(digits, "0")
		if short == "" {
			return Decimal{}
		}
		if len(short) <= maxDigits {
			return compose(sum.negative, short, len(digits)-len(short)-places)
		}
		places -= len(digits) - maxDigits
	}
}

// quotient returns a / b, rounded half to even.
func quotient(a, b *big.Int) *big.Int {
	q, rest := new(big.Int).QuoRem(a, b, new(big.Int))
	switch half := rest.Lsh(rest, 1).Cmp(b); {
	case half > 0, half == 0 && q.Bit(0) == 1:
		q.Add(q, big.NewInt(1))
	}
	return q
}
