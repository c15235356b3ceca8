package resolve

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// view is how a computation reads the store: it notes every topic, and gathers
// the issues.
type view struct {
	store  *Store
	reads  map[topic]struct{}
	ex     Exclusions
	issues []ir.Issue
	// rejected is what resolving itself leaves out of the unit.
	rejected  Exclusions
	standings map[ir.Ref]standing
	// home is the mesh in whose name a unit is resolved, if any.
	home string
}

func (s *Store) view() *view { return &view{store: s, reads: make(map[topic]struct{}, 16)} }

// within returns a view for a part of a computation that has issues and
// rejections of its own.
func (v *view) within() *view { return &view{store: v.store, reads: v.reads, ex: v.ex, home: v.home} }

// excludes says whether the object, or a top-level field of it, stays out of
// the unit.
func (v *view) excludes(ref ir.Ref, field string) bool {
	return v.ex.Has(ref, field) || v.rejected.Has(ref, field)
}

func (v *view) note(t topic) { v.reads[t] = struct{}{} }

// read returns the object, nil where it does not exist.
func (v *view) read(ref ir.Ref) client.Object { return v.part(ofObject, ref) }

// part returns the object for a look at one part of it only.
func (v *view) part(w what, ref ir.Ref) client.Object {
	v.note(topic{w, ref})
	return v.store.objects[ref]
}

// value returns what was derived for the object, nil where nothing was.
func (v *view) value(ref ir.Ref) any {
	v.note(topic{ofValue, ref})
	if n := v.store.nodes[ref]; n != nil {
		return n.output.value
	}
	return nil
}

// members returns the members of an index, sorted.
func (v *view) members(w what, ref ir.Ref) []ir.Ref {
	t := topic{w, ref}
	v.note(t)
	return sortedRefs(v.store.sets[t])
}

func (v *view) service(ref ir.Ref) *corev1.Service {
	svc, _ := v.read(ref).(*corev1.Service)
	return svc
}

// read returns the object as its type, nil where it does not exist.
func read[T any](v *view, ref ir.Ref) *T {
	obj, _ := any(v.read(ref)).(*T)
	return obj
}

// byAge returns the members of an index, oldest first, ties by namespace and
// name.
func byAge[T any](v *view, w what, ref ir.Ref) []*T {
	var found []*T
	for _, member := range v.members(w, ref) {
		if obj := read[T](v, member); obj != nil {
			found = append(found, obj)
		}
	}
	slices.SortStableFunc(found, func(a, b *T) int { return compareAge(any(a).(client.Object), any(b).(client.Object)) })
	return found
}

func compareAge(a, b client.Object) int {
	return cmp.Or(a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time),
		cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
}

func sourceOf(obj client.Object) ir.Source {
	ref, _ := RefOf(obj)
	return ir.Source{Ref: ref, Generation: obj.GetGeneration()}
}

// derive computes what is kept up to date for a subject.
func (v *view) derive(subject ir.Ref) output {
	switch subject.Kind {
	case kindNamespace:
		return v.deriveNamespace(subject)
	case kindWorkload:
		return v.deriveWorkload(subject)
	case v1alpha1.KindMesh:
		return v.deriveMesh(subject)
	case v1alpha1.KindIngressGateway:
		return v.deriveGateway(subject)
	case v1alpha1.KindTrafficSplit:
		return v.deriveSplit(subject)
	case v1alpha1.KindTrafficPolicy:
		return v.derivePolicy(subject)
	case v1alpha1.KindAccessPolicy:
		return v.deriveAccess(subject)
	case v1alpha1.KindGatewayRoute:
		return v.deriveRoute(subject)
	case v1alpha1.KindExternalService:
		return v.deriveExternal(subject)
	}
	return output{}
}

// derives says whether something is derived for objects of the kind.
func derives(kind string) bool {
	switch kind {
	case kindNamespace, v1alpha1.KindMesh, v1alpha1.KindIngressGateway, v1alpha1.KindTrafficSplit,
		v1alpha1.KindTrafficPolicy, v1alpha1.KindAccessPolicy, v1alpha1.KindGatewayRoute, v1alpha1.KindExternalService:
		return true
	}
	return false
}

// derivation starts the derivation of a new object and ends that of one that
// is gone.
func (c *change) derivation(ref ir.Ref, obj client.Object) {
	if derives(ref.Kind) {
		c.keepDerived(ref, obj != nil)
	}
}

func (c *change) keepDerived(subject ir.Ref, wanted bool) {
	n := c.store.nodes[subject]
	switch {
	case wanted && n == nil:
		n = &node{subject: subject, derived: true}
		c.store.nodes[subject] = n
		c.enqueue(n)
	case !wanted && n != nil:
		delete(c.store.nodes, subject)
		c.store.forget(n)
		c.publish(n, output{})
	}
}
