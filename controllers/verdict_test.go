package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/rig"
	"github.com/meshloom/meshloom/translators"
)

// opinionated has Istio's provider read condition Taken of its objects, if it
// is about their generation.
func opinionated(providers []translators.Provider) []translators.Provider {
	providers = slices.Clone(providers)
	i := slices.IndexFunc(providers, func(p translators.Provider) bool { return p.Name == "Istio" })
	providers[i].Verdict = func(live *unstructured.Unstructured) translators.Verdict {
		conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
		for _, one := range conditions {
			c, _ := one.(map[string]any)
			about := fmt.Sprint(c["reason"]) == fmt.Sprintf("Generation%d", live.GetGeneration())
			switch {
			case c["type"] != "Taken" || !about:
			case c["status"] == string(metav1.ConditionTrue):
				return translators.Verdict{State: translators.VerdictAccepted}
			default:
				return translators.Verdict{State: translators.VerdictRefused, Reason: "NoSuchSubset", Message: fmt.Sprint(c["message"])}
			}
		}
		return translators.Verdict{}
	}
	return providers
}

// says writes the status of a native object, as its mesh does.
func says(t *testing.T, r *rig.Rig, status, message string) {
	t.Helper()
	obj := r.MustGet(rig.VirtualServices, rig.Native)
	condition := map[string]any{
		"type": "Taken", "status": status, "reason": fmt.Sprintf("Generation%d", obj.GetGeneration()), "message": message,
		"lastTransitionTime": "2026-01-01T00:00:00Z",
	}
	obj.Object["status"] = map[string]any{"conditions": []any{condition}}
	if err := r.Client.Status().Update(t.Context(), obj, client.FieldOwner("mesh")); err != nil {
		t.Fatal(err)
	}
}

// TestRefusalOfTheMeshIsTold shows that an object is not called programmed while
// the mesh itself refuses what it became, and that the same status again costs
// nothing.
func TestRefusalOfTheMeshIsTold(t *testing.T) {
	r := rig.New(t)
	r.Providers = opinionated(r.Providers)
	r.Apply(rig.Shop + "---" + rig.Split)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")

	says(t, r, "False", "no subset\ncalled "+strings.Repeat("v", 400))
	r.Condition("TrafficSplit", "reviews", "Programmed=False/Refused")
	split := r.MustGet(v1alpha1.GroupVersion.WithKind(v1alpha1.KindTrafficSplit), "reviews")
	text := fmt.Sprint(split.Object["status"])
	for _, want := range []string{"VirtualService " + r.Namespace + "/" + rig.Native, "NoSuchSubset: no subset called vvv", "... (ML3012)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the status does not say %q: %s", want, text)
		}
	}
	r.Quiet(op)
	before := len(op.Writes.To(r.Namespace))
	says(t, r, "False", "no subset\ncalled "+strings.Repeat("v", 400)+"w")
	r.Quiet(op)
	if after := op.Writes.To(r.Namespace); len(after) != before {
		t.Errorf("the same words made writes: %q", after[before:])
	}

	says(t, r, "True", "")
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
	r.Quiet(op)
	for _, written := range op.Writes.To("/virtualservices/") {
		if n := len(op.Writes.To("/virtualservices/" + rig.Native)); n != 1 {
			t.Errorf("the native object was written %d times, last %s", n, written)
		}
	}
}
