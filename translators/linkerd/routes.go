package linkerd

import (
	"maps"
	"slices"
	"strconv"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

// abilities are the fields of a route that Linkerd reads. Any other filter makes
// it drop the whole route, so that there is no way to write one here.
var abilities = gatewayapi.Abilities{RequestHeaders: true, ResponseHeaders: true, BackendHeaders: true, Redirect: true}

// table translates the routes of one port.
type table struct {
	unit    *ir.ServiceUnit
	port    *ir.PortRoutes
	setting gatewayapi.Setting
	objects []translators.Object
	issues  []ir.Issue
}

func newTable(u *ir.ServiceUnit, p *ir.PortRoutes) *table {
	return &table{unit: u, port: p, setting: gatewayapi.Setting{Mesh: u.Mesh.Name, Namespace: u.Service.Namespace, Listener: p.Port.Number, May: abilities}}
}

func (t *table) report(issues ...ir.Issue) { t.issues = append(t.issues, issues...) }

// translate writes one object for each policy of timeouts and retries, because
// Linkerd reads them off the object.
func (t *table) translate() {
	routes := make([]ir.Route, len(t.port.Routes))
	policies := map[string]map[string]string{}
	for i := range t.port.Routes {
		routes[i] = t.readable(&t.port.Routes[i])
		annotations := t.annotations(&routes[i])
		policies[policyKey(annotations)] = annotations
	}
	ordering := gatewayapi.Ordering{Precedence: precedence, Object: func(r *ir.Route) string { return policyKey(t.silent(r)) }}
	lines, issues := gatewayapi.Order(routes, ordering)
	t.report(issues...)
	for _, key := range slices.Sorted(maps.Keys(policies)) {
		ours := slices.DeleteFunc(slices.Clone(lines), func(l gatewayapi.Line) bool { return l.Object != key })
		rules := gatewayapi.Rules(ours, t.rule)
		if len(rules) == 0 {
			continue
		}
		objects, issues := gatewayapi.HTTPRoutes(t.meta(policies[key], rules), rules, ordering)
		t.objects = append(t.objects, objects...)
		t.report(issues...)
	}
}

// meta is what the objects with one policy have in common. They are named after
// the policy, so that another one is another object, which is there before the
// old one goes.
func (t *table) meta(annotations map[string]string, rules []gatewayapi.Rule) gatewayapi.Meta {
	var sources []ir.Source
	var routes []*ir.Route
	for _, rule := range rules {
		sources = append(sources, rule.Route.Sources()...)
		routes = append(routes, rule.Route)
	}
	return gatewayapi.Meta{
		Namespace: t.unit.Service.Namespace, Name: t.name(policyKey(annotations)),
		Annotations: annotations,
		Parents:     []gatewayv1.ParentReference{gatewayapi.ServiceParent(t.unit.Service.Name, t.port.Port.Number)},
		Sources:     ir.Origins(sources...), After: gatewayapi.SubsetRefs(t.unit.Mesh.Name, routes),
	}
}

// rule says what a line does. A redirect has no backends.
func (t *table) rule(r *ir.Route) gatewayv1.HTTPRouteRule {
	filters, _ := gatewayapi.Filters(&r.Filters, t.setting)
	if r.Filters.Redirect != nil {
		return gatewayv1.HTTPRouteRule{Filters: filters}
	}
	refs, issues := gatewayapi.BackendRefs(r.Backends, t.setting)
	t.report(issues...)
	return gatewayv1.HTTPRouteRule{Filters: filters, BackendRefs: refs}
}

// policyKey is equal for equal annotations, and empty for none.
func policyKey(annotations map[string]string) string {
	key := ""
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		key += name + "=" + strconv.Quote(annotations[name]) + ";"
	}
	return key
}
