package apply

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// KindShared is the kind of unit that an object is which several units have a
// part in, or which is somebody else's. It is its only writer.
const KindShared ir.UnitKind = "shared"

// SharedKey returns the key of a shared object's unit.
func SharedKey(ref translators.ObjectRef) ir.Key {
	return ir.Key{
		Kind: KindShared, Namespace: ref.Namespace, Name: ref.Name,
		Listener: ref.Kind, Hostname: strings.ReplaceAll(ref.GroupVersion().String(), "/", "~"),
	}
}

// SharedRef returns the object of a shared object's unit.
func SharedRef(key ir.Key) (translators.ObjectRef, error) {
	version, err := schema.ParseGroupVersion(strings.ReplaceAll(key.Hostname, "~", "/"))
	if err != nil {
		return translators.ObjectRef{}, fmt.Errorf("read key %s: %w", key, err)
	}
	return translators.ObjectRef{GroupVersionKind: version.WithKind(key.Listener), Namespace: key.Namespace, Name: key.Name}, nil
}

// SharedInput is all that the plan for an object of somebody else depends on.
type SharedInput struct {
	Ref           translators.ObjectRef
	Contributions []translators.Contribution
	// Live is the object as it is; nil where there is none.
	Live *unstructured.Unstructured
	// Keep says that fields of ours that nobody asks for stay: a unit that may
	// have asked for them is frozen.
	Keep bool
}

// SharedPlan is what is to be done with an object of somebody else.
type SharedPlan struct {
	// Content is what to apply; nil where nothing has to be written.
	Content map[string]any
	// Retracts says that a field of ours goes or gets another value.
	Retracts bool
	Issues   []ir.Issue
}

// MakeShared returns the plan for an object of somebody else: the fields that
// units ask for and nothing else. A field that somebody else set differently
// is left alone. It is pure.
func MakeShared(in SharedInput) (SharedPlan, error) {
	if in.Live == nil {
		return SharedPlan{Issues: missing(in)}, nil
	}
	owned, err := owners(in.Live.GetManagedFields())
	if err != nil {
		return SharedPlan{}, fmt.Errorf("read %s: %w", refString(in.Ref), err)
	}
	var plan SharedPlan
	if owned.marks() {
		// A unit made it whole: it is no object of somebody else.
		return plan, nil
	}
	free := make([]translators.Contribution, 0, len(in.Contributions))
	for _, part := range in.Contributions {
		if issue := taken(part, in.Live, owned); issue != nil {
			plan.Issues = append(plan.Issues, *issue)
		} else {
			free = append(free, part)
		}
	}
	content := identity(in.Ref)
	merged, issues := engine.Merge(free)
	if len(merged) > 0 {
		content = merged[0].Object.Object
	}
	plan.Issues = ir.SortIssues(append(plan.Issues, issues...))
	if in.Keep {
		keep(content, in.Live.Object, owned.ours)
	}
	if !compare(content, in.Live.Object, owned, false).none() {
		plan.Content, plan.Retracts = content, retracts(content, in.Live.Object, owned.ours)
	}
	return plan, nil
}

// retracts says whether a field that is ours is not the same in what is applied.
func retracts(content, live map[string]any, ours *fieldpath.Set) (found bool) {
	ours.Leaves().Iterate(func(path fieldpath.Path) {
		keys, ok := fieldNames(path)
		if !ok {
			return
		}
		old, there, err := unstructured.NestedFieldNoCopy(live, keys...)
		next, wanted, _ := unstructured.NestedFieldNoCopy(content, keys...)
		found = found || err == nil && there && (!wanted || !covers(next, old) || !covers(old, next))
	})
	return found
}

// fieldNames returns a path that leads through no list as strings.
func fieldNames(path fieldpath.Path) ([]string, bool) {
	names := make([]string, 0, len(path))
	for _, pe := range path {
		if pe.FieldName == nil {
			return nil, false
		}
		names = append(names, *pe.FieldName)
	}
	return names, true
}

func identity(ref translators.ObjectRef) map[string]any {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(ref.GroupVersionKind)
	obj.SetNamespace(ref.Namespace)
	obj.SetName(ref.Name)
	return obj.Object
}

// missing tells those who have a part in an object that is not there.
func missing(in SharedInput) []ir.Issue {
	var issues []ir.Issue
	for _, part := range in.Contributions {
		issue := withheld(v1alpha1.ReasonPending, CodeWaits, "%s does not exist; its field %s is written when it does",
			refString(in.Ref), strings.Join(part.Path, "."))
		issue.Source = part.Source
		issues = append(issues, issue)
	}
	return ir.SortIssues(issues)
}

// taken says of a field that somebody else set differently that it is theirs.
func taken(part translators.Contribution, live *unstructured.Unstructured, owned ownership) *ir.Issue {
	elements := make([]any, len(part.Path))
	for i, element := range part.Path {
		elements[i] = element
	}
	path := fieldpath.MakePathOrDie(elements...)
	existing, found, err := unstructured.NestedFieldNoCopy(live.Object, part.Path...)
	if err != nil || found && covers(part.Value, existing) && covers(existing, part.Value) || !owned.others.Has(path) {
		return nil
	}
	issue := withheld(v1alpha1.ReasonConflicted, CodeFieldTaken,
		"%s: somebody else set field %s to %q; remove it there, or this object", refString(part.Object), strings.Join(part.Path, "."), fmt.Sprint(existing))
	issue.Source = part.Source
	return &issue
}

// keep adds the fields of ours that a live object has to what is applied.
func keep(content, live map[string]any, ours *fieldpath.Set) {
	ours.Leaves().Iterate(func(path fieldpath.Path) {
		keys, ok := fieldNames(path)
		if !ok {
			return
		}
		if _, found, _ := unstructured.NestedFieldNoCopy(content, keys...); found {
			return
		}
		if value, found, err := unstructured.NestedFieldCopy(live, keys...); found && err == nil {
			// The path is one of the live object, so its maps are maps.
			_ = unstructured.SetNestedField(content, value, keys...)
		}
	})
}
