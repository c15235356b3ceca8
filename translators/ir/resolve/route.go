package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// deriveRoute finds the units that a GatewayRoute gives existence to: each of
// its hosts on each listener that lets it in.
func (v *view) deriveRoute(ref ir.Ref) output {
	route := read[v1alpha1.GatewayRoute](v, ref)
	if route == nil {
		return output{}
	}
	var out output
	for _, parent := range route.Spec.ParentRefs {
		for _, key := range v.attach(route, parent, nil) {
			if contains(out.keys, key) {
				continue
			}
			out.keys = append(out.keys, key)
			out.entries = append(out.entries, entry{topic{routesOf, unitRef(key)}, ref})
		}
	}
	return out
}

// unitRef is the reference that index routesOf knows a route unit by.
func unitRef(key ir.Key) ir.Ref {
	return ir.Ref{Kind: string(key.Kind), Namespace: key.Namespace, Name: key.Name + "/" + key.Listener + "/" + key.Hostname}
}

// attach returns the units that a route has through one parent. Refusals are
// given to refuse, which may be nil.
func (v *view) attach(route *v1alpha1.GatewayRoute, parent v1alpha1.ParentReference, refuse func(code, format string, args ...any)) []ir.Key {
	if refuse == nil {
		refuse = func(string, string, ...any) {}
	}
	ref := parentGateway(route, parent)
	gateway := read[v1alpha1.IngressGateway](v, ref)
	if gateway == nil {
		refuse(CodeNoListener, "IngressGateway %s/%s does not exist: create it, or correct the parentRef", ref.Namespace, ref.Name)
		return nil
	}
	if v.controllerOf(gateway) == nil {
		refuse(CodeParentRejected, "IngressGateway %s/%s has no IngressController: look at its status", ref.Namespace, ref.Name)
		return nil
	}
	var keys []ir.Key
	found, admitted := false, false
	for i := range gateway.Spec.Listeners {
		listener := &gateway.Spec.Listeners[i]
		if parent.SectionName != "" && parent.SectionName != listener.Name {
			continue
		}
		found = true
		if !v.admits(gateway, listener, route.Namespace) {
			continue
		}
		admitted = true
		for _, host := range hostnames(orElse(strings.ToLower(string(listener.Hostname)), anyHost), route.Spec.Hostnames) {
			keys = append(keys, ir.Key{Kind: ir.KindRoute, Namespace: ref.Namespace, Name: ref.Name, Listener: string(listener.Name), Hostname: host})
		}
	}
	switch {
	case !found:
		refuse(CodeNoListener, "IngressGateway %s/%s has no listener called %s: correct sectionName", ref.Namespace, ref.Name, parent.SectionName)
	case !admitted:
		refuse(CodeRouteNotAllowed, "allowedRoutes of IngressGateway %s/%s does not let routes of namespace %s in: change allowedRoutes of the listener", ref.Namespace, ref.Name, route.Namespace)
	case len(keys) == 0:
		refuse(CodeNoHostname, "no hostname of the route is one of the listener's: change hostnames, or the listener's hostname")
	}
	return keys
}

// routeResolution gathers what a route unit is made of.
type routeResolution struct {
	*view
	key      ir.Key
	on       ir.Target
	accepted bool
	unit     *ir.RouteUnit
	parts    []ir.Participant
	// all are the routes of the unit, flat those of them that are in force.
	all, flat []candidate
}

// routeUnit resolves one hostname on one listener. It has no part where nothing
// of it may be programmed.
func (v *view) routeUnit(key ir.Key) *ir.Unit {
	ref := ir.Ref{Kind: v1alpha1.KindIngressGateway, Namespace: key.Namespace, Name: key.Name}
	// What is wrong with the gateway is said by its own unit.
	gateway, accepted := v.within().gateway(ref)
	routes := byAge[v1alpha1.GatewayRoute](v, routesOf, unitRef(key))
	if gateway == nil || len(routes) == 0 {
		return nil
	}
	i := slices.IndexFunc(gateway.Listeners, func(l ir.Listener) bool { return l.Name == key.Listener })
	if i < 0 {
		return nil
	}
	if gateway.Mesh != nil {
		v.home = gateway.Mesh.Name
	}
	r := &routeResolution{
		view: v, key: key, accepted: accepted,
		on:   ir.Target{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name, SectionName: key.Listener},
		unit: &ir.RouteUnit{Gateway: *gateway, Listener: gateway.Listeners[i], Hostname: key.Hostname},
	}
	for _, route := range routes {
		r.add(route)
	}
	r.arrange()
	r.addBackends()
	unit := &ir.Unit{Key: key, Participants: sortParticipants(r.parts)}
	if len(r.unit.Routes) > 0 {
		unit.Route = r.unit
	}
	return unit
}

// add takes the rules of a route in.
func (r *routeResolution) add(route *v1alpha1.GatewayRoute) {
	source, since := sourceOf(route), len(r.issues)
	for i, parent := range route.Spec.ParentRefs {
		if !r.through(route, parent) {
			continue
		}
		target := parentTarget(parent)
		r.parts = append(r.parts, ir.Participant{Object: source.Ref, Generation: source.Generation, Target: target, On: r.on})
		if !r.accepted {
			r.report(finding{ir.EffectRejected, CodeParentRejected, source.At(fmt.Sprintf("spec.parentRefs[%d]", i)), target},
				"IngressGateway %s/%s is not accepted, so its routes are not programmed: look at its status", r.key.Namespace, r.key.Name)
		}
	}
	policies := r.routePolicies(route)
	var flat []candidate
	for i := range route.Spec.Rules {
		flat = append(flat, r.rule(route, i, policies)...)
	}
	r.all = append(r.all, flat...)
	if !r.rejects(source.Ref, since) && !r.ex.Has(source.Ref, "") {
		r.flat = append(r.flat, flat...)
	}
}

// through says whether the parent leads the route to this unit.
func (r *routeResolution) through(route *v1alpha1.GatewayRoute, parent v1alpha1.ParentReference) bool {
	gateway := parentGateway(route, parent)
	section := string(parent.SectionName)
	return gateway.Namespace == r.key.Namespace && gateway.Name == r.key.Name && (section == "" || section == r.key.Listener)
}

func parentTarget(parent v1alpha1.ParentReference) ir.Target {
	return ir.Target{
		Kind: v1alpha1.KindIngressGateway, Namespace: string(parent.Namespace),
		Name: string(parent.Name), SectionName: string(parent.SectionName),
	}
}

// routePolicies finds and checks the policies of a route and its rules.
func (r *routeResolution) routePolicies(route *v1alpha1.GatewayRoute) policyLevels {
	ref := sourceOf(route).Ref
	levels := r.levels(ref, routeRules(route))
	levels.each(ref, func(target ir.Target, policies []*v1alpha1.TrafficPolicy) {
		for _, policy := range policies {
			source := sourceOf(policy)
			r.parts = append(r.parts, ir.Participant{Object: source.Ref, Generation: source.Generation, Target: target, On: r.on})
		}
		r.checkPolicies(policies, target, true)
	})
	return levels
}

func routeRules(route *v1alpha1.GatewayRoute) []string {
	var names []string
	for _, r := range route.Spec.Rules {
		names = append(names, string(r.Name))
	}
	return names
}

// rule flattens the i-th rule of a route.
func (r *routeResolution) rule(route *v1alpha1.GatewayRoute, i int, policies policyLevels) []candidate {
	spec := &route.Spec.Rules[i]
	source := sourceOf(route).At(fmt.Sprintf("spec.rules[%d]", i))
	backend := func(b v1alpha1.BackendObjectReference, at ir.Source) ir.Backend { return r.routeBackend(route, b, at) }
	flat := r.flatten(&rule{
		owner: route, index: i, name: string(spec.Name), matches: spec.Matches, filters: spec.Filters, source: source, backend: backend,
	})
	var backends []ir.Backend
	for j, b := range spec.BackendRefs {
		found := backend(b.BackendObjectReference, source.At(fmt.Sprintf("backendRefs[%d]", j)))
		found.Weight = weight(b.Weight)
		backends = append(backends, found)
	}
	r.checkWeights(backends, finding{source: source.At("backendRefs")})
	request := r.merge(policies.sections[string(spec.Name)], policies.object)
	for j := range flat {
		flat[j].Backends = backends
		request.apply(&flat[j].Route)
	}
	return flat
}

// routeBackend resolves a backend of a route, which may be in another namespace.
func (r *routeResolution) routeBackend(route *v1alpha1.GatewayRoute, b v1alpha1.BackendObjectReference, at ir.Source) ir.Backend {
	ref := backendService(route, b)
	f := finding{effect: ir.EffectUnresolved, code: CodeNotGranted, source: at}
	if !r.granted(grant{fromKind: "HTTPRoute", from: route.Namespace, to: ref}) {
		r.report(f, "Service %s/%s is in another namespace, and no ReferenceGrant there lets HTTPRoutes of namespace %s refer to it: add one; until then its share of the requests is answered with 500",
			ref.Namespace, ref.Name, route.Namespace)
		return ir.Backend{
			Service: ir.ServiceRef{Namespace: ref.Namespace, Name: ref.Name, Port: ir.Port{Number: int32(b.Port), Protocol: ir.ProtocolUnknown}},
			Weight:  1, Invalid: true, Source: at,
		}
	}
	return r.backend(ref, int32(b.Port), f)
}
