package resolve

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// mesh says what units need to know of a Mesh.
func (o Options) mesh(m *v1alpha1.Mesh) ir.Mesh {
	domain := defaultDomain
	if m.Spec.Trust != nil && m.Spec.Trust.Domain != "" {
		domain = string(m.Spec.Trust.Domain)
	}
	return ir.Mesh{
		Name: m.Name, Provider: string(m.Spec.Provider),
		ControlPlaneNamespace: o.controlPlaneNamespace(m),
		TrustDomain:           domain, ClusterDomain: o.clusterDomain(),
		Adopted: m.Spec.Mode == v1alpha1.ModeAdopted,
		Source:  sourceOf(m),
	}
}

// withoutSource is a Mesh as units have it that the Mesh says nothing to but
// where they are: so that an edit of it is not an event for all of them.
func withoutSource(m ir.Mesh) ir.Mesh {
	m.Source = ir.Source{}
	return m
}

// mesh reads the Mesh without its Source.
func (v *view) mesh(name string) (ir.Mesh, bool) {
	m, ok := v.part(ofIdentity, meshRef(name)).(*v1alpha1.Mesh)
	if !ok {
		return ir.Mesh{}, false
	}
	return withoutSource(v.store.options.mesh(m)), true
}

// deriveMesh finds a workload that Strict mTLS would cut off.
func (v *view) deriveMesh(ref ir.Ref) output {
	mesh := read[v1alpha1.Mesh](v, ref)
	if mesh == nil {
		return output{}
	}
	out := output{keys: []ir.Key{{Kind: ir.KindMesh, Mesh: ref.Name}}, value: ""}
	if !strict(mesh) {
		return out
	}
	t := topic{outsideOf, ref}
	v.note(t)
	var first string
	for member := range v.store.sets[t].all() {
		if name := describe(v.record(member).workload); first == "" || name < first {
			first = name
		}
	}
	out.value = first
	return out
}

// strict says whether Strict mTLS is asked for only as far as nobody is cut off.
func strict(mesh *v1alpha1.Mesh) bool {
	m := mesh.Spec.MTLS
	return m != nil && m.Mode == v1alpha1.MTLSStrict && (m.Force == nil || !*m.Force)
}

// meshUnit resolves what a mesh has once.
func (v *view) meshUnit(key ir.Key) *ir.Unit {
	ref := meshRef(key.Mesh)
	mesh := read[v1alpha1.Mesh](v, ref)
	if mesh == nil {
		return nil
	}
	unit := &ir.Unit{Key: key, Mesh: &ir.MeshUnit{Mesh: v.store.options.mesh(mesh)}}
	unit.Participants = []ir.Participant{meshParticipant(mesh, ir.Target{Kind: v1alpha1.KindMesh, Name: mesh.Name})}
	// What is wrong with these is said by the units of the namespaces.
	if mtls := v.within().mtls(mesh); !v.ex.Has(ref, "") {
		unit.Mesh.MTLS, unit.Mesh.AccessDefault, unit.Mesh.EgressDefault = mtls, accessDefault(mesh), egressDefault(mesh)
	}
	for _, ns := range v.members(membersOf, ref) {
		unit.Mesh.Members = append(unit.Mesh.Members, ns.Name)
		v.reportLeaving(mesh, ns)
	}
	for _, ns := range v.members(claimsOf, ref) {
		v.reportClaim(mesh, ns)
	}
	if mesh.Spec.Members != nil && !validSelector(mesh.Spec.Members.NamespaceSelector) {
		v.report(finding{effect: ir.EffectPartial, code: CodeInvalidValue, source: sourceOf(mesh).At("spec.members.namespaceSelector")},
			"members.namespaceSelector cannot be read, so it selects no namespace: correct its matchExpressions")
	}
	return unit
}

func (v *view) reportClaim(mesh *v1alpha1.Mesh, ns ir.Ref) {
	m, _ := v.value(ns).(membership)
	f := finding{
		effect: ir.EffectPartial, code: CodeClaimConflict, source: sourceOf(mesh).At("spec.members.namespaceSelector"),
		target: ir.Target{Kind: kindNamespace, Name: ns.Name},
	}
	if m.reserved {
		f.effect, f.code = ir.EffectNote, CodeReserved
		v.report(f, "namespace %s is selected but runs a control plane, a controller or the system itself, and is never a member: do not select it", ns.Name)
		return
	}
	v.report(f, "namespace %s belongs to mesh %s: change its labels so that %s no longer selects it, and restart its pods, to move it here", ns.Name, m.mesh, m.mesh)
}

func (v *view) reportLeaving(mesh *v1alpha1.Mesh, ns ir.Ref) {
	m, _ := v.value(ns).(membership)
	if m.next == mesh.Name {
		v.report(finding{
			effect: ir.EffectNote, code: CodeLeaving, source: sourceOf(mesh).At("spec.members"),
			target: ir.Target{Kind: kindNamespace, Name: ns.Name},
		}, "pods of namespace %s still carry the proxy of mesh %s, which keeps its part until they are restarted: restart them to complete the move", ns.Name, m.mesh)
	}
	if m.leaving && m.mesh == mesh.Name {
		v.report(finding{
			effect: ir.EffectNote, code: CodeLeaving, source: sourceOf(mesh).At("spec.members"),
			target: ir.Target{Kind: kindNamespace, Name: ns.Name},
		}, "namespace %s is no longer selected, and its pods still carry the mesh's proxy: restart them to complete the move", ns.Name)
	}
}

func meshParticipant(mesh *v1alpha1.Mesh, target ir.Target) ir.Participant {
	return ir.Participant{
		Object: meshRef(mesh.Name), Generation: mesh.Generation, Target: target,
		On: ir.Target{Kind: v1alpha1.KindMesh, Name: mesh.Name},
	}
}

// onMesh is the On of participants in units of a mesh.
func onMesh(name string) ir.Target { return ir.Target{Kind: v1alpha1.KindMesh, Name: name} }

func compareParticipants(a, b ir.Participant) int {
	for _, c := range []int{a.Object.Compare(b.Object), compareTargets(a.Target, b.Target), compareTargets(a.On, b.On)} {
		if c != 0 {
			return c
		}
	}
	return 0
}

func sortParticipants(list []ir.Participant) []ir.Participant {
	slices.SortFunc(list, compareParticipants)
	return slices.Compact(list)
}
