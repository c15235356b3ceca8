package apply

import (
	"maps"
	"slices"
)

// index finds members by what they are a member of.
type index[K, V comparable] map[K]map[V]struct{}

func (x index[K, V]) add(key K, member V) {
	if x[key] == nil {
		x[key] = map[V]struct{}{}
	}
	x[key][member] = struct{}{}
}

func (x index[K, V]) remove(key K, member V) {
	delete(x[key], member)
	if len(x[key]) == 0 {
		delete(x, key)
	}
}

// members returns a copy, in no order.
func (x index[K, V]) members(key K) []V { return slices.Collect(maps.Keys(x[key])) }
