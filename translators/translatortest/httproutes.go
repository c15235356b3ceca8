package translatortest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// RouteReader is a mesh as far as it reads HTTPRoutes that are attached to
// Services. A nil function stands for what is said with it.
type RouteReader struct {
	// Compare ranks two matches that the request satisfies: above 0 where a comes
	// first, 0 where the age of their routes, then the names, then the places
	// in the list decide. Nil compares as the Gateway API says.
	Compare func(a, b *gatewayv1.HTTPRouteMatch, r *eval.Request) int
	// Ignores says that the mesh drops the route whole. Nil drops none.
	Ignores func(*gatewayv1.HTTPRoute) bool
	// Timeouts are those of the whole request and of each try. Nil reads the
	// rule's timeouts.
	Timeouts func(*gatewayv1.HTTPRoute, *gatewayv1.HTTPRouteRule) (request, try *time.Duration)
	// Retry of a rule. Nil retries nothing.
	Retry func(*gatewayv1.HTTPRoute, *gatewayv1.HTTPRouteRule) *ir.Retry
	// Destination is what stands behind a Service, and whether it exists. Nil
	// knows all Services, and no subsets.
	Destination func(namespace, name string, port int32) (eval.Destination, bool)
}

// Decide answers a request to a port of a Service by the routes. Without a route
// it goes to the Service itself; with one, and none of their matches
// satisfied, it is answered 404. A redirect that names no port keeps that of the
// request. Line, Rule and Source are not set.
func (x RouteReader) Decide(routes []*gatewayv1.HTTPRoute, to ir.ServiceName, r eval.Request) eval.Decision {
	attached := slices.DeleteFunc(slices.Clone(routes), func(route *gatewayv1.HTTPRoute) bool {
		return x.Ignores != nil && x.Ignores(route) || !slices.ContainsFunc(route.Spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
			return isParent(&p, route.Namespace, to, r.Port)
		})
	})
	if len(attached) == 0 {
		self := eval.Destination{Namespace: to.Namespace, Name: to.Name, Port: r.Port}
		return eval.Decision{Line: -1, Shares: []eval.Share{{Part: "1", To: self, Request: r}}}
	}
	slices.SortFunc(attached, func(a, b *gatewayv1.HTTPRoute) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	route, rule, match := x.best(attached, &r)
	if rule == nil {
		return eval.Decision{Line: -1, Status: 404}
	}
	line := x.line(route, rule, match, to)
	if redirect := line.Filters.Redirect; redirect != nil && redirect.Port == 0 {
		redirect.Port = r.Port
	}
	d := eval.Table([]ir.Route{line}, r)
	d.Line, d.Source = -1, ir.Source{}
	return d
}

func isParent(p *gatewayv1.ParentReference, namespace string, to ir.ServiceName, port int32) bool {
	group := deref(p.Group, gatewayv1.GroupName)
	return (group == "" || group == "core") && deref(p.Kind, "Gateway") == "Service" && string(p.Name) == to.Name &&
		string(deref(p.Namespace, gatewayv1.Namespace(namespace))) == to.Namespace && deref(p.Port, port) == port
}

func deref[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// best returns the rule with the match that comes first.
func (x RouteReader) best(routes []*gatewayv1.HTTPRoute, r *eval.Request) (*gatewayv1.HTTPRoute, *gatewayv1.HTTPRouteRule, *gatewayv1.HTTPRouteMatch) {
	compare := x.Compare
	if compare == nil {
		compare = MoreSpecific
	}
	var route *gatewayv1.HTTPRoute
	var rule *gatewayv1.HTTPRouteRule
	var match *gatewayv1.HTTPRouteMatch
	for _, candidate := range routes {
		for i := range candidate.Spec.Rules {
			matches := candidate.Spec.Rules[i].Matches
			if len(matches) == 0 {
				matches = []gatewayv1.HTTPRouteMatch{{}}
			}
			for j := range matches {
				m := matchOf(&matches[j])
				if eval.MatchRequest(&m, r) && (match == nil || compare(&matches[j], match, r) > 0) {
					route, rule, match = candidate, &candidate.Spec.Rules[i], &matches[j]
				}
			}
		}
	}
	return route, rule, match
}

// MoreSpecific ranks matches as the Gateway API says, regular expressions of
// the path, which it leaves open, last.
func MoreSpecific(a, b *gatewayv1.HTTPRouteMatch, _ *eval.Request) int {
	ranks := map[gatewayv1.PathMatchType]int{gatewayv1.PathMatchExact: 2, gatewayv1.PathMatchPathPrefix: 1}
	p, q := pathOf(a), pathOf(b)
	method := func(m *gatewayv1.HTTPRouteMatch) int {
		if m.Method != nil {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(ranks[*p.Type], ranks[*q.Type]), cmp.Compare(len(*p.Value), len(*q.Value)), cmp.Compare(method(a), method(b)),
		cmp.Compare(len(a.Headers), len(b.Headers)), cmp.Compare(len(a.QueryParams), len(b.QueryParams)))
}

// pathOf is the path of a match, with the API's defaults.
func pathOf(m *gatewayv1.HTTPRouteMatch) gatewayv1.HTTPPathMatch {
	var p gatewayv1.HTTPPathMatch
	if m.Path != nil {
		p = *m.Path
	}
	typ, value := deref(p.Type, gatewayv1.PathMatchPathPrefix), deref(p.Value, "/")
	return gatewayv1.HTTPPathMatch{Type: &typ, Value: &value}
}

// matchOf reads a match.
func matchOf(m *gatewayv1.HTTPRouteMatch) ir.Match {
	p := pathOf(m)
	out := ir.Match{Path: &ir.PathMatch{Type: ir.PathType(*p.Type), Value: *p.Value}, Method: string(deref(m.Method, ""))}
	for _, h := range m.Headers {
		out.Headers = append(out.Headers, ir.ValueMatch{Type: ir.ValueType(deref(h.Type, gatewayv1.HeaderMatchExact)), Name: strings.ToLower(string(h.Name)), Value: h.Value})
	}
	for _, q := range m.QueryParams {
		out.Query = append(out.Query, ir.ValueMatch{Type: ir.ValueType(deref(q.Type, gatewayv1.QueryParamMatchExact)), Name: string(q.Name), Value: q.Value})
	}
	return out
}
