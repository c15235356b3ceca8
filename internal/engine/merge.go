package engine

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Shared is an object that several units have a part in, as its one writer
// applies it: the fields of all contributions and nothing else.
type Shared struct {
	Ref translators.ObjectRef
	// Create says that the object is ours and is made where it is missing.
	Create bool
	Object *unstructured.Unstructured
	// Sources are those of the contributions, in their order.
	Sources []ir.Source
}

// Merge joins contributions by object, sorted by reference. Where two want
// different values for one field, the first by source stays and the other's
// object gets an Issue.
func Merge(contributions []translators.Contribution) ([]Shared, []ir.Issue) {
	sorted := slices.Clone(contributions)
	slices.SortStableFunc(sorted, func(a, b translators.Contribution) int {
		if c := compareRefs(a.Object, b.Object); c != 0 {
			return c
		}
		return a.Source.Compare(b.Source.Ref)
	})
	var out []Shared
	var issues []ir.Issue
	for _, c := range sorted {
		if len(out) == 0 || out[len(out)-1].Ref != c.Object {
			out = append(out, newShared(c.Object))
		}
		shared := &out[len(out)-1]
		shared.Create = shared.Create || c.Create
		shared.Sources = append(shared.Sources, c.Source)
		if issue := shared.set(c); issue != nil {
			issues = append(issues, *issue)
		}
	}
	return out, ir.SortIssues(issues)
}

func newShared(ref translators.ObjectRef) Shared {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(ref.GroupVersionKind)
	obj.SetNamespace(ref.Namespace)
	obj.SetName(ref.Name)
	return Shared{Ref: ref, Object: obj}
}

func (s *Shared) set(c translators.Contribution) *ir.Issue {
	old, found, err := unstructured.NestedFieldNoCopy(s.Object.Object, c.Path...)
	if err == nil && !found {
		err = unstructured.SetNestedField(s.Object.Object, c.Value, c.Path...)
	}
	if err == nil && (!found || reflect.DeepEqual(old, c.Value)) {
		return nil
	}
	return &ir.Issue{
		Effect: ir.EffectWithheld, Source: c.Source, Reason: string(v1alpha1.ReasonConflicted), Code: translators.CodeContribution,
		Message: fmt.Sprintf("%s %s: another object wants a different value for %s; make them agree or remove one",
			s.Ref.Kind, strings.TrimPrefix(s.Ref.Namespace+"/"+s.Ref.Name, "/"), strings.Join(c.Path, ".")),
	}
}

// MergeOutputs merges the contributions of many units.
func MergeOutputs(outputs []Output) ([]Shared, []ir.Issue) {
	var all []translators.Contribution
	for _, out := range outputs {
		all = append(all, out.Contributions...)
	}
	return Merge(all)
}
