package linkerd

import (
	"fmt"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// An HTTPRoute holds as many matches as every release of Gateway API takes.
const (
	matchesPerRule = 8
	rulesPerRoute  = 16
)

// routesFor writes the routes of a Server: decisions that admit the same callers
// share one, with its authorizations. What a Server itself grants it grants on
// every route.
func (w *writer) routesFor(serverName string, connection grant, decisions []decision) {
	var order []string
	groups := map[string][]decision{}
	for _, d := range decisions {
		key := d.admitted.key()
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], d)
	}
	for _, key := range order {
		for chunk := range slices.Chunk(groups[key], matchesPerRule*rulesPerRoute) {
			name := accessName(w.scope+" route", serverName, key, fmt.Sprint(marksOf(chunk)))
			if key != connection.key() {
				w.admit(targetOf(httpRouteKind, name), chunk[0].admitted)
			}
			w.route(name, serverName, chunk)
		}
	}
}

// marksOf is what tells routes of the same callers from each other.
func marksOf(decisions []decision) []any {
	var out []any
	for _, d := range decisions {
		out = append(out, d.cell, d.kubelet)
	}
	return out
}

func (w *writer) route(name, serverName string, decisions []decision) {
	group, kind := gatewayv1.Group(policyGroup), gatewayv1.Kind(serverKind.Kind)
	route := &gatewayv1.HTTPRoute{}
	route.TypeMeta, route.ObjectMeta = metaOf(httpRouteKind, w.namespace, name)
	route.Spec.ParentRefs = []gatewayv1.ParentReference{{Group: &group, Kind: &kind, Name: gatewayv1.ObjectName(serverName)}}
	for chunk := range slices.Chunk(decisions, matchesPerRule) {
		rule := gatewayv1.HTTPRouteRule{}
		for _, d := range chunk {
			match := d.match()
			if d.kubelet {
				typ := gatewayv1.HeaderMatchRegularExpression
				match.Headers = []gatewayv1.HTTPHeaderMatch{{Type: &typ, Name: "user-agent", Value: "kube-probe/.*"}}
			}
			rule.Matches = append(rule.Matches, match)
		}
		route.Spec.Rules = append(route.Spec.Rules, rule)
	}
	w.add(route)
}

// match selects the requests of the cell, and those of cells that are decided
// the same way.
func (c cell) match() gatewayv1.HTTPRouteMatch {
	typ, value := gatewayv1.PathMatchPathPrefix, c.path.Value
	if c.path.Type == ir.PathExact {
		typ = gatewayv1.PathMatchExact
	}
	match := gatewayv1.HTTPRouteMatch{Path: &gatewayv1.HTTPPathMatch{Type: &typ, Value: &value}}
	if c.method != "" {
		method := gatewayv1.HTTPMethod(c.method)
		match.Method = &method
	}
	return match
}
