package linkerd

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestExpandKeepsRulesThatMayHaveMoved(t *testing.T) {
	const head = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: meshloom-reviews-80, namespace: shop}
`
	const parent = "spec:\n  parentRefs: [{group: '', kind: Service, name: reviews, port: 80}]\n"
	const slow = "{matches: [{path: {type: PathPrefix, value: /slow}}], backendRefs: [{name: a}]}"
	const all = "{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: a}]}"
	const allElsewhere = "{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: b}]}"
	tests := map[string]struct {
		live, want string
		rules      int
	}{
		"a rule has moved":         {head + parent + "  rules: [" + slow + ", " + all + "]", head + parent + "  rules: [" + all + "]", 2},
		"a rule does otherwise":    {head + parent + "  rules: [" + all + "]", head + parent + "  rules: [" + allElsewhere + "]", 0},
		"a rule is new":            {head + parent + "  rules: [" + all + "]", head + parent + "  rules: [" + slow + ", " + all + "]", 0},
		"routes of a Server":       {head + "spec: {parentRefs: [{group: policy.linkerd.io, kind: Server, name: a}], rules: [" + slow + "]}", head + "spec: {parentRefs: [{group: policy.linkerd.io, kind: Server, name: a}], rules: [" + all + "]}", 0},
		"routes of another parent": {head + "spec: {parentRefs: [{group: '', kind: Service, name: other}], rules: [" + slow + "]}", head + parent + "  rules: [" + all + "]", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := expand(decode(t, tt.live), decode(t, tt.want))
			if out == nil {
				if tt.rules != 0 {
					t.Error("nothing is kept")
				}
				return
			}
			if rules, _, _ := unstructured.NestedSlice(out.Object, "spec", "rules"); len(rules) != tt.rules {
				t.Errorf("rules %v, want %d", rules, tt.rules)
			}
		})
	}
}
