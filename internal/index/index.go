// Package index finds the members of very many small sets.
package index

import (
	"iter"
	"maps"
	"slices"
)

// Index finds members by what they are a member of. It is made like any map.
type Index[K, V comparable] map[K]members[V]

// members is a set. Nearly all have one or two members, for which a map would
// take ten times the memory.
type members[V comparable] struct {
	few  []V
	many map[V]struct{}
}

// maxFew is the size from which a set is a map.
const maxFew = 8

// Add puts a member into the set of a key, once.
func (x Index[K, V]) Add(key K, member V) {
	m := x[key]
	switch {
	case m.many != nil:
		m.many[member] = struct{}{}
		return
	case slices.Contains(m.few, member):
		return
	case len(m.few) < maxFew:
		m.few = append(m.few, member)
	default:
		m.many = map[V]struct{}{member: {}}
		for _, v := range m.few {
			m.many[v] = struct{}{}
		}
		m.few = nil
	}
	x[key] = m
}

// Remove takes a member out of the set of a key; a set without members is gone.
func (x Index[K, V]) Remove(key K, member V) {
	m, ok := x[key]
	if !ok {
		return
	}
	delete(m.many, member)
	if m.many != nil && len(m.many) <= maxFew/2 {
		m.few, m.many = slices.Collect(maps.Keys(m.many)), nil
		x[key] = m
	}
	if i := slices.Index(m.few, member); i >= 0 {
		m.few = slices.Delete(m.few, i, i+1)
		x[key] = m
	}
	if len(m.few)+len(m.many) == 0 {
		delete(x, key)
	}
}

// Fit returns a copy of a map or an index that has room for what it holds and
// no more: a map never gives back the room of the most that it ever held.
func Fit[M ~map[K]V, K comparable, V any](m M) M {
	out := make(M, len(m))
	maps.Copy(out, m)
	return out
}

// All yields the members of a key, in no order; the index must not change
// meanwhile.
func (x Index[K, V]) All(key K) iter.Seq[V] {
	m := x[key]
	if m.many != nil {
		return maps.Keys(m.many)
	}
	return slices.Values(m.few)
}

// Members returns a copy of the members of a key, in no order.
func (x Index[K, V]) Members(key K) []V { return slices.Collect(x.All(key)) }
