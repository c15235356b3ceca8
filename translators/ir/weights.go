package ir

import (
	"math/big"
	"slices"
)

// Apportion shares out a whole in the proportions of the weights, by the largest
// remainder: the parts add up to the whole, and none is off by one or more. All
// are 0 where the weights are. A small weight may come to nothing: who cannot
// have that refuses it.
func Apportion(weights []int64, whole int64) []int64 {
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
	}
	out := make([]int64, len(weights))
	if sum.Sign() == 0 {
		return out
	}
	remainders := make([]*big.Int, len(weights))
	order := make([]int, len(weights))
	left := whole
	for i, w := range weights {
		product := new(big.Int).Mul(big.NewInt(w), big.NewInt(whole))
		quotient, remainder := product.QuoRem(product, sum, new(big.Int))
		out[i], remainders[i], order[i] = quotient.Int64(), remainder, i
		left -= out[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return remainders[b].Cmp(remainders[a]) })
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}
