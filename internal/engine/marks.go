package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// The marks of objects that we made. Nothing of the user's labels and
// annotations is ever copied beside them.
const (
	// LabelManagedBy has the value ManagedBy.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	ManagedBy      = "meshloom"
	// LabelUnit has the hash of the unit's key.
	LabelUnit = "meshloom.io/unit"
	// AnnotationUnit has the unit's key.
	AnnotationUnit = "meshloom.io/unit-key"
	// AnnotationSources lists the objects of the unified API that the object
	// came from, as Kind/namespace/name@generation, separated by commas.
	AnnotationSources = "meshloom.io/sources"
)

// Stamp gives the objects of a unit our marks.
func Stamp(key ir.Key, objects []translators.Object) {
	for _, obj := range objects {
		labels := maps.Clone(obj.GetLabels())
		if labels == nil {
			labels = map[string]string{}
		}
		labels[LabelManagedBy], labels[LabelUnit] = ManagedBy, key.Hash()
		obj.SetLabels(labels)
		annotations := maps.Clone(obj.GetAnnotations())
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[AnnotationUnit] = key.String()
		annotations[AnnotationSources] = FormatSources(obj.Sources)
		obj.SetAnnotations(annotations)
	}
}

// FormatSources returns the value of AnnotationSources: sorted, each object
// once. Sources without an object are left out.
func FormatSources(sources []ir.Source) string {
	var out []string
	for _, s := range sources {
		if s.Name != "" {
			out = append(out, fmt.Sprintf("%s@%d", s.Ref, s.Generation))
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}

// ParseSources reads AnnotationSources; entries that cannot be read are left
// out, because the annotation can be edited by anyone.
func ParseSources(value string) []ir.Source {
	var out []ir.Source
	for entry := range strings.SplitSeq(value, ",") {
		object, generation, _ := strings.Cut(entry, "@")
		parts := strings.Split(object, "/")
		source := ir.Source{}
		switch len(parts) {
		case 2:
			source.Ref = ir.Ref{Kind: parts[0], Name: parts[1]}
		case 3:
			source.Ref = ir.Ref{Kind: parts[0], Namespace: parts[1], Name: parts[2]}
		default:
			continue
		}
		if _, err := fmt.Sscanf(generation, "%d", &source.Generation); err != nil {
			source.Generation = 0
		}
		out = append(out, source)
	}
	return out
}

// RefOf returns the reference to a native object.
func RefOf(obj translators.Object) translators.ObjectRef {
	return translators.ObjectRef{
		GroupVersionKind: obj.GetObjectKind().GroupVersionKind(), Namespace: obj.GetNamespace(), Name: obj.GetName(),
	}
}

// order sorts objects so that each comes after those it must follow, and by
// kind, namespace and name among equals.
func order(objects []translators.Object) {
	slices.SortFunc(objects, func(a, b translators.Object) int { return compareRefs(RefOf(a), RefOf(b)) })
	index := make(map[translators.ObjectRef]int, len(objects))
	for i, obj := range objects {
		index[RefOf(obj)] = i
	}
	sorted := make([]translators.Object, 0, len(objects))
	seen := make([]bool, len(objects))
	var visit func(int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, ref := range objects[i].After {
			if j, ok := index[ref]; ok {
				visit(j)
			}
		}
		sorted = append(sorted, objects[i])
	}
	for i := range objects {
		visit(i)
	}
	copy(objects, sorted)
}

func compareRefs(a, b translators.ObjectRef) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
