package resolve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// serviceResolution gathers what a service unit is made of.
type serviceResolution struct {
	*view
	ref      ir.Ref
	on       ir.Target
	service  ir.Service
	pods     []*record
	policies []*v1alpha1.TrafficPolicy
	splits   []*v1alpha1.TrafficSplit
	// holder maps ports to the split that won them.
	holder map[int32]*v1alpha1.TrafficSplit
	tables map[int32]ir.PortRoutes
	// labels of subsets, by the subsets' names.
	labels map[string]map[string]string
	parts  []ir.Participant
}

// serviceKeys are the units of a Service, one for each mesh that its namespace is
// a member of; none where it does not exist or has no endpoints of its own.
func (v *view) serviceKeys(ref ir.Ref) []ir.Key {
	meshes, svc := v.meshesOf(ref.Namespace), v.service(ref)
	if svc == nil || svc.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	var keys []ir.Key
	for _, mesh := range meshes {
		keys = append(keys, ir.Key{Kind: ir.KindService, Mesh: mesh, Namespace: ref.Namespace, Name: ref.Name})
	}
	return keys
}

// serviceUnit resolves a Service that TrafficSplits or TrafficPolicies speak of.
func (v *view) serviceUnit(key ir.Key) *ir.Unit {
	r := v.resolveService(serviceRef(key.Namespace, key.Name), key.Mesh)
	if r == nil {
		return nil
	}
	mesh, _ := v.mesh(key.Mesh)
	return &ir.Unit{Key: key, Participants: r.parts, Service: r.unit(mesh)}
}

// resolveService resolves a Service as it is in a mesh; nil means that nothing
// speaks of it, or that it can have no unit.
func (v *view) resolveService(ref ir.Ref, mesh string) *serviceResolution {
	keys := v.serviceKeys(ref)
	if !slices.ContainsFunc(keys, func(k ir.Key) bool { return k.Mesh == mesh }) {
		return nil
	}
	r := &serviceResolution{
		view: v, ref: ref, on: onMesh(mesh),
		policies: byAge[v1alpha1.TrafficPolicy](v, policiesOf, ref),
		splits:   byAge[v1alpha1.TrafficSplit](v, splitsOf, ref),
		holder:   map[int32]*v1alpha1.TrafficSplit{},
		tables:   map[int32]ir.PortRoutes{},
		labels:   map[string]map[string]string{},
	}
	if len(r.policies) == 0 && len(r.splits) == 0 {
		return nil
	}
	r.service, r.pods = v.irService(v.service(ref)), v.records(workloadsOf, ref)
	r.checkServicePolicies()
	levels := make([]policyLevels, len(r.splits))
	for i, split := range r.splits {
		levels[i] = r.splitPolicies(split)
	}
	for i, split := range r.splits {
		r.addSplit(split, levels[i])
	}
	r.addPolicies()
	r.parts = sortParticipants(r.parts)
	return r
}

func (r *serviceResolution) participate(object ir.Source, target ir.Target) {
	r.parts = append(r.parts, ir.Participant{Object: object.Ref, Generation: object.Generation, Target: target, On: r.on})
}

// unit puts the pieces together.
func (r *serviceResolution) unit(mesh ir.Mesh) *ir.ServiceUnit {
	unit := &ir.ServiceUnit{Mesh: mesh, Service: r.service, Destination: r.destination()}
	unit.Callers = r.serviceCallers(mesh, unit.Destination)
	for _, number := range slices.Sorted(maps.Keys(r.tables)) {
		unit.Ports = append(unit.Ports, r.tables[number])
	}
	known := map[string]bool{}
	for _, table := range unit.Ports {
		for _, route := range table.Routes {
			for _, b := range route.Backends {
				if b.Subset != "" && !known[b.Subset] {
					known[b.Subset] = true
					unit.Subsets = append(unit.Subsets, ir.Subset{Name: b.Subset, Labels: r.labels[b.Subset], Source: b.Source.At("subset")})
				}
			}
		}
	}
	slices.SortFunc(unit.Subsets, func(a, b ir.Subset) int { return strings.Compare(a.Name, b.Name) })
	unit.Serving = r.serving(mesh, unit)
	return unit
}

// checkServicePolicies checks the policies of the Service itself.
func (r *serviceResolution) checkServicePolicies() {
	target := ir.Target{Kind: kindService, Name: r.ref.Name}
	http := slices.ContainsFunc(r.service.Ports, func(p ir.Port) bool { return p.Protocol.HTTP() })
	for _, split := range r.splits {
		http = http || slices.ContainsFunc(split.Spec.Service.Ports, func(p v1alpha1.SplitPort) bool {
			_, exists := r.service.Port(int32(p.Port))
			return exists && p.Protocol != ""
		})
	}
	for _, policy := range r.policies {
		r.participate(sourceOf(policy), target)
	}
	r.checkPolicies(r.policies, target, http)
}

// addPolicies gives HTTP ports that no split is in force on a table of their
// own where the Service's policies speak of requests.
func (r *serviceResolution) addPolicies() {
	request := r.merge(r.policies)
	if request.empty() {
		return
	}
	for _, p := range r.service.Ports {
		if _, split := r.tables[p.Number]; split || !p.Protocol.HTTP() {
			continue
		}
		route := ir.Route{Backends: []ir.Backend{{Service: r.apex(p), Weight: 1}}}
		request.apply(&route)
		r.tables[p.Number] = ir.PortRoutes{Port: p, Routes: []ir.Route{route}}
	}
}

// apex is the Service itself as a backend.
func (r *serviceResolution) apex(port ir.Port) ir.ServiceRef {
	return ir.ServiceRef{
		Namespace: r.service.Namespace, Name: r.service.Name, Host: r.service.Host, Port: port, Namesakes: r.service.Namesakes,
	}
}

func portName(p ir.Port) string {
	if p.Name == "" {
		return fmt.Sprint(p.Number)
	}
	return fmt.Sprintf("%d (%s)", p.Number, p.Name)
}
