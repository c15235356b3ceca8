package resolve

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Needs are parts of units that cost something to know: only units of meshes
// whose provider needs them have them, and only while there is such a mesh is
// anything kept for them.
type Needs struct {
	// Services is for NamespaceUnit.Services and Targeted.
	Services bool
	// Callers is for the Callers of all units.
	Callers bool
	// Namesakes is for the Namesakes of Services.
	Namesakes bool
	// Reach is for Others and Fronts of AccessUnits, and Routed of their targets.
	Reach bool
	// Serving is for the Serving of ServiceUnits.
	Serving bool
	// RateLimit is for RateLimit of the targets of AccessUnits, for providers that
	// limit requests where they decide access, with what else they need for it.
	RateLimit bool
}

func (n Needs) or(other Needs) Needs {
	return Needs{
		Services: n.Services || other.Services, Callers: n.Callers || other.Callers,
		Namesakes: n.Namesakes || other.Namesakes, Reach: n.Reach || other.Reach, Serving: n.Serving || other.Serving,
		RateLimit: n.RateLimit || other.RateLimit,
	}
}

func (o Options) needs(provider string) Needs {
	if o.Needs == nil {
		return Needs{}
	}
	return o.Needs(provider)
}

// demand is what any of the Meshes that there are needs.
func (s *Store) demand() Needs {
	var sum Needs
	for ref := range s.kinds[v1alpha1.KindMesh].all() {
		if mesh, ok := s.objects[ref].(*v1alpha1.Mesh); ok {
			sum = sum.or(s.options.needs(string(mesh.Spec.Provider)))
		}
	}
	return sum
}

// supply keeps the indexes that Meshes need, and those only. What changes is
// whether the first Mesh with a need has come, or the last one gone, and the
// units of that Mesh are due anyway.
func (c *change) supply() {
	s := c.store
	demand := s.demand()
	if demand == s.needed {
		return
	}
	old := s.needed
	s.needed = demand
	for _, ref := range sortedRefs(s.kinds[kindService]) {
		obj := s.objects[ref]
		c.reindex(neededEntries(ref, obj, old), neededEntries(ref, obj, demand))
	}
}

// neededEntries are the places of a Service in the indexes that are needed.
func neededEntries(ref ir.Ref, obj client.Object, needs Needs) []entry {
	if _, ok := obj.(*corev1.Service); !ok {
		return nil
	}
	var entries []entry
	if needs.Namesakes {
		entries = append(entries, entry{topic{servicesNamed, ir.Ref{Kind: kindService, Name: ref.Name}}, ref})
	}
	if (needs.Services || needs.Callers) && len(selectorOf(obj)) > 0 {
		entries = append(entries, entry{topic{servicesIn, namespaceRef(ref.Namespace)}, ref})
	}
	return entries
}

// needsOf is what the provider of a mesh needs.
func (v *view) needsOf(mesh string) Needs {
	m, _ := v.mesh(mesh)
	return v.store.options.needs(m.Provider)
}

// namesakes are the other member namespaces with a Service of the name, of the
// mesh in whose name the unit is resolved; nil where nobody needs to know.
func (v *view) namesakes(ref ir.Ref) []string {
	if !v.store.needed.Namesakes || v.home == "" || !v.needsOf(v.home).Namesakes || !v.in(ref.Namespace, v.home) {
		return nil
	}
	var found []string
	for _, svc := range v.members(servicesNamed, ir.Ref{Kind: kindService, Name: ref.Name}) {
		if svc.Namespace != ref.Namespace && v.in(svc.Namespace, v.home) {
			found = append(found, svc.Namespace)
		}
	}
	return found
}

// ownServices are the Services of a namespace that select pods, and not those
// of an IngressGateway, with the names of those that have access units.
func (v *view) ownServices(namespace, provider string) (services []ir.Service, targeted []string) {
	for _, ref := range v.members(servicesIn, namespaceRef(namespace)) {
		if slices.ContainsFunc(v.group(ref), func(svc ir.Ref) bool { return len(v.members(gatewaysOf, svc)) > 0 }) {
			continue
		}
		services = append(services, v.irService(v.service(ref)))
		if len(v.members(accessOf, ref)) > 0 || v.limited(ref, provider) {
			targeted = append(targeted, ref.Name)
		}
	}
	return services, targeted
}
