package resolve

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Resolve computes a unit, with the issues of all that has a part in it. A nil
// unit does not exist, or no longer. Where all that a unit is made of is
// rejected or excluded, the part that its kind names is nil. The result is for
// reading only: it shares maps with the objects.
//
// What is read does not depend on the exclusions: so Upsert and Delete know
// whom to wake whatever was excluded.
func (s *Store) Resolve(key ir.Key, ex Exclusions) (*ir.Unit, []ir.Issue) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.units[key]
	if n == nil {
		return nil, nil
	}
	v := s.view()
	v.ex, v.home = ex, key.Mesh
	unit := v.unit(key)
	s.subscribe(n, v.reads)
	if unit == nil {
		return nil, nil
	}
	v.relent()
	return unit, ir.SortIssues(v.issues)
}

func (v *view) unit(key ir.Key) *ir.Unit {
	switch key.Kind {
	case ir.KindService:
		return v.serviceUnit(key)
	case ir.KindAccess:
		return v.accessUnit(key)
	case ir.KindNamespace:
		return v.namespaceUnit(key)
	case ir.KindMesh:
		return v.meshUnit(key)
	case ir.KindGateway:
		return v.gatewayUnit(key)
	case ir.KindRoute:
		return v.routeUnit(key)
	case ir.KindExternal:
		return v.externalUnit(key)
	}
	return nil
}

// KeysOf returns the units that an object of the unified API has a part in,
// sorted.
func (s *Store) KeysOf(ref ir.Ref) []ir.Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var keys []ir.Key
	if n := s.nodes[ref]; n != nil {
		keys = append(keys, n.output.keys...)
	}
	switch obj := s.objects[ref].(type) {
	case *v1alpha1.Mesh:
		for ns := range s.sets[topic{membersOf, ref}].all() {
			keys = append(keys, ir.Key{Kind: ir.KindNamespace, Mesh: ref.Name, Namespace: ns.Name})
		}
	case *v1alpha1.TrafficSplit:
		keys = append(keys, s.routeKeys(splitService(obj))...)
	case *v1alpha1.TrafficPolicy:
		keys = append(keys, s.policyKeys(obj)...)
	case *v1alpha1.AccessPolicy:
		if len(obj.Spec.TargetRefs) > 0 {
			break
		}
		for _, mesh := range s.view().meshesOf(ref.Namespace) {
			keys = append(keys, ir.Key{Kind: ir.KindNamespace, Mesh: mesh, Namespace: ref.Namespace})
		}
	}
	slices.SortFunc(keys, ir.Key.Compare)
	return slices.Compact(keys)
}

// policyKeys are the units of what a TrafficPolicy targets.
func (s *Store) policyKeys(policy *v1alpha1.TrafficPolicy) []ir.Key {
	var keys []ir.Key
	for _, t := range policy.Spec.TargetRefs {
		ref := ir.Ref{Kind: string(t.Kind), Namespace: policy.Namespace, Name: string(t.Name)}
		switch t.Kind {
		case v1alpha1.PolicyTargetService:
			keys = append(keys, s.routeKeys(ref)...)
		default:
			if n := s.nodes[ref]; n != nil {
				keys = append(keys, n.output.keys...)
			}
			if split, ok := s.objects[ref].(*v1alpha1.TrafficSplit); ok {
				keys = append(keys, s.routeKeys(splitService(split))...)
			}
		}
	}
	return keys
}
