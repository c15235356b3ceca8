package engine

import (
	"cmp"
	"errors"
	"fmt"
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
	slices.SortStableFunc(sorted, compareContributions)
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

// compareContributions orders contributions by object, by source and by field,
// so that the order in which units ran decides nothing.
func compareContributions(a, b translators.Contribution) int {
	if c := cmp.Or(compareRefs(a.Object, b.Object), a.Source.Compare(b.Source.Ref),
		cmp.Compare(a.Source.Field, b.Source.Field), slices.Compare(a.Path, b.Path)); c != 0 {
		return c
	}
	return cmp.Compare(fmt.Sprint(a.Value), fmt.Sprint(b.Value))
}

func newShared(ref translators.ObjectRef) Shared {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(ref.GroupVersionKind)
	obj.SetNamespace(ref.Namespace)
	obj.SetName(ref.Name)
	return Shared{Ref: ref, Object: obj}
}

// set writes a contribution into the object.
func (s *Shared) set(c translators.Contribution) *ir.Issue {
	value, err := plain(c.Value)
	switch {
	case err != nil:
	case len(c.Path) == 0:
		err = errors.New("no field is named")
	case keyed(c.Path) && !c.Create:
		err = errors.New("items of lists are written in objects of our own only")
	default:
		_, err = put(s.Object.Object, c.Path, value)
	}
	if err == nil {
		return nil
	}
	issue := &ir.Issue{
		Effect: ir.EffectWithheld, Source: c.Source, Reason: string(v1alpha1.ReasonConflicted), Code: translators.CodeContribution,
	}
	where := fmt.Sprintf("%s %s", s.Ref.Kind, strings.TrimPrefix(s.Ref.Namespace+"/"+s.Ref.Name, "/"))
	field := strings.Join(c.Path, ".")
	issue.Message = fmt.Sprintf("%s: another object wants a different value for %s; make them agree or remove one", where, field)
	if !errors.Is(err, errTaken) {
		issue.Reason = string(v1alpha1.ReasonUnsupported)
		issue.Message = fmt.Sprintf("%s: %s cannot be written: %v; this is a mistake of Meshloom, please report it", where, field, err)
	}
	return issue
}

// MergeOutputs merges the contributions of many units.
func MergeOutputs(outputs []Output) ([]Shared, []ir.Issue) {
	var all []translators.Contribution
	for _, out := range outputs {
		all = append(all, out.Contributions...)
	}
	return Merge(all)
}
