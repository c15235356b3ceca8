package translators

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kinds returns the kinds that the providers may emit, each once, in an order
// that keeps that of every provider: what one applies first comes first. Where
// two contradict each other, the first provider's order counts.
func Kinds(providers []Provider) []schema.GroupVersionKind {
	var all, sorted []schema.GroupVersionKind
	for i := range providers {
		all = append(all, providers[i].Kinds...)
	}
	slices.Reverse(all)
	taken := func(kind schema.GroupVersionKind) bool { return slices.Contains(sorted, kind) }
	for {
		all = slices.DeleteFunc(all, taken)
		if len(all) == 0 {
			return sorted
		}
		next := all[len(all)-1]
		for i := len(all) - 1; i >= 0; i-- {
			if first(providers, all[i], taken) {
				next = all[i]
				break
			}
		}
		sorted = append(sorted, next)
	}
}

// first says whether no provider has a kind that is not taken before this one.
func first(providers []Provider, kind schema.GroupVersionKind, taken func(schema.GroupVersionKind) bool) bool {
	for i := range providers {
		at := slices.Index(providers[i].Kinds, kind)
		for j := range max(at, 0) {
			if !taken(providers[i].Kinds[j]) {
				return false
			}
		}
	}
	return true
}
