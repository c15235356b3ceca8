package v1alpha1_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	meshloomv1alpha1 "github.com/meshloom/meshloom/apis/v1alpha1"
)

// TestRoundTrip checks that the Go types lose nothing of what users write:
// zeros that say something (weight: 0, attempts: 0, an empty replacement, an
// empty member) come back, and nothing is added. An empty list comes back as
// none, which says the same in every field of ours.
func TestRoundTrip(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := meshloomv1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	for kind := range readCRDs(t) {
		for _, sample := range samples(t, kind) {
			typed, err := scheme.New(sample.GroupVersionKind())
			if err != nil {
				t.Fatal(err)
			}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(sample.Object, typed, true); err != nil {
				t.Errorf("%s %s: %v", kind, sample.GetName(), err)
				continue
			}
			text, err := json.Marshal(typed.DeepCopyObject())
			if err != nil {
				t.Fatal(err)
			}
			back := &unstructured.Unstructured{}
			if err := back.UnmarshalJSON(text); err != nil {
				t.Fatal(err)
			}
			noLists := cmpopts.IgnoreMapEntries(func(_ string, v any) bool {
				list, ok := v.([]any)
				return ok && len(list) == 0
			})
			if diff := cmp.Diff(sample.Object, back.Object, noLists); diff != "" {
				t.Errorf("%s %s (-written +read back):\n%s", kind, sample.GetName(), diff)
			}
		}
	}
}
