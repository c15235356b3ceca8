package kinds

import "testing"

func TestEveryUnifiedKindHasASchema(t *testing.T) {
	definitions, err := Definitions()
	if err != nil {
		t.Fatal(err)
	}
	for i, gvk := range Unified() {
		if got := definitions[i].Spec.Names; got.Kind != gvk.Kind || got.Plural != plurals[gvk.Kind] {
			t.Errorf("definition %d is of %s (%s), want %s (%s)", i, got.Kind, got.Plural, gvk.Kind, plurals[gvk.Kind])
		}
		kind, err := Schema(gvk)
		if err != nil {
			t.Error(err)
		} else if kind.Namespaced() == ClusterScoped(gvk) {
			t.Errorf("%s: the definition and ClusterScoped disagree on its scope", gvk.Kind)
		}
	}
	if _, err := Schema(ReferenceGrant); err == nil {
		t.Error("a kind of another API: no error")
	}
}
