package handover

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/meshloom/meshloom/internal/apply"
)

// InstallerManager is the field manager of what the installer writes on
// objects of others.
const InstallerManager = "meshloom-installer"

// Share returns what a second owner applies to an object of somebody else so
// that the labels and annotations which Meshloom asked for stay when Meshloom
// lets go of them; nil where there are none. It is pure.
func Share(obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	labels, annotations := map[string]string{}, map[string]string{}
	for _, entry := range obj.GetManagedFields() {
		ours := entry.Operation == metav1.ManagedFieldsOperationApply && slices.Contains([]string{apply.FieldManager, InstallerManager}, entry.Manager)
		if !ours || entry.FieldsV1 == nil || entry.Subresource != "" {
			continue
		}
		fields := &fieldpath.Set{}
		if err := fields.FromJSON(entry.FieldsV1.GetRawReader()); err != nil {
			return nil, fmt.Errorf("read managed fields of %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
		pick(labels, obj.GetLabels(), fields, "labels")
		pick(annotations, obj.GetAnnotations(), fields, "annotations")
	}
	if len(labels)+len(annotations) == 0 {
		return nil, nil
	}
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(obj.GroupVersionKind())
	out.SetNamespace(obj.GetNamespace())
	out.SetName(obj.GetName())
	out.SetUID(obj.GetUID())
	if len(labels) > 0 {
		out.SetLabels(labels)
	}
	if len(annotations) > 0 {
		out.SetAnnotations(annotations)
	}
	return out, nil
}

// pick copies the entries of a map of the metadata that the fields name.
func pick(into, from map[string]string, fields *fieldpath.Set, part string) {
	for key, value := range from {
		if fields.Has(fieldpath.MakePathOrDie("metadata", part, key)) {
			into[key] = value
		}
	}
}
