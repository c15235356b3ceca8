package ir_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/ir"
)

func TestApportion(t *testing.T) {
	for _, c := range []struct {
		weights []int64
		whole   int64
		want    []int64
	}{
		{[]int64{1, 1, 1}, 100, []int64{34, 33, 33}},
		{[]int64{1, 2}, 100, []int64{33, 67}},
		{[]int64{0, 0}, 100, []int64{0, 0}},
		{[]int64{1, 1_000_000}, 100, []int64{0, 100}},
		{[]int64{math.MaxInt64, math.MaxInt64}, 10, []int64{5, 5}},
		{nil, 100, []int64{}},
	} {
		if diff := cmp.Diff(c.want, ir.Apportion(c.weights, c.whole)); diff != "" {
			t.Errorf("%v of %d (-want +got):\n%s", c.weights, c.whole, diff)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		weights := make([]int64, 1+r.IntN(16))
		for i := range weights {
			weights[i] = 1 + r.Int64N(1_000_000)
		}
		sum := int64(0)
		for _, part := range ir.Apportion(weights, 10000) {
			sum += part
		}
		if sum != 10000 {
			t.Fatalf("%v come to %d", weights, sum)
		}
	}
}
