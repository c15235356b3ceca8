package linkerd

import (
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/translators/gatewayapi"
)

// expand keeps the rules of a Service's route whose matches it no longer has: they
// may have moved to the route of another policy, and until that is there requests
// for them would go where all others go. Routes of a Server are never widened,
// because they admit.
func expand(live, want *unstructured.Unstructured) *unstructured.Unstructured {
	if want.GroupVersionKind() != httpRouteKind || len(rivals(want)) == 0 || !reflect.DeepEqual(rivals(want), rivals(live)) {
		return nil
	}
	rules, _, err := unstructured.NestedSlice(want.Object, "spec", "rules")
	if err != nil {
		return nil
	}
	old, _, err := unstructured.NestedSlice(live.Object, "spec", "rules")
	if err != nil {
		return nil
	}
	wanted := matchesOf(rules)
	kept := false
	for _, rule := range old {
		if gone(matchesOf([]any{rule}), wanted) && len(rules) < gatewayapi.MaxRules {
			rules, kept = append(rules, rule), true
		}
	}
	if !kept {
		return nil
	}
	out := want.DeepCopy()
	if err := unstructured.SetNestedSlice(out.Object, rules, "spec", "rules"); err != nil {
		return nil
	}
	return out
}

// gone says whether none of a rule's matches is wanted any more.
func gone(matches, wanted []any) bool {
	for _, m := range matches {
		for _, w := range wanted {
			if reflect.DeepEqual(m, w) {
				return false
			}
		}
	}
	return len(matches) > 0
}

func matchesOf(rules []any) []any {
	var out []any
	for _, rule := range rules {
		fields, _ := rule.(map[string]any)
		matches, _ := fields["matches"].([]any)
		out = append(out, matches...)
	}
	return out
}
