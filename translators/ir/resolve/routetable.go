package resolve

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// arrange sorts the routes and leaves out those that are never reached because
// an earlier one has the same match.
func (r *routeResolution) arrange() {
	sortRoutes(r.flat)
	first := map[string]candidate{}
	for _, c := range r.flat {
		key := matchKey(c.Match)
		if winner, ok := first[key]; ok {
			r.report(finding{effect: ir.EffectPartial, code: CodeShadowed, source: c.Source},
				"%s has the same match on host %s and comes first, so this one is never reached: merge the two", nameOf(winner), r.key.Hostname)
			continue
		}
		first[key] = c
		r.unit.Routes = append(r.unit.Routes, c.Route)
	}
}

func nameOf(c candidate) string {
	return "GatewayRoute " + c.owner.GetNamespace() + "/" + c.owner.GetName() + ", " + c.Source.Field + ","
}

// matchKey is equal for matches that match the same requests by the same words.
func matchKey(m ir.Match) string {
	var b strings.Builder
	add := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
			b.WriteByte(0)
		}
	}
	if m.Path != nil && pathRank(m.Path) > 0 {
		add(string(m.Path.Type), m.Path.Value)
	}
	add("method", m.Method, "headers")
	for _, h := range m.Headers {
		add(h.Name, string(h.Type), h.Value)
	}
	add("query")
	for _, q := range m.Query {
		add(q.Name, string(q.Type), q.Value)
	}
	return b.String()
}

// addBackends says what stands behind the Services that the routes name. Those of
// routes that are left out are looked at too: they have a part in the unit.
func (r *routeResolution) addBackends() {
	shown := map[ir.Ref]bool{}
	for _, route := range r.unit.Routes {
		for ref := range services(&route) {
			shown[ref] = true
		}
	}
	named := map[ir.Ref]bool{}
	for _, c := range r.all {
		for ref := range services(&c.Route) {
			named[ref] = true
		}
	}
	for _, ref := range slices.SortedFunc(maps.Keys(named), ir.Ref.Compare) {
		if b := r.behind(ref); shown[ref] {
			r.unit.Backends = append(r.unit.Backends, b)
		}
	}
}

// services yields the Services that a route sends requests or copies to.
func services(route *ir.Route) iter.Seq[ir.Ref] {
	return func(yield func(ir.Ref) bool) {
		for _, b := range route.Backends {
			if !b.Invalid && !yield(serviceRef(b.Service.Namespace, b.Service.Name)) {
				return
			}
		}
		for _, m := range route.Filters.Mirrors {
			if b := m.Backend; !b.Invalid && !yield(serviceRef(b.Service.Namespace, b.Service.Name)) {
				return
			}
		}
	}
}

// behind resolves what the gateway's mesh does with requests to a Service. What
// is wrong with it is said by the unit of the Service.
func (r *routeResolution) behind(ref ir.Ref) ir.RouteBackend {
	b := ir.RouteBackend{Service: r.irService(r.service(ref))}
	mesh := r.unit.Gateway.Mesh
	if mesh == nil || !r.in(ref.Namespace, mesh.Name) {
		return b
	}
	b.Member = true
	inner := r.within().resolveService(ref, mesh.Name)
	if inner == nil {
		return b
	}
	b.Split = inner.unit(*mesh)
	for _, p := range inner.parts {
		p.On = r.on
		r.parts = append(r.parts, p)
	}
	return b
}

// routeKeys returns the route units that carry or meet what a Service of a mesh
// is said about.
func (s *Store) routeKeys(service ir.Ref) []ir.Key {
	var keys []ir.Key
	meshes := s.view().meshesOf(service.Namespace)
	for route := range s.sets[topic{routesTo, service}].all() {
		n := s.nodes[route]
		if n == nil {
			continue
		}
		for _, key := range n.output.keys {
			gateway, _ := s.objects[ir.Ref{Kind: v1alpha1.KindIngressGateway, Namespace: key.Namespace, Name: key.Name}].(*v1alpha1.IngressGateway)
			if gateway != nil && gateway.Spec.MeshRef != nil && slices.Contains(meshes, string(gateway.Spec.MeshRef.Name)) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
