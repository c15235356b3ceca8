package consul

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// expand keeps the subsets of a ServiceResolver that routers and splitters may
// still name: Consul refuses to take away one that is named. A subset's name
// depends on its labels alone, so old and new ones of a name are the same. Other
// kinds need nothing kept.
func expand(live, want *unstructured.Unstructured) *unstructured.Unstructured {
	if want.GroupVersionKind() != serviceResolverKind {
		return nil
	}
	old, found, err := unstructured.NestedMap(live.Object, "spec", "subsets")
	if err != nil || !found {
		return nil
	}
	subsets, _, err := unstructured.NestedMap(want.Object, "spec", "subsets")
	if err != nil {
		return nil
	}
	if subsets == nil {
		subsets = map[string]any{}
	}
	kept := false
	for name, subset := range old {
		if _, wanted := subsets[name]; !wanted {
			subsets[name], kept = subset, true
		}
	}
	if !kept {
		return nil
	}
	out := want.DeepCopy()
	if err := unstructured.SetNestedMap(out.Object, subsets, "spec", "subsets"); err != nil {
		return nil
	}
	return out
}
