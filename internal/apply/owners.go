package apply

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshloom/meshloom/internal/engine"
)

// ownership is who owns the fields of an object, status apart.
type ownership struct {
	ours, others *fieldpath.Set
}

// owners reads the managed fields of an object. What we wrote by other means
// than server-side apply does not count as ours: releasing it needs apply.
func owners(entries []metav1.ManagedFieldsEntry) (ownership, error) {
	owned := ownership{ours: &fieldpath.Set{}, others: &fieldpath.Set{}}
	for _, entry := range entries {
		if entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(entry.FieldsV1.GetRawReader()); err != nil {
			return ownership{}, fmt.Errorf("parse fields of manager %q: %w", entry.Manager, err)
		}
		if entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply {
			owned.ours = owned.ours.Union(set)
		} else {
			owned.others = owned.others.Union(set)
		}
	}
	return owned, nil
}

// marks says whether we own the marks that make an object ours.
func (o ownership) marks() bool {
	return o.ours.Has(fieldpath.MakePathOrDie("metadata", "labels", engine.LabelManagedBy)) &&
		o.ours.Has(fieldpath.MakePathOrDie("metadata", "labels", engine.LabelUnit))
}

// child returns the part of a set below a path element; nil is empty.
func child(set *fieldpath.Set, pe fieldpath.PathElement) *fieldpath.Set {
	if set == nil {
		return nil
	}
	below, _ := set.Children.Get(pe)
	return below
}

// touches says whether the set has the path element or anything below it.
func touches(set *fieldpath.Set, pe fieldpath.PathElement) bool {
	return set != nil && (set.Members.Has(pe) || child(set, pe) != nil)
}
