package apply

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// difference is how a live object differs from what we want of it.
type difference struct {
	// write says that a server-side apply is needed: a wanted field is missing,
	// different or not owned by us, or we own a field that is not wanted.
	write bool
	// added are JSON pointers to what others added to an object that is ours
	// whole, in an order in which they can be removed one after the other.
	added []string
}

func (d difference) none() bool { return !d.write && len(d.added) == 0 }

// compare compares the managed content of a live object with the wanted one.
// Fields that nobody owns are defaults of the API server. Where the object is
// not ours whole, fields of others are none of our business; of labels,
// annotations and status they never are.
func compare(want, live map[string]any, owned ownership, whole bool) difference {
	c := &comparison{}
	for _, part := range []string{"labels", "annotations"} {
		if wanted, ok := nested(want, "metadata", part); ok {
			existing, _ := nested(live, "metadata", part)
			c.fields("/metadata/"+part, wanted, existing, ownership{ours: child(child(owned.ours, name("metadata")), name(part))})
		}
	}
	c.fields("", lacking(want, notContent), live, owned)
	if whole {
		for _, key := range sortedKeys(live) {
			if _, wanted := want[key]; !wanted && !slices.Contains(notContent, key) && touches(owned.others, name(key)) {
				c.added = append(c.added, "/"+escape(key))
			}
		}
	} else {
		c.added = nil
	}
	return difference{write: c.write || stale(owned.ours, want), added: c.removable()}
}

var notContent = []string{"apiVersion", "kind", "metadata", "status"}

// lacking returns the fields of a map but for some.
func lacking(object map[string]any, keys []string) map[string]any {
	rest := maps.Clone(object)
	maps.DeleteFunc(rest, func(key string, _ any) bool { return slices.Contains(keys, key) })
	return rest
}

// comparison walks a wanted and a live object side by side.
type comparison struct {
	write bool
	added []string
}

// removable returns the additions with later elements of a list first.
func (c *comparison) removable() []string {
	slices.Reverse(c.added)
	return c.added
}

// fields compares the fields of a map that are wanted.
func (c *comparison) fields(at string, want, live map[string]any, owned ownership) {
	for _, key := range sortedKeys(want) {
		existing, ok := live[key]
		pe := name(key)
		if !ok || !touches(owned.ours, pe) {
			c.write = true
			c.replaced(at+"/"+escape(key), want[key], existing, child(owned.others, pe))
			continue
		}
		below := ownership{ours: child(owned.ours, pe), others: child(owned.others, pe)}
		c.value(at+"/"+escape(key), want[key], existing, below)
	}
}

// replaced finds what others put in a list instead of what we had there: of the
// list nothing is ours any more, and both together may be invalid.
func (c *comparison) replaced(at string, want, live any, others *fieldpath.Set) {
	wanted, ok := want.([]any)
	existing, list := live.([]any)
	if !ok || !list {
		return
	}
	for i, element := range existing {
		pe, ok := elementOf(others, element)
		if ok && !slices.ContainsFunc(wanted, func(w any) bool { return denotes(pe, w) }) {
			c.added = append(c.added, fmt.Sprintf("%s/%d", at, i))
		}
	}
}

// value compares values that we own. An empty set of ours below says that we
// own the value as one piece.
func (c *comparison) value(at string, want, live any, owned ownership) {
	switch want := want.(type) {
	case map[string]any:
		existing, ok := live.(map[string]any)
		if !ok || owned.ours == nil && len(want) > 0 {
			c.write = c.write || !ok || !covers(want, existing)
			return
		}
		c.object(at, want, existing, owned)
	case []any:
		existing, ok := live.([]any)
		if !ok || owned.ours == nil {
			c.write = c.write || !ok || !covers(want, existing)
			return
		}
		c.list(at, want, existing, owned)
	default:
		c.write = c.write || !covers(want, live)
	}
}

// object compares maps of which we own single fields.
func (c *comparison) object(at string, want, live map[string]any, owned ownership) {
	c.fields(at, want, live, owned)
	for _, key := range sortedKeys(live) {
		if _, wanted := want[key]; !wanted && touches(owned.others, name(key)) {
			c.added = append(c.added, at+"/"+escape(key))
		}
	}
}

// list compares lists of which we own single elements, found by their keys.
func (c *comparison) list(at string, want, live []any, owned ownership) {
	for _, element := range want {
		pe, ok := elementOf(owned.ours, element)
		index := -1
		if ok {
			index = slices.IndexFunc(live, func(l any) bool { return denotes(pe, l) })
		}
		if index < 0 {
			c.write = true
			continue
		}
		below := ownership{ours: child(owned.ours, pe), others: child(owned.others, pe)}
		c.value(fmt.Sprintf("%s/%d", at, index), element, live[index], below)
	}
	for i, element := range live {
		if slices.ContainsFunc(want, func(w any) bool { pe, ok := elementOf(owned.ours, w); return ok && denotes(pe, element) }) {
			continue
		}
		if pe, ok := elementOf(owned.others, element); ok && touches(owned.others, pe) {
			c.added = append(c.added, fmt.Sprintf("%s/%d", at, i))
		}
	}
}

// stale says whether we own a field that is not wanted any more.
func stale(ours *fieldpath.Set, want map[string]any) (found bool) {
	ours.Leaves().Iterate(func(path fieldpath.Path) { found = found || !has(want, path) })
	return found
}

func has(want any, path fieldpath.Path) bool {
	for _, pe := range path {
		switch value := want.(type) {
		case map[string]any:
			if pe.FieldName == nil {
				return false
			}
			next, ok := value[*pe.FieldName]
			if !ok {
				return false
			}
			want = next
		case []any:
			index := slices.IndexFunc(value, func(element any) bool { return denotes(pe, element) })
			if index < 0 {
				return false
			}
			want = value[index]
		default:
			// A default that is part of a key, such as a port's protocol.
			return false
		}
	}
	return true
}

func name(field string) fieldpath.PathElement { return fieldpath.FieldNameElement(field) }

// escape writes a key as a token of a JSON pointer.
func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }
