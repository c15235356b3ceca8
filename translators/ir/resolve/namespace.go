package resolve

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// deriveWorkload notes a pod of a member without the mesh's proxy, where Strict
// mTLS waits for it.
func (v *view) deriveWorkload(ref ir.Ref) output {
	r, meshes := v.record(ref), v.meshesOf(ref.Namespace)
	if r == nil {
		return output{}
	}
	var out output
	for _, mesh := range meshes {
		m := read[v1alpha1.Mesh](v, meshRef(mesh))
		if m != nil && strict(m) && !v.carries(string(m.Spec.Provider), r) && !v.servesGateway(r) {
			out.entries = append(out.entries, entry{topic{outsideOf, meshRef(mesh)}, ref})
		}
	}
	return out
}

// carries says whether a workload has the proxy of a provider, as far as known:
// templates of controllers say nothing about it.
func (v *view) carries(provider string, r *record) bool {
	proxied := v.store.options.Proxied
	return proxied == nil || !r.observed || proxied(provider, r.workload)
}

// servesGateway says whether a workload is the proxy of an IngressGateway.
func (v *view) servesGateway(r *record) bool {
	return slices.ContainsFunc(v.members(servicesOf, r.ref), func(svc ir.Ref) bool {
		return len(v.members(gatewaysOf, svc)) > 0
	})
}

// namespaceUnit resolves a member namespace.
func (v *view) namespaceUnit(key ir.Key) *ir.Unit {
	mesh := read[v1alpha1.Mesh](v, meshRef(key.Mesh))
	if mesh == nil || !v.in(key.Namespace, key.Mesh) {
		return nil
	}
	ns := &ir.NamespaceUnit{Mesh: v.store.options.mesh(mesh), Name: key.Namespace}
	m, _ := v.value(namespaceRef(key.Namespace)).(membership)
	ns.MarksAlone = mesh.Spec.Members == nil || m.leaving && m.mesh == key.Mesh
	ns.Arriving = m.next == key.Mesh
	ns.Recorded = mesh.Spec.Members != nil && (!m.leaving || m.mesh == key.Mesh) && v.hasOtherProvider(ns.Mesh.Provider)
	ns.Revision = v.revision(mesh, key.Namespace)
	unit := &ir.Unit{Key: key, Namespace: ns}
	unit.Participants = []ir.Participant{meshParticipant(mesh, ir.Target{Kind: kindNamespace, Name: key.Namespace})}
	ns.MTLS, ns.AccessDefault, ns.EgressDefault = v.mtls(mesh), accessDefault(mesh), egressDefault(mesh)
	if v.ex.Has(meshRef(mesh.Name), "") {
		ns.MTLS, ns.AccessDefault, ns.EgressDefault = nil, "", ""
	}
	records := v.members(workloadsIn, namespaceRef(key.Namespace))
	var own []*record
	for _, ref := range records {
		if r := v.record(ref); !v.servesGateway(r) {
			own = append(own, r)
		}
	}
	ns.Workloads = workloadsOfRecords(own)
	for _, ref := range v.members(gatewaysIn, namespaceRef(key.Namespace)) {
		if g, ok := v.value(ref).(gatewayState); ok && g.workload != nil {
			ns.Gateways = append(ns.Gateways, *g.workload)
		}
	}
	policies := byAge[v1alpha1.AccessPolicy](v, accessOf, namespaceRef(key.Namespace))
	for _, policy := range policies {
		unit.Participants = append(unit.Participants, accessParticipant(policy, namespaceTarget, key.Mesh))
	}
	var named []ir.Caller
	ns.Access, named = v.namespaceRules(policies, key.Mesh)
	ns.Callers = v.callers(ns.Mesh, named)
	if v.store.options.needs(ns.Mesh.Provider).Services {
		ns.Services, ns.Targeted = v.ownServices(key.Namespace, ns.Mesh.Provider)
	}
	v.reportOutside(policies, namespaceTarget, own, ns.Mesh.Provider)
	unit.Participants = sortParticipants(unit.Participants)
	return unit
}

// hasOtherProvider says whether there is a Mesh of another provider, to which
// members may move.
func (v *view) hasOtherProvider(provider string) bool {
	found := false
	for _, ref := range v.members(allMeshes, ir.Ref{}) {
		m, ok := v.mesh(ref.Name)
		found = found || ok && m.Provider != provider
	}
	return found
}

// revision is the one that is recorded on a member. What was recorded before its
// mesh was somebody else's means nothing.
func (v *view) revision(mesh *v1alpha1.Mesh, namespace string) string {
	ns, _ := v.part(ofRevision, namespaceRef(namespace)).(*corev1.Namespace)
	if ns == nil || !managed(mesh) {
		return ""
	}
	return ns.Annotations[v1alpha1.AnnotationRevision]
}

// managed says whether what a Mesh leaves out has a default: on an adopted one
// it is left alone.
func managed(mesh *v1alpha1.Mesh) bool { return mesh.Spec.Mode != v1alpha1.ModeAdopted }

// mtls is the mode to write; Strict is withheld while it would cut pods off.
func (v *view) mtls(mesh *v1alpha1.Mesh) *ir.MTLS {
	if mesh.Spec.MTLS == nil {
		if managed(mesh) {
			return &ir.MTLS{Mode: ir.MTLSPermissive}
		}
		return nil
	}
	mode := &ir.MTLS{Mode: ir.MTLSMode(mesh.Spec.MTLS.Mode), Source: sourceOf(mesh).At("spec.mtls")}
	if !strict(mesh) {
		return mode
	}
	if first, _ := v.value(meshRef(mesh.Name)).(string); first != "" {
		mode.Mode = ir.MTLSPermissive
		v.report(finding{effect: ir.EffectWithheld, code: CodeStrictWithheld, source: mode.Source},
			"Strict is withheld, and Permissive holds, while member pods run without the mesh's proxy, first in %s: restart them so that they get one, or set mtls.force to cut them off", first)
	}
	return mode
}

// refusesPlaintext says whether the mode to write is Strict; what is withheld is
// said by the namespace unit.
func (v *view) refusesPlaintext(mesh *v1alpha1.Mesh) bool {
	if mesh.Spec.MTLS == nil || mesh.Spec.MTLS.Mode != v1alpha1.MTLSStrict {
		return false
	}
	return v.within().mtls(mesh).Mode == ir.MTLSStrict
}

func accessDefault(mesh *v1alpha1.Mesh) ir.AccessDefault {
	switch {
	case mesh.Spec.Access != nil:
		return ir.AccessDefault(mesh.Spec.Access.Default)
	case managed(mesh):
		return ir.AccessAllow
	}
	return ""
}

func egressDefault(mesh *v1alpha1.Mesh) ir.EgressDefault {
	switch {
	case mesh.Spec.Egress != nil && mesh.Spec.Egress.Default != "":
		return ir.EgressDefault(mesh.Spec.Egress.Default)
	case managed(mesh):
		return ir.EgressAllow
	}
	return ""
}

// namespaceTarget is what policies without targetRefs speak of.
var namespaceTarget = ir.Target{Kind: kindNamespace}
