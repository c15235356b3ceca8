package istio

import (
	"math"
	"math/big"

	"github.com/meshloom/meshloom/translators/ir"
)

// maxWeights bounds the sum of a route's weights: Istio adds them up in 32
// bits with a sign.
const maxWeights = math.MaxInt32

// share is a backend and the part of the requests that it gets.
type share struct {
	backend *ir.Backend
	weight  int32
}

// shares divides the backends into the live ones with their weights, and the
// part of the requests that goes to invalid ones, in percent. Backends of
// weight 0 get nothing and are left out.
func shares(backends []ir.Backend) (live []share, invalidPercent float64) {
	var total, invalid float64
	var weights []int64
	for i := range backends {
		b := &backends[i]
		total += float64(b.Weight)
		switch {
		case b.Weight == 0:
		case b.Invalid:
			invalid += float64(b.Weight)
		default:
			live = append(live, share{backend: b})
			weights = append(weights, b.Weight)
		}
	}
	if invalid > 0 {
		invalidPercent = 100 * invalid / total
	}
	for i, w := range scale(weights) {
		live[i].weight = w
	}
	return live, invalidPercent
}

// scale returns weights in the same proportions whose sum Istio can hold: as
// they are where they fit, else divided by their common divisor, else rounded
// by the largest remainder. A share below one in two thousand million becomes
// zero.
func scale(weights []int64) []int32 {
	sum, divisor := new(big.Int), new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
		divisor.GCD(nil, nil, divisor, big.NewInt(w))
	}
	out := make([]int32, len(weights))
	if sum.Cmp(big.NewInt(maxWeights)) <= 0 {
		divisor.SetInt64(1)
	} else if new(big.Int).Quo(sum, divisor).Cmp(big.NewInt(maxWeights)) > 0 {
		weights, divisor = ir.Apportion(weights, maxWeights), big.NewInt(1)
	}
	for i, w := range weights {
		out[i] = int32(w / divisor.Int64()) //nolint:gosec // the sum of what is left is at most maxWeights.
	}
	return out
}
