package apply

import (
	"maps"
	"slices"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// covers says whether the live value has all that is wanted: maps may have
// more, which are defaults of the API server, lists may not.
func covers(want, live any) bool {
	switch want := want.(type) {
	case map[string]any:
		existing, ok := live.(map[string]any)
		if !ok {
			return false
		}
		for key, value := range want {
			if found, ok := existing[key]; !ok || !covers(value, found) {
				return false
			}
		}
		return true
	case []any:
		existing, ok := live.([]any)
		return ok && slices.EqualFunc(want, existing, covers)
	default:
		return equalScalars(want, live)
	}
}

// equalScalars compares numbers by value, whatever type they were decoded to.
func equalScalars(a, b any) bool {
	x, isNumber := number(a)
	if y, ok := number(b); ok && isNumber {
		return x == y
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// elementOf finds the path element by which a set speaks of a list element.
func elementOf(set *fieldpath.Set, element any) (found fieldpath.PathElement, ok bool) {
	if set == nil {
		return found, false
	}
	look := func(pe fieldpath.PathElement) {
		if !ok && denotes(pe, element) {
			found, ok = pe, true
		}
	}
	set.Members.Iterate(look)
	set.Children.Iterate(look)
	return found, ok
}

// denotes says whether a path element speaks of the list element. A key field
// that the element lacks is one that the API server fills in.
func denotes(pe fieldpath.PathElement, element any) bool {
	switch {
	case pe.Key != nil:
		fields, ok := element.(map[string]any)
		if !ok {
			return false
		}
		for _, key := range *pe.Key {
			if v, ok := fields[key.Name]; ok && !value.Equals(value.NewValueInterface(v), key.Value) {
				return false
			}
		}
		return true
	case pe.Value != nil:
		return value.Equals(value.NewValueInterface(element), *pe.Value)
	}
	return false
}

// nested returns a map below others, and whether it is there.
func nested(object map[string]any, path ...string) (map[string]any, bool) {
	for _, key := range path {
		below, ok := object[key].(map[string]any)
		if !ok {
			return nil, false
		}
		object = below
	}
	return object, true
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
