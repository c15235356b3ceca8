package eval

import "math/big"

// Fraction is an exact part of all requests, in lowest terms: "3/4", "1". Two
// fractions are equal if their strings are.
type Fraction string

// NewFraction returns numerator/denominator, or 0 where the denominator is 0.
func NewFraction(numerator, denominator int64) Fraction {
	if denominator == 0 {
		return "0"
	}
	return fractionOf(big.NewRat(numerator, denominator))
}

func fractionOf(r *big.Rat) Fraction { return Fraction(r.RatString()) }

// Rat returns the fraction as a number; 0 for what is no fraction.
func (f Fraction) Rat() *big.Rat {
	if r, ok := new(big.Rat).SetString(string(f)); ok {
		return r
	}
	return new(big.Rat)
}

// Times returns the product: the part of a part.
func (f Fraction) Times(other Fraction) Fraction {
	return fractionOf(new(big.Rat).Mul(f.Rat(), other.Rat()))
}

// Plus returns the sum.
func (f Fraction) Plus(other Fraction) Fraction {
	return fractionOf(new(big.Rat).Add(f.Rat(), other.Rat()))
}

// Float returns the nearest number.
func (f Fraction) Float() float64 {
	v, _ := f.Rat().Float64()
	return v
}

// over returns the quotient, 0 where the divisor is 0.
func (f Fraction) over(divisor Fraction) Fraction {
	d := divisor.Rat()
	if d.Sign() == 0 {
		return "0"
	}
	return fractionOf(new(big.Rat).Quo(f.Rat(), d))
}
