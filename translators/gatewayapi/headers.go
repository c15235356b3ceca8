package gatewayapi

import (
	"cmp"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// Compose returns one modifier that does what the given ones do one after the
// other, and names no header twice, so that the order in which a reader sets,
// adds and removes does not matter. It is nil where they do nothing.
func Compose(mods ...*ir.HeaderModifier) *ir.HeaderModifier {
	changes := map[string]*headerChange{}
	var out *ir.HeaderModifier
	for _, m := range mods {
		if m == nil {
			continue
		}
		if out == nil {
			out = &ir.HeaderModifier{Source: m.Source}
		}
		change(changes, m)
	}
	for name, c := range changes {
		joined := ir.Header{Name: name, Value: strings.Join(c.values, ",")}
		switch {
		case !c.replaced:
			out.Add = append(out.Add, joined)
		case len(c.values) == 0:
			out.Remove = append(out.Remove, name)
		default:
			out.Set = append(out.Set, joined)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	byName := func(a, b ir.Header) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(out.Set, byName)
	slices.SortFunc(out.Add, byName)
	slices.Sort(out.Remove)
	return out
}

// headerChange is what becomes of one header.
type headerChange struct {
	// replaced is true where the value that came in is gone.
	replaced bool
	// values follow what came in, or stand in its place.
	values []string
}

// change adds what a modifier does to what was done before it.
func change(changes map[string]*headerChange, m *ir.HeaderModifier) {
	at := func(name string) *headerChange {
		name = strings.ToLower(name)
		if changes[name] == nil {
			changes[name] = &headerChange{}
		}
		return changes[name]
	}
	for _, h := range m.Set {
		*at(h.Name) = headerChange{replaced: true, values: []string{h.Value}}
	}
	for _, h := range m.Add {
		c := at(h.Name)
		c.values = append(c.values, h.Value)
	}
	for _, name := range m.Remove {
		*at(name) = headerChange{replaced: true}
	}
}

// headerFilter says a modifier; nil where it does nothing.
func headerFilter(m *ir.HeaderModifier) *gatewayv1.HTTPHeaderFilter {
	m = Compose(m)
	if m == nil {
		return nil
	}
	return &gatewayv1.HTTPHeaderFilter{Set: headers(m.Set), Add: headers(m.Add), Remove: m.Remove}
}

func headers(list []ir.Header) []gatewayv1.HTTPHeader {
	var out []gatewayv1.HTTPHeader
	for _, h := range list {
		out = append(out, gatewayv1.HTTPHeader{Name: gatewayv1.HTTPHeaderName(h.Name), Value: h.Value})
	}
	return out
}
