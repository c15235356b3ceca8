package istio

import (
	"slices"
	"strconv"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateAmbientService writes what the waypoint of a Service does: HTTPRoutes
// for each port with a table, a Service for each subset, and DestinationRules.
// Ports without a route are left alone by waypoints.
func translateAmbientService(env translators.Env, u *ir.ServiceUnit) translators.Result {
	var result translators.Result
	after := []translators.ObjectRef{waypointRef(u.Service.Namespace)}
	for _, rule := range ambientDestinations(u) {
		result.Objects = append(result.Objects, rule)
		after = append(after, translators.ObjectRef{GroupVersionKind: destinationRuleKind, Namespace: rule.GetNamespace(), Name: rule.GetName()})
	}
	subsets, issues := gatewayapi.SubsetServices(u)
	result.Issues = issues
	for _, subset := range subsets {
		// Whoever dials one goes past the waypoint, to where ztunnel decides.
		setLabel(subset.Object, labelUseWaypoint, noWaypoint)
		result.Objects = append(result.Objects, subset)
	}
	for i := range u.Ports {
		part := ambientRoutes(env, u, &u.Ports[i], after)
		result.Objects = append(result.Objects, part.Objects...)
		result.Issues = append(result.Issues, part.Issues...)
	}
	result.Issues = ir.SortIssues(result.Issues)
	return result
}

// ambientDestinations says what applies to every connection to the Service: for
// the Service itself and for each that stands for a subset of it.
func ambientDestinations(u *ir.ServiceUnit) []translators.Object {
	policy := trafficPolicy(u)
	if policy == nil {
		return nil
	}
	names := []string{u.Service.Name}
	for i := range u.Subsets {
		names = append(names, gatewayapi.SubsetName(u.Mesh.Name, u.Service.Name, u.Subsets[i].Name))
	}
	var out []translators.Object
	for _, name := range names {
		rule := &networkingv1.DestinationRule{TypeMeta: typeMeta(destinationRuleKind), ObjectMeta: objectMeta(u.Service.Namespace, serviceObject(name))}
		rule.Spec.Host, rule.Spec.TrafficPolicy = hostOfSibling(&u.Service, name), trafficPolicy(u)
		out = append(out, object(rule, destinationSources(u)))
	}
	return out
}

// hostOfSibling is the host of another Service of the same namespace.
func hostOfSibling(service *ir.Service, name string) string {
	return name + service.Host[len(service.Name):]
}

// istioPrecedence is the order in which Istio looks at the matches of all routes
// of a Service.
var istioPrecedence = gatewayapi.Specificity(gatewayapi.PathRanks{Exact: 3, Prefix: 2, Regex: 1})

// ambientRoutes says the table of one port.
func ambientRoutes(env translators.Env, u *ir.ServiceUnit, port *ir.PortRoutes, after []translators.ObjectRef) translators.Result {
	t := ambientTable{
		may:     ambientAbilitiesOf(env),
		setting: gatewayapi.Setting{Mesh: u.Mesh.Name, Namespace: u.Service.Namespace, Listener: port.Port.Number},
	}
	t.setting.May = t.may.filters()
	routes := make([]ir.Route, len(port.Routes))
	var sources []ir.Source
	var used []*ir.Route
	for i := range port.Routes {
		routes[i] = t.prepared(&port.Routes[i])
		sources, used = append(sources, routes[i].Sources()...), append(used, &routes[i])
	}
	behindExpressions(routes)
	order := gatewayapi.Ordering{Precedence: istioPrecedence}
	lines, issues := gatewayapi.Order(routes, order)
	rules := gatewayapi.Rules(lines, t.rule)
	objects, more := gatewayapi.HTTPRoutes(gatewayapi.Meta{
		Namespace: u.Service.Namespace, Name: uniqueName(u.Mesh.Name, u.Service.Name, strconv.Itoa(int(port.Port.Number))),
		Parents: []gatewayv1.ParentReference{gatewayapi.ServiceParent(u.Service.Name, port.Port.Number)},
		Sources: ir.Origins(sources...), After: slices.Concat(after, gatewayapi.SubsetRefs(u.Mesh.Name, used)),
	}, rules, order)
	return translators.Result{Objects: objects, Issues: slices.Concat(t.issues, issues, more)}
}

// ambientTable translates the routes of one port.
type ambientTable struct {
	may     ambientAbilities
	setting gatewayapi.Setting
	issues  []ir.Issue
}

func (t *ambientTable) report(issue ir.Issue) { t.issues = append(t.issues, issue) }

// rule says what a route does with the requests that it matches.
func (t *ambientTable) rule(r *ir.Route) gatewayv1.HTTPRouteRule {
	var rule gatewayv1.HTTPRouteRule
	rule.Filters, _ = gatewayapi.Filters(&r.Filters, t.setting)
	if r.Filters.Redirect != nil {
		return rule
	}
	refs, issues := gatewayapi.BackendRefs(r.Backends, t.setting)
	rule.BackendRefs, t.issues = refs, append(t.issues, issues...)
	t.limits(r, &rule)
	return rule
}
