package resolve

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// recordAnnotation, on a Namespace, names the Mesh that it belongs to until it
// leaves.
const recordAnnotation = v1alpha1.LabelMesh

// membership is the value that is derived for a Namespace.
type membership struct {
	// mesh is empty where the namespace belongs to none.
	mesh string
	// leaving is true where the mesh no longer selects the namespace and pods
	// still carry its proxy.
	leaving bool
	// next is the mesh of another provider that a leaving namespace moves to: it
	// is a member of both until no pod carries the proxy of the first.
	next string
	// reserved is true for namespaces that can be no member although selected.
	reserved bool
}

// meshOf returns the name of the mesh that a namespace is a member of; while it
// moves to another, of the one that it leaves.
func (v *view) meshOf(namespace string) string {
	m, _ := v.value(namespaceRef(namespace)).(membership)
	return m.mesh
}

// meshesOf returns the names of the meshes that a namespace is a member of: one,
// or two while it moves from the first to the second.
func (v *view) meshesOf(namespace string) []string {
	m, _ := v.value(namespaceRef(namespace)).(membership)
	return m.meshes()
}

func (m membership) meshes() []string {
	var names []string
	for _, name := range []string{m.mesh, m.next} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// in says whether a namespace is a member of a mesh.
func (v *view) in(namespace, mesh string) bool { return slices.Contains(v.meshesOf(namespace), mesh) }

// deriveNamespace decides which mesh a namespace belongs to: the recorded one
// while it selects the namespace or its proxies run there, else the oldest that
// selects it. While proxies of a mesh run there that does not select it any
// more, it belongs to the one of another provider that does, too: pods that are
// restarted meet what they need, and the others keep it.
func (v *view) deriveNamespace(ref ir.Ref) output {
	ns := read[corev1.Namespace](v, ref)
	if ns == nil {
		return output{}
	}
	recorded := orElse(ns.Annotations[recordAnnotation], ns.Labels[recordAnnotation])
	claims := v.claims(ns)
	m := membership{}
	switch {
	case v.reserved(ref):
		m.reserved = len(claims) > 0
	case slices.Contains(claims, recorded):
		m.mesh = recorded
	case recorded != "" && v.holds(recorded, ref.Name, claims):
		m.mesh, m.leaving = recorded, true
		if len(claims) > 0 {
			m.next = claims[0]
		}
	case len(claims) > 0:
		m.mesh = claims[0]
	}
	out := output{value: m}
	for _, name := range claims {
		if name != m.mesh && name != m.next {
			out.entries = append(out.entries, entry{topic{claimsOf, meshRef(name)}, ref})
		}
	}
	for _, name := range m.meshes() {
		out.entries = append(out.entries, entry{topic{membersOf, meshRef(name)}, ref})
		out.keys = append(out.keys, ir.Key{Kind: ir.KindNamespace, Mesh: name, Namespace: ref.Name})
	}
	return out
}

// claims returns the names of the Meshes that select the namespace: first those
// that say so themselves, then those that take whoever has their marks, which
// another mesh of their make may have written; of each the oldest first.
func (v *view) claims(ns *corev1.Namespace) []string {
	var claiming []*v1alpha1.Mesh
	for _, ref := range v.members(allMeshes, ir.Ref{}) {
		mesh, _ := v.part(ofSelector, ref).(*v1alpha1.Mesh)
		if mesh != nil && v.selects(mesh, ns) {
			claiming = append(claiming, mesh)
		}
	}
	slices.SortStableFunc(claiming, func(a, b *v1alpha1.Mesh) int {
		if a, b := a.Spec.Members != nil, b.Spec.Members != nil; a != b {
			if a {
				return -1
			}
			return 1
		}
		return compareAge(a, b)
	})
	names := make([]string, len(claiming))
	for i, mesh := range claiming {
		names[i] = mesh.Name
	}
	return names
}

func (v *view) selects(mesh *v1alpha1.Mesh, ns *corev1.Namespace) bool {
	members := mesh.Spec.Members
	if members == nil {
		member := v.store.options.Member
		return mesh.Spec.Mode == v1alpha1.ModeAdopted && member != nil && member(mesh, ns)
	}
	return matches(members.NamespaceSelector, ns.Labels)
}

// matches says whether a selector selects; absent and invalid ones select
// nothing.
func matches(selector *metav1.LabelSelector, set map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}

// reserved says whether the namespace can be no member of any mesh.
func (v *view) reserved(ref ir.Ref) bool {
	return strings.HasPrefix(ref.Name, "kube-") || len(v.members(reservedBy, ref)) > 0
}

// holds says whether a mesh that no longer selects the namespace keeps it: its
// proxies still run there, and they are not just as well those of a mesh that
// selects it now.
func (v *view) holds(mesh, namespace string, claims []string) bool {
	m, ok := v.mesh(mesh)
	proxied := v.store.options.Proxied
	if !ok || proxied == nil {
		return false
	}
	if len(claims) > 0 {
		if next, _ := v.mesh(claims[0]); next.Provider == m.Provider {
			return false
		}
	}
	for _, ref := range v.members(workloadsIn, namespaceRef(namespace)) {
		r := v.record(ref)
		if r.observed && proxied(m.Provider, r.workload) {
			return true
		}
	}
	return false
}

// allows says whether a selection of namespaces includes one; an absent
// selection includes what otherwise says.
func (v *view) allows(s *v1alpha1.NamespaceSelection, namespace string, otherwise bool) bool {
	if s == nil {
		return otherwise
	}
	switch s.From {
	case v1alpha1.FromAll:
		return true
	case v1alpha1.FromSelector:
		return v.namespaceMatches(s.Selector, namespace)
	default:
		return false
	}
}

func (v *view) namespaceMatches(selector *metav1.LabelSelector, namespace string) bool {
	ns := read[corev1.Namespace](v, namespaceRef(namespace))
	return ns != nil && matches(selector, ns.Labels)
}

func meshRef(name string) ir.Ref { return ir.Ref{Kind: v1alpha1.KindMesh, Name: name} }
