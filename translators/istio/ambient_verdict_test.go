package istio_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/istio"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	// As an API server's answers are read: numbers are whole.
	out := &unstructured.Unstructured{}
	if err := out.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestVerdicts(t *testing.T) {
	const route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {generation: 2}, status: {parents: "
	const policy = "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {generation: 2}, status: {conditions: "
	const waypoint = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {generation: 2}, status: {conditions: "
	const ours, holds = "[{controllerName: istio.io/gateway-controller, conditions: ", "{type: Accepted, status: 'True', observedGeneration: 2}"
	tests := map[string]struct {
		text string
		want translators.VerdictState
		// reason is where it refuses.
		reason string
	}{
		"a route that is taken":               {text: route + ours + "[" + holds + ", {type: ResolvedRefs, status: 'True', observedGeneration: 2}]}]}}", want: translators.VerdictAccepted},
		"a route without its backend":         {text: route + ours + "[" + holds + ", {type: ResolvedRefs, status: 'False', reason: BackendNotFound, observedGeneration: 2}]}]}}", want: translators.VerdictRefused, reason: "BackendNotFound"},
		"a route of the past":                 {text: route + ours + "[{type: Accepted, status: 'False', observedGeneration: 1}]}]}}"},
		"what others say of a route":          {text: route + "[{controllerName: example.com/x, conditions: [{type: Accepted, status: 'False'}]}]}}"},
		"a route of which nobody said":        {text: route + "[]}}"},
		"a policy that is taken":              {text: policy + "[{type: ZtunnelAccepted, status: 'True', reason: Accepted, observedGeneration: '2'}]}}", want: translators.VerdictAccepted},
		"a policy of the past":                {text: policy + "[{type: ZtunnelAccepted, status: 'True', reason: Accepted, observedGeneration: '1'}]}}"},
		"a policy that is taken in part":      {text: policy + "[{type: ZtunnelAccepted, status: 'True', reason: UnsupportedValue, message: no, observedGeneration: '2'}]}}", want: translators.VerdictRefused, reason: "UnsupportedValue"},
		"a policy that targets nothing":       {text: policy + "[{type: WaypointAccepted, status: 'False', reason: TargetNotFound}]}}", want: translators.VerdictRefused, reason: "TargetNotFound"},
		"a waypoint that runs":                {text: waypoint + "[" + holds + ", {type: Programmed, status: 'True', observedGeneration: 2}]}}", want: translators.VerdictAccepted},
		"a waypoint on its way":               {text: waypoint + "[" + holds + ", {type: Programmed, status: 'False', observedGeneration: 2}]}}"},
		"a waypoint of a class that is other": {text: waypoint + "[{type: Accepted, status: 'False', reason: InvalidParameters, observedGeneration: 2}]}}", want: translators.VerdictRefused, reason: "InvalidParameters"},
		"a kind without a status":             {text: "{apiVersion: networking.istio.io/v1, kind: VirtualService}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := istio.Provider().Verdict(object(t, tt.text)); got.State != tt.want || got.Reason != tt.reason {
				t.Errorf("verdict %+v, want %q %q", got, tt.want, tt.reason)
			}
		})
	}
}

// TestRoutesOfAServiceAreRivals: whatever speaks for the host of a Service in the
// mesh has one key with whatever else does.
func TestRoutesOfAServiceAreRivals(t *testing.T) {
	rivals := istio.Provider().Rivals
	want := rivals(object(t, "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {namespace: shop, name: a}, spec: {hosts: [reviews]}}"))
	if len(want) != 1 {
		t.Fatalf("keys %v", want)
	}
	for _, text := range []string{
		"{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {namespace: shop, name: a}, spec: {parentRefs: [{kind: Service, name: reviews, port: 80}]}}",
		"{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {namespace: else, name: a}, spec: {parentRefs: [{kind: Service, name: reviews, namespace: shop}]}}",
	} {
		if got := rivals(object(t, text)); len(got) != 1 || got[0] != want[0] {
			t.Errorf("keys %v, want %v: %s", got, want, text)
		}
	}
	if got := rivals(object(t, "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {namespace: shop}, spec: {parentRefs: [{name: reviews}]}}")); len(got) > 0 {
		t.Errorf("a route of a Gateway has keys %v", got)
	}
}

// TestAmbientIsRecognised reads members, captured pods and marks.
func TestAmbientIsRecognised(t *testing.T) {
	p := istio.Provider()
	if !p.Member(map[string]string{"istio.io/dataplane-mode": "ambient"}, nil) || p.Member(map[string]string{"istio.io/dataplane-mode": "none"}, nil) {
		t.Error("a namespace is a member by its label istio.io/dataplane-mode")
	}
	if !p.Proxied(ir.Workload{Annotations: map[string]string{"ambient.istio.io/redirection": "enabled"}}) || p.Proxied(ir.Workload{}) {
		t.Error("a pod is captured by its annotation")
	}
	marks := p.MemberMarks(translators.Env{Variant: istio.VariantAmbient, Facts: map[string]string{istio.FactRevision: "1-31"}})
	if len(marks) != 1 || marks[0].Key != "istio.io/dataplane-mode" || marks[0].Value != "ambient" {
		t.Errorf("marks %+v", marks)
	}
}

// TestWaysIntoAmbientAreItsOwn: sidecars give nothing in ambient mode.
func TestWaysIntoAmbientAreItsOwn(t *testing.T) {
	all := translators.Layers{Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true}
	mesh, gateway := istio.Provider(), istio.Provider()
	got := translators.Join(&mesh, translators.Env{Variant: istio.VariantAmbient}, &gateway, translators.Env{Variant: istio.VariantGateway}, all)
	if got.Way != "Waypoint" || got.Mode != translators.Thin || !got.MTLS {
		t.Errorf("Istio's gateway: %+v", got)
	}
	other := translators.Provider{Name: "Other", Joinable: &translators.JoinAbilities{
		Marks: []translators.Place{translators.OnPod}, Dial: map[translators.Dial]translators.Scope{translators.DialService: translators.PerGateway},
	}}
	got = translators.Join(&mesh, translators.Env{Variant: istio.VariantAmbient}, &other, translators.Env{}, all)
	if got.Way != "Ambient" || got.Mode != translators.Thin {
		t.Errorf("another ingress: %+v", got)
	}
	other.Joinable.Dial = map[translators.Dial]translators.Scope{translators.DialPod: translators.Always}
	if got = translators.Join(&mesh, translators.Env{Variant: istio.VariantAmbient}, &other, translators.Env{}, all); len(got.Issues) == 0 {
		t.Errorf("an ingress that dials pods: %+v", got)
	}
}
