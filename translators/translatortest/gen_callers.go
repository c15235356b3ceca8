package translatortest

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// callerServices are Services that run under the identities of callers, each
// named as its ServiceAccount. Two of them have one name.
func callerServices() []ir.CallerService {
	var out []ir.CallerService
	for _, id := range identities {
		c := ir.CallerService{
			ServiceName: ir.ServiceName{Namespace: id.Namespace, Name: id.ServiceAccount},
			Workloads:   []ir.Workload{{Namespace: id.Namespace, Labels: map[string]string{"app": id.ServiceAccount}, Identity: id}},
		}
		for _, other := range identities {
			if other.ServiceAccount == id.ServiceAccount && other.Namespace != id.Namespace {
				c.Namesakes = append(c.Namesakes, other.Namespace)
			}
		}
		out = append(out, c)
	}
	return out
}

// namedBy returns those that a rule names, as Resolve finds them.
func namedBy(world []ir.CallerService, rules ...*ir.AccessRules) []ir.CallerService {
	var out []ir.CallerService
	for _, service := range world {
		if slices.ContainsFunc(rules, func(r *ir.AccessRules) bool { return r != nil && names(r, service) }) {
			out = append(out, service)
		}
	}
	return out
}

func names(rules *ir.AccessRules, service ir.CallerService) bool {
	for _, rule := range slices.Concat(rules.Allow, rules.Deny) {
		for _, c := range rule.From {
			placed := c.Namespaces == nil || slices.Contains(c.Namespaces, service.Namespace)
			switch {
			case c.Identities != nil:
				if placed && slices.ContainsFunc(service.Workloads, func(w ir.Workload) bool { return slices.Contains(c.Identities, w.Identity) }) {
					return true
				}
			case c.Namespaces != nil && placed:
				return true
			}
		}
	}
	return false
}

// otherServices are the Services of the mesh beside one.
func otherServices(world []ir.CallerService) []ir.ServiceName {
	var out []ir.ServiceName
	for _, service := range world {
		out = append(out, service.ServiceName)
	}
	return out
}

// know fills in what Resolve tells of Services beside what users said, given
// the Services of the mesh that call.
func know(u *ir.Unit, world []ir.CallerService) {
	switch {
	case u.Service != nil:
		if d := u.Service.Destination; d.OutlierDetection != nil || d.ConnectionPool != nil {
			u.Service.Callers = otherServices(world)
		}
	case u.Access != nil:
		rules := []*ir.AccessRules{u.Access.NamespaceRules}
		for i := range u.Access.Targets {
			rules = append(rules, &u.Access.Targets[i].Rules)
		}
		u.Access.Callers = namedBy(world, rules...)
	case u.Namespace != nil:
		u.Namespace.Services = []ir.Service{service("ratings")}
		u.Namespace.Callers = namedBy(world, u.Namespace.Access)
	}
}

// known is know for random units: now and then the target has a namesake.
func (g *Gen) known(u *ir.Unit) *ir.Unit {
	know(u, callerServices())
	if u.Namespace != nil && g.chance(3) {
		u.Namespace.Targeted = []string{"ratings"}
	}
	if !g.chance(8) {
		return u
	}
	namesakes := []string{"batch"}
	switch {
	case u.Service != nil:
		u.Service.Service.Namesakes = namesakes
		eachBackend(u.Service.Ports, func(b *ir.Backend) {
			if b.Service.Name == u.Service.Service.Name {
				b.Service.Namesakes = namesakes
			}
		})
	case u.Access != nil:
		u.Access.Targets[0].Service.Namesakes = namesakes
	case u.Namespace != nil:
		u.Namespace.Services[0].Namesakes = namesakes
	}
	return u
}

func eachBackend(ports []ir.PortRoutes, visit func(*ir.Backend)) {
	for _, p := range ports {
		for i := range p.Routes {
			r := &p.Routes[i]
			for j := range r.Backends {
				visit(&r.Backends[j])
			}
			for j := range r.Filters.Mirrors {
				visit(&r.Filters.Mirrors[j].Backend)
			}
		}
	}
}

// MeshUnit returns a random unit of the mesh.
func (g *Gen) MeshUnit() *ir.Unit {
	u := &ir.MeshUnit{Mesh: mesh(), Members: some(g, callerNamespaces)}
	if g.chance(2) {
		u.MTLS = &ir.MTLS{Mode: one(g, []ir.MTLSMode{ir.MTLSStrict, ir.MTLSPermissive, ir.MTLSDisabled}), Source: u.Mesh.Source.At("spec.mtls")}
	}
	u.AccessDefault = one(g, []ir.AccessDefault{"", ir.AccessAllow, ir.AccessDeny})
	u.EgressDefault = one(g, []ir.EgressDefault{"", ir.EgressAllow, ir.EgressDeny})
	return &ir.Unit{Key: ir.Key{Kind: ir.KindMesh, Mesh: u.Mesh.Name}, Mesh: u}
}
