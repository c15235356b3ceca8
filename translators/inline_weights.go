package translators

import (
	"errors"
	"math/big"
	"reflect"

	"github.com/meshloom/meshloom/translators/ir"
)

// shareOut returns the backends of all parts with the products of the weights,
// as the smallest integers that keep their proportions.
func shareOut(parts []part) ([]ir.Backend, error) {
	var backends []ir.Backend
	var shares []*big.Rat
	for i := range parts {
		list := parts[i].backends()
		total := new(big.Int)
		for _, b := range list {
			total.Add(total, big.NewInt(b.Weight))
		}
		for _, b := range list {
			share := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(parts[i].backend.Weight), big.NewInt(b.Weight)), total)
			b.Weight = 0
			if j := indexOf(backends, &b); j >= 0 {
				shares[j].Add(shares[j], share)
				continue
			}
			backends, shares = append(backends, b), append(shares, share)
		}
	}
	for i, weight := range integers(shares) {
		if !weight.IsInt64() {
			return nil, errors.New("the weights of its backends and of their splits have no common measure; use smaller weights")
		}
		backends[i].Weight = weight.Int64()
	}
	return backends, nil
}

// backends returns what the part's requests are shared among, all with a
// weight above 0: what is answered 500 is one invalid backend.
func (p *part) backends() []ir.Backend {
	if p.line == nil || !p.carry.Routing {
		b := *p.backend
		b.Weight = 1
		return []ir.Backend{b}
	}
	var out []ir.Backend
	for _, b := range p.line.Backends {
		if b.Weight <= 0 {
			continue
		}
		b.Filters = ir.Filters{
			RequestHeaders:  composeHeaders(p.backend.Filters.RequestHeaders, p.line.Filters.RequestHeaders, b.Filters.RequestHeaders),
			ResponseHeaders: composeHeaders(b.Filters.ResponseHeaders, p.line.Filters.ResponseHeaders, p.backend.Filters.ResponseHeaders),
		}
		out = append(out, b)
	}
	if len(out) == 0 {
		out = []ir.Backend{{Service: p.backend.Service, Weight: 1, Invalid: true, Source: p.line.Source}}
	}
	return out
}

func indexOf(backends []ir.Backend, b *ir.Backend) int {
	for i := range backends {
		other := backends[i]
		other.Source = b.Source
		if reflect.DeepEqual(&other, b) {
			return i
		}
	}
	return -1
}

// integers returns the smallest integers in the proportions of the shares.
func integers(shares []*big.Rat) []*big.Int {
	multiple, divisor := big.NewInt(1), new(big.Int)
	for _, s := range shares {
		gcd := new(big.Int).GCD(nil, nil, multiple, s.Denom())
		multiple.Mul(multiple, new(big.Int).Quo(s.Denom(), gcd))
	}
	out := make([]*big.Int, len(shares))
	for i, s := range shares {
		out[i] = new(big.Int).Mul(s.Num(), new(big.Int).Quo(multiple, s.Denom()))
		divisor.GCD(nil, nil, divisor, out[i])
	}
	for _, n := range out {
		n.Quo(n, divisor)
	}
	return out
}
