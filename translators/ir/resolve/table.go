package resolve

import (
	"cmp"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// rule is what rules of TrafficSplits and GatewayRoutes have in common.
type rule struct {
	owner   client.Object
	index   int
	name    string
	matches []v1alpha1.HTTPRouteMatch
	filters []v1alpha1.HTTPRouteFilter
	source  ir.Source
	// backend resolves what a mirror points at.
	backend func(v1alpha1.BackendObjectReference, ir.Source) ir.Backend
}

// candidate is a route on its way into a table.
type candidate struct {
	ir.Route
	owner client.Object
	rule  int
	match int
}

// flatten makes a route of each match of the rule, without backends.
func (v *view) flatten(r *rule) []candidate {
	filters := v.filters(r)
	if len(r.matches) == 0 {
		route := ir.Route{Rule: r.name, Filters: filters, Source: r.source}
		route.Match = prefixed(ir.Match{}, filters)
		return []candidate{{Route: route, owner: r.owner, rule: r.index}}
	}
	var flat []candidate
	for i := range r.matches {
		source := r.source.At(fmt.Sprintf("matches[%d]", i))
		match := prefixed(v.match(&r.matches[i], source), filters)
		flat = append(flat, candidate{
			Route: ir.Route{Rule: r.name, Match: match, Filters: filters, Source: source},
			owner: r.owner, rule: r.index, match: i,
		})
	}
	return flat
}

// prefixed writes out the prefix that a ReplacePrefixMatch needs where the
// match has none, which is "/".
func prefixed(m ir.Match, f ir.Filters) ir.Match {
	replaces := func(p *ir.PathModifier) bool { return p != nil && p.Type == ir.ReplacePrefixMatch }
	if m.Path == nil && (f.Rewrite != nil && replaces(f.Rewrite.Path) || f.Redirect != nil && replaces(f.Redirect.Path)) {
		m.Path = &ir.PathMatch{Type: ir.PathPrefix, Value: "/"}
	}
	return m
}

// sortRoutes sorts by the precedence of Gateway API: exact paths, longer
// prefixes, expressions, then those without a path; then those with a method,
// with more headers, with more query parameters; then the oldest object, and
// the order within it.
func sortRoutes(list []candidate) {
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(pathRank(b.Match.Path), pathRank(a.Match.Path)),
			cmp.Compare(pathLength(b.Match.Path), pathLength(a.Match.Path)),
			cmp.Compare(min(len(b.Match.Method), 1), min(len(a.Match.Method), 1)),
			cmp.Compare(len(b.Match.Headers), len(a.Match.Headers)),
			cmp.Compare(len(b.Match.Query), len(a.Match.Query)),
			compareAge(a.owner, b.owner),
			cmp.Compare(a.rule, b.rule),
			cmp.Compare(a.match, b.match),
		)
	})
}

func pathRank(p *ir.PathMatch) int {
	switch {
	case p == nil || p.Type == ir.PathPrefix && p.Value == "/":
		return 0
	case p.Type == ir.PathRegex:
		return 1
	case p.Type == ir.PathPrefix:
		return 2
	default:
		return 3
	}
}

func pathLength(p *ir.PathMatch) int {
	if p == nil || p.Value == "/" {
		return 0
	}
	return len(p.Value)
}

// splitTable is the route table of a split on a port.
func (r *serviceResolution) splitTable(split *v1alpha1.TrafficSplit, port ir.Port, policies policyLevels) []ir.Route {
	var flat []candidate
	for i := range split.Spec.Rules {
		spec := &split.Spec.Rules[i]
		source := sourceOf(split).At(fmt.Sprintf("spec.rules[%d]", i))
		routes := r.flatten(&rule{
			owner: split, index: i, name: string(spec.Name), matches: spec.Matches, filters: spec.Filters, source: source,
			backend: func(b v1alpha1.BackendObjectReference, at ir.Source) ir.Backend {
				return r.splitService(split, v1alpha1.SplitBackendRef{Name: b.Name, Port: b.Port}, splitPlace{port, at})
			},
		})
		backends := r.splitBackends(split, spec.BackendRefs, splitPlace{port, source.At("backendRefs")})
		request := r.merge(policies.sections[string(spec.Name)], policies.object, r.policies)
		for _, c := range routes {
			c.Backends = backends
			request.apply(&c.Route)
			flat = append(flat, c)
		}
	}
	sortRoutes(flat)
	table := make([]ir.Route, 0, len(flat)+1)
	for _, c := range flat {
		table = append(table, c.Route)
	}
	source := sourceOf(split).At("spec.backendRefs")
	last := ir.Route{Backends: r.splitBackends(split, split.Spec.BackendRefs, splitPlace{port, source}), Source: source}
	request := r.merge(policies.object, r.policies)
	request.apply(&last)
	return append(table, last)
}
