package consul

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// whole is all requests in Consul's least weight, a hundredth of a percent.
const whole = 10000

// hundredths shares out all requests in the proportions of the weights, by the
// largest remainder. A weight of less than half a hundredth of a percent may
// come to nothing.
func hundredths(weights []int64) []int64 { return ir.Apportion(weights, whole) }

// percent is a weight as it stands in a ServiceSplitter.
func percent(hundredths int64) float64 { return float64(hundredths) / 100 }

// divide shares out all requests as hundredths does, and returns the order in
// which the splits are listed, as indexes. Consul's webhook adds their weights
// up as 32-bit numbers and refuses every sum but 100, which numbers with two
// decimals miss by the last bit in one order and not in another. A few miss it
// in every order: then a hundredth of a percent moves from one to another. The
// same weights are always divided in the same way.
func divide(weights []int64) (parts []int64, order []int) {
	parts = hundredths(weights)
	if order, ok := arrange(parts); ok {
		return parts, order
	}
	for from := range parts {
		for to := range parts {
			if from == to || parts[from] < 2 || parts[to] == 0 {
				continue
			}
			moved := slices.Clone(parts)
			moved[from]--
			moved[to]++
			if order, ok := arrange(moved); ok {
				return moved, order
			}
		}
	}
	return parts, indexes(parts)
}

// arrange looks for an order in which the weights add up to 100: that of the
// parts taken one by one, or each second one, or each third one and so on round
// the circle, from any of them. About one in two does, where any does.
func arrange(parts []int64) (order []int, ok bool) {
	n := len(parts)
	for step := 1; step == 1 || step < n; step++ {
		if gcd(step, n) > 1 {
			continue
		}
		for start := range n {
			order = order[:0]
			for i := range n {
				order = append(order, (start+i*step)%n)
			}
			if addsUp(order, parts) {
				return order, true
			}
		}
	}
	return nil, false
}

func gcd(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// indexes are those of the parts, as they stand.
func indexes(parts []int64) []int {
	out := make([]int, len(parts))
	for i := range out {
		out[i] = i
	}
	return out
}

func addsUp(order []int, parts []int64) bool {
	var sum float32
	for _, i := range order {
		sum += float32(percent(parts[i]))
	}
	return sum == whole/100
}
