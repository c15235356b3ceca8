// Package handover gives what Meshloom made to its users: native objects lose
// our marks and our hold on their fields, and what is asked of objects of
// others is held by a second owner, so that nothing goes when we let go.
//
// The order makes it safe beside a running operator. An object without our
// marks is foreign: it is neither written nor pruned, whatever the operator
// still thinks, because its writes demand the version that it saw. Only when
// no native object is left that carries the marks, the object of the unified
// API may go.
package handover

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Manager is the field manager that holds, on objects of others, what Meshloom
// asked for there before it let go.
const Manager = "meshctl-release"

// Plan is what has to be handed over before objects of the unified API may go.
type Plan struct {
	// Objects are the native objects that lose our marks.
	Objects []*unstructured.Unstructured
	// Held are those that objects which stay are in, too.
	Held []Held
}

// Held is a native object that cannot be handed over alone.
type Held struct {
	Object translators.ObjectRef
	// By are the objects of the unified API that it was made from besides.
	By []ir.Ref
}

// Make finds, among native objects, what was made from the objects that are to
// be released. Objects that are not ours are left out. It is pure; an error is
// an object whose managed fields cannot be read.
func Make(live []*unstructured.Unstructured, released []ir.Ref) (Plan, error) {
	var plan Plan
	for _, obj := range live {
		seen, err := apply.NewLive(obj, apply.Catalog{})
		if err != nil {
			return Plan{}, fmt.Errorf("look at %s %s/%s: %w", obj.GetKind(), obj.GetNamespace(), obj.GetName(), err)
		}
		if !seen.Ours || !concerns(seen, released) {
			continue
		}
		if by := others(seen, released); len(by) > 0 {
			plan.Held = append(plan.Held, Held{Object: seen.Ref, By: by})
			continue
		}
		plan.Objects = append(plan.Objects, obj)
	}
	slices.SortFunc(plan.Objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetKind(), b.GetKind()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return plan, nil
}

// concerns says whether the native object would go with the released ones.
func concerns(live *apply.Live, released []ir.Ref) bool {
	for _, ref := range released {
		switch ref.Kind {
		case v1alpha1.KindMesh:
			if live.Key.Mesh == ref.Name && (live.Key.Kind == ir.KindNamespace || live.Key.Kind == ir.KindMesh) {
				return true
			}
		case v1alpha1.KindIngressGateway:
			if live.Key.Namespace == ref.Namespace && live.Key.Name == ref.Name && (live.Key.Kind == ir.KindGateway || live.Key.Kind == ir.KindRoute) {
				return true
			}
		}
		if _, made := live.Served(ref); made && ref.Kind != v1alpha1.KindMesh {
			return true
		}
	}
	return false
}

// carriers are the kinds that other objects work through: an object that was
// made from one of them and from a released object goes with the latter.
var carriers = []string{v1alpha1.KindMesh, v1alpha1.KindIngressController, v1alpha1.KindIngressGateway}

// others are the sources of a native object that would miss it.
func others(live *apply.Live, released []ir.Ref) []ir.Ref {
	var out []ir.Ref
	for _, source := range live.Sources {
		if !slices.Contains(released, source.Ref) && !slices.Contains(carriers, source.Kind) {
			out = append(out, source.Ref)
		}
	}
	return out
}

// Strip returns the object without our marks and without our hold on its
// fields. Whoever applies it next finds no conflict.
func Strip(obj *unstructured.Unstructured) *unstructured.Unstructured {
	out := obj.DeepCopy()
	labels, annotations := out.GetLabels(), out.GetAnnotations()
	for _, label := range []string{engine.LabelManagedBy, engine.LabelUnit} {
		delete(labels, label)
	}
	for _, annotation := range []string{engine.AnnotationUnit, engine.AnnotationSources} {
		delete(annotations, annotation)
	}
	out.SetLabels(labels)
	out.SetAnnotations(annotations)
	fields := slices.DeleteFunc(out.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == apply.FieldManager && entry.Subresource == ""
	})
	if len(fields) == 0 {
		// An empty list would be taken for a client that knows nothing of
		// managed fields; an empty entry says that there are none.
		fields = []metav1.ManagedFieldsEntry{{}}
	}
	out.SetManagedFields(fields)
	return out
}
