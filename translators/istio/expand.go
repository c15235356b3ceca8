package istio

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// expand keeps the subsets of a DestinationRule that routes may still name:
// a proxy that gets the rule before the route would answer 503 in between. A
// subset's name depends on its labels alone, so old and new ones of a name are
// the same. Other kinds, and a rule for another host, need nothing kept.
func expand(live, want *unstructured.Unstructured) *unstructured.Unstructured {
	if want.GroupVersionKind() != destinationRuleKind || hostOf(live) != hostOf(want) {
		return nil
	}
	old, _, err := unstructured.NestedSlice(live.Object, "spec", "subsets")
	if err != nil {
		return nil
	}
	subsets, _, err := unstructured.NestedSlice(want.Object, "spec", "subsets")
	if err != nil {
		return nil
	}
	wanted := map[any]bool{}
	for _, subset := range subsets {
		wanted[subsetName(subset)] = true
	}
	kept := false
	for _, subset := range old {
		if !wanted[subsetName(subset)] {
			subsets, kept = append(subsets, subset), true
		}
	}
	if !kept {
		return nil
	}
	out := want.DeepCopy()
	if err := unstructured.SetNestedSlice(out.Object, subsets, "spec", "subsets"); err != nil {
		return nil
	}
	return out
}

func hostOf(rule *unstructured.Unstructured) string {
	host, _, _ := unstructured.NestedString(rule.Object, "spec", "host")
	return host
}

func subsetName(subset any) any {
	fields, _ := subset.(map[string]any)
	return fields["name"]
}
