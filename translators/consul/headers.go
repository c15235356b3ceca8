package consul

import (
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// headerChange is what becomes of one header.
type headerChange struct {
	// replaced is true where the value that came in is gone.
	replaced bool
	// values follow what came in, or stand in its place.
	values []string
}

// headerChanges composes modifiers by lower-case name: each sets, then adds,
// then removes.
func headerChanges(modifiers []*ir.HeaderModifier) map[string]headerChange {
	changes := map[string]headerChange{}
	for _, m := range modifiers {
		if m == nil {
			continue
		}
		for _, h := range m.Set {
			changes[strings.ToLower(h.Name)] = headerChange{replaced: true, values: []string{h.Value}}
		}
		for _, h := range m.Add {
			name := strings.ToLower(h.Name)
			c := changes[name]
			c.values = append(slices.Clone(c.values), h.Value)
			changes[name] = c
		}
		for _, name := range m.Remove {
			changes[strings.ToLower(name)] = headerChange{replaced: true}
		}
	}
	return changes
}

// modify says the composed change of the modifiers; nil where there is none.
// They are composed into one place because the proxy applies what stands at a
// split before what stands at the route. It removes before it adds and adds
// before it sets, so that no header may stand in two of the lists.
func modify(modifiers ...*ir.HeaderModifier) *headerModifiers {
	changes := headerChanges(modifiers)
	if len(changes) == 0 {
		return nil
	}
	out := &headerModifiers{}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		c := changes[name]
		switch {
		case !c.replaced:
			out.Add = put(out.Add, name, c.values)
		case len(c.values) == 0:
			out.Remove = append(out.Remove, name)
		default:
			out.Set = put(out.Set, name, c.values)
		}
	}
	return out
}

// put adds a header; several values are one list, as HTTP has it. The proxy
// reads % as the beginning of a variable, so it is doubled.
func put(to map[string]string, name string, values []string) map[string]string {
	if to == nil {
		to = map[string]string{}
	}
	to[name] = strings.ReplaceAll(strings.Join(values, ","), "%", "%%")
	return to
}

// touchesHost says whether the modifiers change the Host header.
func touchesHost(modifiers ...*ir.HeaderModifier) bool {
	_, found := headerChanges(modifiers)["host"]
	return found
}
