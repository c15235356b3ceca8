package consul

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestWeightsAddUp divides by many random weights and asks what Consul's webhook
// and Consul ask: a sum of exactly 100 in 32-bit numbers, taken in order, and in
// hundredths.
func TestWeightsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	moved, reordered := 0, 0
	for range 60000 {
		weights := make([]int64, 1+r.IntN(16))
		for i := range weights {
			weights[i] = r.Int64N(100) + 1
		}
		parts, order := divide(weights)
		if !addsUp(order, parts) {
			t.Fatalf("%v come to %v in the order %v, which do not add up to 100", weights, parts, order)
		}
		sum, total := int64(0), int64(0)
		for i := range parts {
			sum, total = sum+parts[i], total+weights[i]
		}
		if sum != whole || slices.Contains(parts, 0) {
			t.Fatalf("%v come to %v, %d in all", weights, parts, sum)
		}
		for i, part := range parts {
			if diff := part*total - weights[i]*whole; diff >= 2*total || diff <= -2*total {
				t.Fatalf("weight %d of %v is %d hundredths of a percent", i, weights, part)
			}
		}
		if !slices.Equal(parts, hundredths(weights)) {
			moved++
		}
		if !slices.IsSorted(order) {
			reordered++
		}
	}
	if moved == 0 || reordered == 0 {
		t.Errorf("%d moved and %d reordered: the test has seen no hard case", moved, reordered)
	}
}

func TestHundredths(t *testing.T) {
	tests := map[string]struct{ weights, want []int64 }{
		"thirds":             {[]int64{1, 1, 1}, []int64{3334, 3333, 3333}},
		"as they are":        {[]int64{75, 25}, []int64{7500, 2500}},
		"the least":          {[]int64{9999, 1}, []int64{9999, 1}},
		"too small":          {[]int64{1000000, 1}, []int64{10000, 0}},
		"one":                {[]int64{7}, []int64{10000}},
		"large":              {[]int64{1 << 62, 1 << 62}, []int64{5000, 5000}},
		"nothing to divide":  {[]int64{}, []int64{}},
		"nothing but zeroes": {[]int64{0, 0}, []int64{0, 0}},
	}
	for name, tt := range tests {
		if got := hundredths(tt.weights); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
