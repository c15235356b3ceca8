package apply

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
)

var (
	route   = schema.GroupVersionKind{Group: "a.test", Version: "v1", Kind: "Route"}
	profile = schema.GroupVersionKind{Group: "a.test", Version: "v1", Kind: "Profile"}
)

// twoMeshes both write Routes; the first also looks at Profiles of others. Each
// speaks for the name of an object, and reads its own field of the status.
func twoMeshes() Catalog {
	provider := func(name string) translators.Provider {
		return translators.Provider{
			Name: name, Kinds: []schema.GroupVersionKind{route},
			Rivals: func(obj client.Object) []string { return []string{obj.GetName()} },
			Verdict: func(live *unstructured.Unstructured) translators.Verdict {
				state, _, _ := unstructured.NestedString(live.Object, "status", name)
				return translators.Verdict{State: translators.VerdictState(state), Message: name}
			},
		}
	}
	one, two := provider("one"), provider("two")
	one.Foreign = []schema.GroupVersionKind{profile}
	return NewCatalog([]translators.Provider{one, two})
}

// object is one of a kind; ours where it is marked by our field manager.
func object(kind schema.GroupVersionKind, version string, ours bool, status map[string]any) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"a": "b"}}}
	obj.SetGroupVersionKind(kind)
	obj.SetNamespace("shop")
	obj.SetName("reviews")
	obj.SetUID("1")
	obj.SetResourceVersion(version)
	if status != nil {
		obj.Object["status"] = status
	}
	if !ours {
		return obj
	}
	obj.SetLabels(map[string]string{engine.LabelManagedBy: engine.ManagedBy, engine.LabelUnit: unit.Hash()})
	obj.SetAnnotations(map[string]string{engine.AnnotationUnit: unit.String()})
	marks := `{"f:metadata":{"f:labels":{"f:app.kubernetes.io/managed-by":{},"f:meshloom.io/unit":{}}}}`
	obj.SetManagedFields([]metav1.ManagedFieldsEntry{
		{Manager: FieldManager, Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(marks)},
		{Manager: "mesh", Operation: metav1.ManagedFieldsOperationUpdate, Subresource: "status", FieldsV1: metav1.NewFieldsV1(`{"f:status":{"f:` + version + `":{}}}`)},
	})
	return obj
}

func TestVerdictsAreReadByTheirOwnProvider(t *testing.T) {
	live, err := NewLive(object(route, "1", true, map[string]any{"one": "Accepted", "two": "Refused"}), twoMeshes())
	if err != nil {
		t.Fatal(err)
	}
	for provider, want := range map[string]translators.VerdictState{
		"one": translators.VerdictAccepted, "two": translators.VerdictRefused, "": translators.VerdictRefused, "three": translators.VerdictNone,
	} {
		if got := live.Verdict(provider); got.State != want {
			t.Errorf("the verdict of %q is %+v, want %s", provider, got, want)
		}
	}
}

// TestStatusIsHeardOnlyWhenTheVerdictChanges counts the units that hear of the
// forms of one object as its status goes on.
func TestStatusIsHeardOnlyWhenTheVerdictChanges(t *testing.T) {
	cache, catalog := NewCache(), twoMeshes()
	put := func(obj *unstructured.Unstructured) int {
		t.Helper()
		live, err := NewLive(obj, catalog)
		if err != nil {
			t.Fatal(err)
		}
		return len(cache.Put(live))
	}
	put(object(route, "1", true, nil))
	changed := object(route, "5", true, map[string]any{"one": "Refused"})
	changed.Object["spec"] = map[string]any{"a": "c"}
	for _, step := range []struct {
		what string
		obj  *unstructured.Unstructured
		want int
	}{
		{"a status without a verdict", object(route, "2", true, map[string]any{"at": "10:00"}), 0},
		{"a refusal", object(route, "3", true, map[string]any{"one": "Refused"}), 1},
		{"the same with a later time", object(route, "4", true, map[string]any{"one": "Refused", "at": "10:01"}), 0},
		{"another spec", changed, 1},
		{"an acceptance, and the old spec", object(route, "6", true, map[string]any{"one": "Accepted"}), 1},
	} {
		if got := put(step.obj); got != step.want {
			t.Errorf("%s: %d units are due, want %d", step.what, got, step.want)
		}
	}
	if live := cache.Of(unit, nil); len(live) != 1 || live[translators.ObjectRef{GroupVersionKind: route, Namespace: "shop", Name: "reviews"}].ResourceVersion != "6" {
		t.Errorf("the newest form is not what is kept: %v", live)
	}
}

func TestProvidersOfOneKindHaveRivalsOfTheirOwn(t *testing.T) {
	cache, catalog := NewCache(), twoMeshes()
	foreign, err := NewLive(object(profile, "1", false, nil), catalog)
	if err != nil {
		t.Fatal(err)
	}
	cache.Put(foreign)
	want := object(route, "", true, nil)
	for provider, rivals := range map[string]int{"one": 1, "two": 0, "": 1} {
		if got := cache.foreign(catalog.claims(want, provider)); len(got) != rivals {
			t.Errorf("a Route of %q has rivals %v, want %d", provider, got, rivals)
		}
	}
	if kinds := catalog.Watched(); !slices.Contains(kinds, profile) || slices.Contains(catalog.Kinds(), profile) {
		t.Errorf("watched %v, written %v", kinds, catalog.Kinds())
	}
}

// TestWhatAUnitMadeIsNotShared shows that an object of ours whole is never
// emptied as one that nobody asks for fields of.
func TestWhatAUnitMadeIsNotShared(t *testing.T) {
	obj := object(schema.GroupVersionKind{Version: "v1", Kind: "Service"}, "1", true, nil)
	plan, err := MakeShared(SharedInput{Ref: translators.ObjectRef{GroupVersionKind: obj.GroupVersionKind(), Namespace: "shop", Name: "reviews"}, Live: obj})
	if err != nil || plan.Content != nil {
		t.Errorf("it is written: %v, %v", plan.Content, err)
	}
}
