package istio

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshloom/meshloom/translators/ir"
)

// headers joins the header modifiers of a route and of one of its backends.
// The request meets the route's first, the response the backend's.
func (t *routeTable) headers(route, backend ir.Filters) *networking.Headers {
	out := &networking.Headers{
		Request:  t.headerOperations(ir.RequestHeaders, route.RequestHeaders, backend.RequestHeaders),
		Response: t.headerOperations(ir.ResponseHeaders, backend.ResponseHeaders, route.ResponseHeaders),
	}
	if out.Request == nil && out.Response == nil {
		return nil
	}
	return out
}

// headerChange is what becomes of one header.
type headerChange struct {
	// replaced is true where the value that came in is gone.
	replaced bool
	// values follow what came in, or stand in its place.
	values []string
	source ir.Source
}

// headerChanges composes modifiers: each sets, then adds, then removes.
func headerChanges(modifiers []*ir.HeaderModifier) map[string]*headerChange {
	changes := map[string]*headerChange{}
	at := func(name string, source ir.Source) *headerChange {
		c := changes[name]
		if c == nil {
			c = &headerChange{}
			changes[name] = c
		}
		c.source = source
		return c
	}
	for _, m := range modifiers {
		if m == nil {
			continue
		}
		for _, h := range m.Set {
			c := at(strings.ToLower(h.Name), m.Source)
			c.replaced, c.values = true, []string{h.Value}
		}
		for _, h := range m.Add {
			c := at(strings.ToLower(h.Name), m.Source)
			c.values = append(c.values, h.Value)
		}
		for _, name := range m.Remove {
			c := at(strings.ToLower(name), m.Source)
			c.replaced, c.values = true, nil
		}
	}
	return changes
}

// headerOperations says the composed change in Istio's words. Envoy removes
// before it sets and adds, so a header never stands in two of the lists but
// set and add, which act in that order.
func (t *routeTable) headerOperations(feature ir.Feature, modifiers ...*ir.HeaderModifier) *networking.Headers_HeaderOperations {
	changes := headerChanges(modifiers)
	if len(changes) == 0 {
		return nil
	}
	out := &networking.Headers_HeaderOperations{}
	for name, c := range changes {
		settable := feature == ir.RequestHeaders && c.replaced && len(c.values) == 1
		if name == "host" && !settable {
			t.report(finding{Source: c.source, Feature: feature, Code: codeInexpressible}.Reject(
				"the Host header can only be set, and only on requests: use a rewrite of the hostname"))
			continue
		}
		switch {
		case !c.replaced:
			out.Add = put(out.Add, name, c.values)
		case len(c.values) == 0:
			out.Remove = append(out.Remove, name)
		default:
			out.Set = put(out.Set, name, c.values[:1])
			out.Add = put(out.Add, name, c.values[1:])
		}
	}
	if len(out.Set) == 0 && len(out.Add) == 0 && len(out.Remove) == 0 {
		return nil
	}
	slices.Sort(out.Remove)
	return out
}

// put adds a header; several values are one list, as HTTP has it. Envoy reads
// % as the beginning of a variable, so it is doubled.
func put(to map[string]string, name string, values []string) map[string]string {
	if len(values) == 0 {
		return to
	}
	if to == nil {
		to = map[string]string{}
	}
	to[name] = strings.ReplaceAll(strings.Join(values, ","), "%", "%%")
	return to
}
