package translators

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

type headerKind int

// What is known of a header after modifiers.
const (
	// headerKept is as the request has it.
	headerKept headerKind = iota
	// headerSet has a known value.
	headerSet
	// headerAdded has a known value after what the request has.
	headerAdded
	// headerRemoved is absent.
	headerRemoved
)

// headerState is a header after modifiers: every sequence of them comes to one
// of the four kinds.
type headerState struct {
	kind  headerKind
	value string
}

// after returns the state after one more modifier.
func (s headerState) after(mod *ir.HeaderModifier, name string) headerState {
	if mod == nil {
		return s
	}
	for _, h := range mod.Set {
		if strings.EqualFold(h.Name, name) {
			s = headerState{headerSet, h.Value}
		}
	}
	for _, h := range mod.Add {
		if strings.EqualFold(h.Name, name) {
			s = s.add(h.Value)
		}
	}
	for _, removed := range mod.Remove {
		if strings.EqualFold(removed, name) {
			s = headerState{kind: headerRemoved}
		}
	}
	return s
}

func (s headerState) add(value string) headerState {
	switch s.kind {
	case headerKept:
		return headerState{headerAdded, value}
	case headerRemoved:
		return headerState{headerSet, value}
	default:
		return headerState{s.kind, s.value + "," + value}
	}
}

// composeHeaders returns one modifier that does what the given ones do one
// after the other; nil where they do nothing.
func composeHeaders(mods ...*ir.HeaderModifier) *ir.HeaderModifier {
	mods = slices.DeleteFunc(mods, func(m *ir.HeaderModifier) bool { return m == nil })
	if len(mods) < 2 {
		return cmp.Or(append(mods, nil)...)
	}
	names := map[string]bool{}
	for _, mod := range mods {
		for _, h := range slices.Concat(mod.Set, mod.Add) {
			names[strings.ToLower(h.Name)] = true
		}
		for _, name := range mod.Remove {
			names[strings.ToLower(name)] = true
		}
	}
	out := &ir.HeaderModifier{Source: mods[0].Source}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		state := headerState{}
		for _, mod := range mods {
			state = state.after(mod, name)
		}
		switch state.kind {
		case headerSet:
			out.Set = append(out.Set, ir.Header{Name: name, Value: state.value})
		case headerAdded:
			out.Add = append(out.Add, ir.Header{Name: name, Value: state.value})
		case headerRemoved:
			out.Remove = append(out.Remove, name)
		case headerKept:
		}
	}
	return out
}
