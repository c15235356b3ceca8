package resolve

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// group returns the Services that are connected with one by pods which several
// of them select, sorted by name; nil for Services that select no pods.
func (v *view) group(ref ir.Ref) []ir.Ref {
	if svc := v.service(ref); svc == nil || len(selectorOf(svc)) == 0 {
		return nil
	}
	seen := map[ir.Ref]bool{ref: true}
	group := []ir.Ref{ref}
	for i := 0; i < len(group); i++ {
		for _, workload := range v.members(workloadsOf, group[i]) {
			if seen[workload] {
				continue
			}
			seen[workload] = true
			for _, svc := range v.members(servicesOf, workload) {
				if !seen[svc] {
					seen[svc] = true
					group = append(group, svc)
				}
			}
		}
	}
	slices.SortFunc(group, ir.Ref.Compare)
	return group
}

// accessKeys are the units of the group that a Service is in, one for each mesh
// that its namespace is a member of.
func (v *view) accessKeys(ref ir.Ref) []ir.Key {
	meshes := v.meshesOf(ref.Namespace)
	if len(meshes) == 0 {
		return nil
	}
	group := v.group(ref)
	if len(group) == 0 {
		return nil
	}
	var keys []ir.Key
	for _, mesh := range meshes {
		keys = append(keys, ir.Key{Kind: ir.KindAccess, Mesh: mesh, Namespace: ref.Namespace, Name: group[0].Name})
	}
	return keys
}

// accessState is the value that is derived for an AccessPolicy.
type accessState struct {
	// probe is a probe path of the namespace that an untargeted policy covers;
	// empty where it covers none.
	probe string
}

// deriveAccess finds the units that an AccessPolicy gives existence to.
func (v *view) deriveAccess(ref ir.Ref) output {
	policy := read[v1alpha1.AccessPolicy](v, ref)
	if policy == nil {
		return output{}
	}
	var out output
	for _, t := range policy.Spec.TargetRefs {
		out.add(v.accessKeys(serviceRef(policy.Namespace, string(t.Name))))
	}
	if len(policy.Spec.TargetRefs) == 0 {
		out.value = accessState{probe: v.namespaceProbe(policy)}
	}
	return out
}

// namespaceProbe finds a probe of the namespace's workloads that the policy
// covers. Only policies with paths look at workloads at all.
func (v *view) namespaceProbe(policy *v1alpha1.AccessPolicy) string {
	if !namesPaths(policy) {
		return ""
	}
	var covered []string
	for _, r := range v.records(workloadsIn, namespaceRef(policy.Namespace)) {
		if probe, ok := coveredProbe(policy, []*record{r}, nil); ok && !v.servesGateway(r) {
			covered = append(covered, probe)
		}
	}
	if len(covered) == 0 {
		return ""
	}
	return slices.Min(covered)
}

// accessUnit resolves a group of Services.
func (v *view) accessUnit(key ir.Key) *ir.Unit {
	group := v.group(serviceRef(key.Namespace, key.Name))
	if len(group) == 0 || group[0].Name != key.Name || !v.in(key.Namespace, key.Mesh) {
		return nil
	}
	mesh, _ := v.mesh(key.Mesh)
	unit := &ir.Unit{Key: key, Access: &ir.AccessUnit{Mesh: mesh, Namespace: key.Namespace}}
	var named []ir.Caller
	for _, ref := range group {
		policies := byAge[v1alpha1.AccessPolicy](v, accessOf, ref)
		if len(policies) == 0 && !v.limited(ref, mesh.Provider) {
			continue
		}
		target := ir.Target{Kind: kindService, Name: ref.Name}
		for _, policy := range policies {
			unit.Participants = append(unit.Participants, accessParticipant(policy, target, key.Mesh))
		}
		one, callers := v.accessTarget(ref, policies, mesh)
		one.RateLimit = v.limit(ref, mesh)
		unit.Access.Targets, named = append(unit.Access.Targets, one), append(named, callers...)
	}
	if len(unit.Access.Targets) == 0 {
		return nil
	}
	v.reach(unit.Access, group)
	named = append(named, v.surround(unit.Access, group, key)...)
	unit.Access.Callers = v.callers(mesh, named)
	unit.Participants = sortParticipants(unit.Participants)
	return unit
}

// surround adds what holds for the workloads beside the policies that target
// them, and returns the callers that it names. The proxies of IngressGateways
// are spared all of it.
func (v *view) surround(access *ir.AccessUnit, group []ir.Ref, key ir.Key) (named []ir.Caller) {
	mesh, ok := v.part(ofDefaults, meshRef(key.Mesh)).(*v1alpha1.Mesh)
	untargeted := byAge[v1alpha1.AccessPolicy](v, accessOf, namespaceRef(key.Namespace))
	for _, svc := range group {
		if len(v.members(gatewaysOf, svc)) > 0 {
			access.Gateways = v.store.options.needs(access.Mesh.Provider).RateLimit
			return nil
		}
	}
	if ok {
		access.Default, access.Strict = accessDefault(mesh), v.refusesPlaintext(mesh)
		if mode := v.within().mtls(mesh); mode != nil && v.store.options.needs(access.Mesh.Provider).RateLimit {
			access.MTLS = mode.Mode
		}
	}
	// What is wrong with these policies is said by the namespace unit.
	access.NamespaceRules, named = v.within().namespaceRules(untargeted, key.Mesh)
	return named
}

func accessParticipant(policy *v1alpha1.AccessPolicy, target ir.Target, mesh string) ir.Participant {
	source := sourceOf(policy)
	return ir.Participant{Object: source.Ref, Generation: source.Generation, Target: target, On: onMesh(mesh)}
}
