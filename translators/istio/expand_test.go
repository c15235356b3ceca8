package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestExpandKeepsSubsetsInUse(t *testing.T) {
	rule := func(host string, subsets ...any) *unstructured.Unstructured {
		list := []any{}
		for _, name := range subsets {
			list = append(list, map[string]any{"name": name})
		}
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "spec": map[string]any{"host": host, "subsets": list},
		}}
	}
	route := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService"}}
	cases := map[string]struct{ live, want, expanded *unstructured.Unstructured }{
		"one goes and one comes": {rule("a", "v1", "v2"), rule("a", "v2", "v3"), rule("a", "v2", "v3", "v1")},
		"only new ones":          {rule("a", "v1"), rule("a", "v1", "v2"), nil},
		"nothing changes":        {rule("a", "v1"), rule("a", "v1"), nil},
		"all go":                 {rule("a", "v1"), rule("a"), rule("a", "v1")},
		"another host":           {rule("b", "v1"), rule("a"), nil},
		"another kind":           {route, route, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.expanded, expand(c.live, c.want)); diff != "" {
				t.Errorf("expanded (-want +got):\n%s", diff)
			}
		})
	}
}
