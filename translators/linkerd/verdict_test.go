package linkerd

import (
	"fmt"
	"testing"

	"github.com/meshloom/meshloom/translators"
)

func TestVerdict(t *testing.T) {
	const accepted = `{type: Accepted, status: "True", reason: Accepted}, {type: ResolvedRefs, status: "True", reason: ResolvedRefs}`
	const noBackend = `{type: Accepted, status: "True", reason: Accepted}, {type: ResolvedRefs, status: "False", reason: BackendNotFound, message: missing}`
	tests := map[string]struct {
		controller, backend, conditions string
		want                            translators.VerdictState
		reason                          string
	}{
		"accepted":                      {"linkerd.io/policy-controller", "reviews", accepted, translators.VerdictAccepted, ""},
		"said by another":               {"istio.io/gateway-controller", "reviews", accepted, translators.VerdictNone, ""},
		"nothing said":                  {"linkerd.io/policy-controller", "reviews", "", translators.VerdictNone, ""},
		"of an older generation":        {"linkerd.io/policy-controller", "reviews", `{type: Accepted, status: "True", observedGeneration: 1}`, translators.VerdictNone, ""},
		"another kind of route is used": {"linkerd.io/policy-controller", "reviews", `{type: Accepted, status: "False", reason: RouteReasonConflicted, message: m}`, translators.VerdictRefused, "RouteReasonConflicted"},
		"a backend is gone":             {"linkerd.io/policy-controller", "reviews", noBackend, translators.VerdictRefused, "BackendNotFound"},
		"a backend that cannot exist":   {"linkerd.io/policy-controller", "no.service", noBackend, translators.VerdictAccepted, ""},
		"not decided":                   {"linkerd.io/policy-controller", "reviews", `{type: Accepted, status: Unknown}`, translators.VerdictNone, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			live := decode(t, fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: meshloom-reviews-80, namespace: shop, generation: 2}
spec: {rules: [{backendRefs: [{name: %s}]}]}
status: {parents: [{controllerName: %s, conditions: [%s]}]}`, tt.backend, tt.controller, tt.conditions))
			if got := verdict(live); got.State != tt.want || got.Reason != tt.reason {
				t.Errorf("verdict %+v, want %q for %q", got, tt.want, tt.reason)
			}
		})
	}
	if got := verdict(decode(t, `{apiVersion: v1, kind: Service, metadata: {name: a}}`)); got.State != translators.VerdictNone {
		t.Errorf("a Service has the verdict %+v", got)
	}
}
