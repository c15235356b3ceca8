package linkerd

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestAccessRivals(t *testing.T) {
	at := ir.Source{Ref: ir.Ref{Kind: "AccessPolicy", Namespace: "shop", Name: "web"}}
	ours := translateAccess(translators.Env{}, &ir.AccessUnit{Namespace: "shop", Targets: []ir.AccessTarget{{
		Service: ir.Service{Namespace: "shop", Name: "web", Selector: map[string]string{"app": "web"}, Ports: []ir.Port{{Number: 80, Targets: []int32{9080}}}},
		Rules:   ir.AccessRules{AllowSelected: true, Policies: []ir.Source{at}},
	}}}).Objects
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(ours[0].Object)
	if err != nil {
		t.Fatal(err)
	}
	mine := rivals(&unstructured.Unstructured{Object: content})
	object := func(kind, namespace string, spec map[string]any) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "policy.linkerd.io/v1alpha1", "kind": kind, "spec": spec}}
		u.SetNamespace(namespace)
		u.SetName("theirs")
		return u
	}
	target := func(kind, name string) map[string]any {
		return map[string]any{"targetRef": map[string]any{"kind": kind, "name": name}}
	}
	pods := map[string]any{"matchLabels": map[string]any{"app": "web"}}
	tests := []struct {
		name  string
		other *unstructured.Unstructured
		want  bool
	}{
		{"a Server of the same pods and port", object("Server", "shop", map[string]any{"podSelector": pods, "port": int64(9080)}), true},
		{"an authorization of the whole namespace", object("AuthorizationPolicy", "shop", target("Namespace", "shop")), true},
		{"an authorization at our Server", object("AuthorizationPolicy", "shop", target("Server", ours[0].GetName())), true},
		{"an authorization at another Server", object("AuthorizationPolicy", "shop", target("Server", "other")), false},
		{"an authorization elsewhere", object("AuthorizationPolicy", "batch", target("Namespace", "batch")), false},
		{"a limit at our Server", object("HTTPLocalRateLimitPolicy", "shop", target("Server", ours[0].GetName())), true},
		{"a limit at another Server", object("HTTPLocalRateLimitPolicy", "shop", target("Server", "other")), false},
		{"an old authorization at our Server", object("ServerAuthorization", "shop", map[string]any{"server": map[string]any{"name": ours[0].GetName()}}), true},
		{"an old authorization by labels", object("ServerAuthorization", "shop", map[string]any{"server": map[string]any{"selector": map[string]any{}}}), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := slices.ContainsFunc(rivals(tt.other), func(key string) bool { return slices.Contains(mine, key) })
			if got != tt.want {
				t.Errorf("rivals: %v, want %v (%v and %v)", got, tt.want, mine, rivals(tt.other))
			}
		})
	}
}
