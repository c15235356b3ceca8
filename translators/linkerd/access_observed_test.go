package linkerd

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// What a real Linkerd was seen to answer, case by case, is what the evaluator
// answers: it stands in for one.

var (
	seenPod = ir.Workload{
		Labels: map[string]string{"app": "web"}, Probes: []ir.Probe{{Path: "/healthz", Port: 9080}},
	}
	seenCaller = caller{&ir.Identity{Namespace: "shop", ServiceAccount: "web"}, podAddress}
	outside    = caller{nil, "203.0.113.9"}
	kubelet    = caller{nil, nodeAddress}
)

func seenGet(path string) eval.Request { return eval.Request{Method: "GET", Path: path, Port: 9080} }

// seenServer is a Server of the pods, with an authorization of seenCaller at the
// target.
func seenServer(target policyRef) []translators.Object {
	s := &server{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: serverSpec{
		AccessPolicy: "deny", PodSelector: &metav1.LabelSelector{MatchLabels: seenPod.Labels}, Port: 9080, ProxyProtocol: "unknown",
	}}
	m := &meshTLSAuthentication{ObjectMeta: metav1.ObjectMeta{Name: "callers"}, Spec: meshTLSAuthenticationSpec{
		IdentityRefs: []policyRef{{Kind: "ServiceAccount", Namespace: "shop", Name: "web"}},
	}}
	return []translators.Object{{Object: s}, {Object: m}, {Object: seenAuthorization("callers", target, "MeshTLSAuthentication")}}
}

func seenAuthorization(name string, target policyRef, kind string) *authorizationPolicy {
	return &authorizationPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: authorizationPolicySpec{
		TargetRef: target, RequiredAuthenticationRefs: []policyRef{{Kind: kind, Name: name}},
	}}
}

func seenRoute(name string, typ gatewayv1.PathMatchType, path string) translators.Object {
	method, group, kind := gatewayv1.HTTPMethodGet, gatewayv1.Group(policyGroup), gatewayv1.Kind("Server")
	r := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Name: name}}
	r.Spec.ParentRefs = []gatewayv1.ParentReference{{Group: &group, Kind: &kind, Name: "web"}}
	r.Spec.Rules = []gatewayv1.HTTPRouteRule{{Matches: []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{Type: &typ, Value: &path}, Method: &method}}}}
	return translators.Object{Object: r}
}

func TestObservedAccess(t *testing.T) {
	onServer := seenServer(policyRef{Kind: "Server", Name: "web"})
	onRoute := append(seenServer(policyRef{Kind: "HTTPRoute", Name: "ok"}), seenRoute("ok", gatewayv1.PathMatchPathPrefix, "/ok"))
	everybody := &networkAuthentication{ObjectMeta: metav1.ObjectMeta{Name: "probes"}, Spec: networkAuthenticationSpec{Networks: []network{{CIDR: "0.0.0.0/0"}}}}
	withProbe := append(slices.Clone(onRoute), seenRoute("probe", gatewayv1.PathMatchExact, "/healthz"), translators.Object{Object: everybody},
		translators.Object{Object: seenAuthorization("probes", policyRef{Kind: "HTTPRoute", Name: "probe"}, "NetworkAuthentication")})
	tests := []struct {
		name     string
		objects  []translators.Object
		fallback string
		request  eval.Request
		from     caller
		want     int
	}{
		{"a Server admits the ServiceAccount it names", onServer, "all-unauthenticated", seenGet("/x"), seenCaller, 200},
		{"and refuses plaintext from outside", onServer, "all-unauthenticated", seenGet("/x"), outside, 403},
		{"without routes probes are answered", onServer, "all-unauthenticated", seenGet("/healthz"), kubelet, 200},
		{"a route without one for the probe takes the pods down", onRoute, "all-unauthenticated", seenGet("/healthz"), kubelet, 404},
		{"a route for the probe keeps them up", withProbe, "all-unauthenticated", seenGet("/healthz"), kubelet, 200},
		{"and opens its path to everybody", withProbe, "all-unauthenticated", seenGet("/healthz"), outside, 200},
		{"a prefix matches below it", withProbe, "all-unauthenticated", seenGet("/ok/x"), seenCaller, 200},
		{"what has no route is not found", withProbe, "all-unauthenticated", seenGet("/no"), seenCaller, 404},
		{"a prefix goes by elements", withProbe, "all-unauthenticated", seenGet("/okx"), seenCaller, 404},
		{"the default of deny refuses members", nil, "deny", seenGet("/x"), seenCaller, 403},
		{"and answers probes", nil, "deny", seenGet("/healthz"), kubelet, 200},
		{"by itself Linkerd admits everybody", nil, "all-unauthenticated", seenGet("/x"), outside, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mustAnswer(t, loadInbound(tt.objects, tt.fallback), seenPod, tt.request, tt.from); got.status != tt.want {
				t.Errorf("%d, want %d", got.status, tt.want)
			}
		})
	}
}

// TestWhatIsWrittenKeepsPodsReady asks of the translation itself what was an
// outage: rules by path on pods with a probe.
func TestWhatIsWrittenKeepsPodsReady(t *testing.T) {
	at := ir.Source{Ref: ir.Ref{Kind: "AccessPolicy", Namespace: "shop", Name: "web"}}
	rule := ir.AccessRule{
		From: []ir.Caller{{Identities: []ir.Identity{*seenCaller.identity}, Source: at}}, Source: at,
		To: []ir.Operation{{Methods: []string{"GET"}, Paths: []ir.PathMatch{{Type: ir.PathPrefix, Value: "/ok"}}, Source: at}},
	}
	unit := &ir.AccessUnit{Namespace: "shop", Targets: []ir.AccessTarget{{
		Service:   ir.Service{Namespace: "shop", Name: "web", Selector: seenPod.Labels, Ports: []ir.Port{{Number: 80, Protocol: ir.ProtocolHTTP, Targets: []int32{9080}}}},
		Workloads: []ir.Workload{seenPod},
		Rules:     ir.AccessRules{AllowSelected: true, Allow: []ir.AccessRule{rule}, Policies: []ir.Source{at}},
	}}}
	narrow := translators.Env{Facts: map[string]string{FactProbeNetworks: "10.0.0.0/28, " + nodeNetwork}}
	tests := []struct {
		name    string
		env     translators.Env
		request eval.Request
		from    caller
		want    int
	}{
		{"the probe is answered", translators.Env{}, seenGet("/healthz"), kubelet, 200},
		{"to everybody while its origin is not known", translators.Env{}, seenGet("/healthz"), outside, 200},
		{"to kubelet alone where it is", narrow, seenGet("/healthz"), outside, 403},
		{"and still to kubelet", narrow, seenGet("/healthz"), kubelet, 200},
		{"the rule holds", narrow, seenGet("/ok/x"), seenCaller, 200},
		{"for nobody else", narrow, seenGet("/ok/x"), outside, 403},
		{"and nowhere else", narrow, seenGet("/no"), seenCaller, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result := translateAccess(tt.env, unit)
			if got := mustAnswer(t, loadInbound(result.Objects, "all-unauthenticated"), seenPod, tt.request, tt.from); got.status != tt.want {
				t.Errorf("%d, want %d", got.status, tt.want)
			}
			effect := ir.EffectPartial
			if len(tt.env.Facts) > 0 {
				effect = ir.EffectNote
			}
			if !slices.ContainsFunc(result.Issues, func(i ir.Issue) bool { return i.Code == codeProbePath && i.Effect == effect }) {
				t.Errorf("the opening is not said: %v", result.Issues)
			}
		})
	}
}

// TestOrderOfKinds asks that a Server comes when all that admits to it is there,
// and goes before it.
func TestOrderOfKinds(t *testing.T) {
	last := slices.Index(kinds, serverKind)
	for _, kind := range accessKinds {
		if kind != serverKind && kind != rateLimitKind && slices.Index(kinds, kind) > last {
			t.Errorf("%s is applied after the Server", kind.Kind)
		}
	}
	if slices.Index(kinds, rateLimitKind) < last {
		t.Error("a limit is applied before the Server that it is of")
	}
	if slices.Index(kinds, meshTLSAuthenticationKind) > slices.Index(kinds, authorizationPolicyKind) ||
		slices.Index(kinds, authorizationPolicyKind) > slices.Index(kinds, httpRouteKind) {
		t.Errorf("kinds are in the order %v", kinds)
	}
}
