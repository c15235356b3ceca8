package gatewayapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

var everything = gatewayapi.Abilities{
	RequestHeaders: true, ResponseHeaders: true, BackendHeaders: true, Redirect: true, Rewrite: true,
	Mirrors: 16, MirrorFraction: true, CORS: true,
}

func TestWhatIsNotReadIsLeft(t *testing.T) {
	f := ir.Filters{
		RequestHeaders: &ir.HeaderModifier{Remove: []string{"x"}}, ResponseHeaders: &ir.HeaderModifier{Remove: []string{"y"}},
		Mirrors: []ir.Mirror{{Numerator: 1, Denominator: 10}, {Numerator: 1, Denominator: 1}},
		Rewrite: &ir.Rewrite{Hostname: "h"}, CORS: &ir.CORS{},
	}
	filters, left := gatewayapi.Filters(&f, gatewayapi.Setting{})
	if len(filters) != 0 || cmp.Diff(left, f) != "" {
		t.Errorf("filters %v, left %+v; want nothing said and all left", filters, left)
	}
	filters, left = gatewayapi.Filters(&f, gatewayapi.Setting{May: everything})
	if len(filters) != 6 || cmp.Diff(left, ir.Filters{}) != "" {
		t.Errorf("%d filters, left %+v; want all said and nothing left", len(filters), left)
	}
	redirect := ir.Filters{Redirect: &ir.Redirect{StatusCode: 302}}
	if filters, left = gatewayapi.Filters(&redirect, gatewayapi.Setting{}); len(filters) != 0 || left.Redirect == nil {
		t.Errorf("a redirect that is not read is not left")
	}
}

// Readers derive the port of a redirect from the Host header; the IR does not.
func TestRedirectsNameTheirPort(t *testing.T) {
	for _, tt := range []struct {
		redirect ir.Redirect
		want     int32
	}{{ir.Redirect{}, 9080}, {ir.Redirect{Scheme: "https"}, 443}, {ir.Redirect{Scheme: "http"}, 80}, {ir.Redirect{Scheme: "https", Port: 8443}, 8443}} {
		if got := gatewayapi.Redirect(&tt.redirect, 9080); *got.Port != tt.want {
			t.Errorf("%+v: port %d, want %d", tt.redirect, *got.Port, tt.want)
		}
	}
}

func TestComposeNamesEachHeaderOnce(t *testing.T) {
	h := func(name, value string) []ir.Header { return []ir.Header{{Name: name, Value: value}} }
	got := gatewayapi.Compose(
		&ir.HeaderModifier{Set: h("A", "1"), Add: h("a", "2"), Remove: []string{"b"}}, nil,
		&ir.HeaderModifier{Add: append(h("b", "3"), h("c", "4")...), Remove: []string{"d"}},
	)
	want := &ir.HeaderModifier{Set: append(h("a", "1,2"), h("b", "3")...), Add: h("c", "4"), Remove: []string{"d"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if gatewayapi.Compose(nil, &ir.HeaderModifier{}) != nil {
		t.Error("what does nothing is something")
	}
}

func TestWeights(t *testing.T) {
	tests := []struct {
		name    string
		weights []int64
		want    []int32
	}{
		{"as they are", []int64{75, 0, 25}, []int32{75, 25}},
		{"by their divisor", []int64{3_000_000, 9_000_000}, []int32{1, 3}},
		{"rounded", []int64{2_000_001, 1_000_000}, []int32{1_000_000, 500_000}},
		{"too small to say", []int64{1_000_000_007, 1}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var backends []ir.Backend
			for i, w := range tt.weights {
				backends = append(backends, ir.Backend{Service: ir.ServiceRef{Namespace: "shop", Name: string(rune('a' + i)), Port: ir.Port{Number: 80}}, Weight: w})
			}
			refs, issues := gatewayapi.BackendRefs(backends, gatewayapi.Setting{Namespace: "shop"})
			if (len(issues) > 0) != (tt.want == nil) {
				t.Fatalf("issues %+v", issues)
			}
			var got []int32
			for _, r := range refs {
				got = append(got, *r.Weight)
			}
			if tt.want != nil && cmp.Diff(tt.want, got) != "" {
				t.Errorf("weights %v, want %v", got, tt.want)
			}
		})
	}
}

// A rule without backends would send everything to the parent.
func TestNoBackendIsNoService(t *testing.T) {
	for _, backends := range [][]ir.Backend{nil, {{Invalid: true, Weight: 1}}, {{Service: ir.ServiceRef{Name: "a"}}}} {
		refs, _ := gatewayapi.BackendRefs(backends, gatewayapi.Setting{})
		if len(refs) != 1 || refs[0].Name != gatewayapi.NoService {
			t.Errorf("%+v became %+v, want one backend that cannot exist", backends, refs)
		}
	}
	if len(validation.IsDNS1035Label(gatewayapi.NoService)) == 0 || len(validation.IsDNS1123Label(gatewayapi.NoService)) == 0 {
		t.Error("a Service may have the name of NoService")
	}
}

func TestBackendsElsewhere(t *testing.T) {
	refs, issues := gatewayapi.BackendRefs([]ir.Backend{
		{Service: ir.ServiceRef{Namespace: "other", Name: "a", Port: ir.Port{Number: 80}}, Weight: 1},
		{Service: ir.ServiceRef{Namespace: "other", Name: "a", Port: ir.Port{Number: 80}}, Weight: 2},
		{Service: ir.ServiceRef{Namespace: "shop", Name: "a", Port: ir.Port{Number: 80}}, Subset: "v1", Weight: 1, Filters: ir.Filters{RequestHeaders: &ir.HeaderModifier{Remove: []string{"x"}}}},
	}, gatewayapi.Setting{Mesh: "blue", Namespace: "shop"})
	if len(refs) != 2 || *refs[0].Weight != 3 || *refs[0].Namespace != "other" || refs[1].Namespace != nil {
		t.Errorf("refs %+v", refs)
	}
	if string(refs[1].Name) != gatewayapi.SubsetName("blue", "a", "v1") || len(issues) != 1 || issues[0].Feature != ir.BackendHeaders {
		t.Errorf("name %s, issues %+v", refs[1].Name, issues)
	}
}

func TestSubsetServices(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, apex := range []string{"reviews", long} {
		name := gatewayapi.SubsetName("blue", apex, "v1")
		if problems := validation.IsDNS1035Label(name); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
		if slices.Contains([]string{
			gatewayapi.SubsetName("green", apex, "v1"), gatewayapi.SubsetName("blue", apex, "v2"), gatewayapi.SubsetName("blue", apex[:1]+"b"+apex[2:], "v1"),
		}, name) {
			t.Errorf("%s is not unique", name)
		}
	}
	apex := ir.Service{Namespace: "shop", Name: "reviews", Selector: map[string]string{"app": "reviews"}, Ports: []ir.Port{
		{Number: 80, Name: "http", Protocol: ir.ProtocolHTTP, Targets: []int32{9080}},
		{Number: 81, Name: "grpc", Protocol: ir.ProtocolGRPC, Targets: []int32{1, 2}},
	}}
	got, issues := gatewayapi.SubsetService("blue", &apex, &ir.Subset{Name: "v1", Labels: map[string]string{"version": "v1"}})
	if cmp.Diff(map[string]string{"app": "reviews", "version": "v1"}, got.Spec.Selector) != "" || len(apex.Selector) != 1 {
		t.Errorf("selector %v, apex's %v", got.Spec.Selector, apex.Selector)
	}
	if len(got.Spec.Ports) != 1 || got.Spec.Ports[0].TargetPort.IntVal != 9080 || *got.Spec.Ports[0].AppProtocol != "http" || len(issues) != 1 {
		t.Errorf("ports %+v, issues %+v", got.Spec.Ports, issues)
	}
}

func TestRulesAreSharedByNeighboursAlone(t *testing.T) {
	routes := []ir.Route{to("a", ir.Match{Path: exact("/1")}), to("a", ir.Match{Path: exact("/2")}), to("b", ir.Match{Path: exact("/3")}), to("a", ir.Match{Path: exact("/4")})}
	lines, _ := gatewayapi.Order(routes, gatewayapi.Ordering{Precedence: byKind})
	rules := gatewayapi.Rules(lines, func(*ir.Route) gatewayv1.HTTPRouteRule { return gatewayv1.HTTPRouteRule{} })
	if len(rules) != 3 || len(rules[0].Matches) != 2 {
		t.Errorf("rules %+v", rules)
	}
}

func TestManyRulesAreSeveralObjects(t *testing.T) {
	var routes []ir.Route
	for i := range 20 {
		routes = append(routes, to(string(rune('a'+i)), ir.Match{Headers: header("x", string(rune('a'+i)))}))
	}
	o := gatewayapi.Ordering{Precedence: byKind}
	build := func() ([]string, []ir.Issue) {
		lines, _ := gatewayapi.Order(routes, o)
		rules := gatewayapi.Rules(lines, func(*ir.Route) gatewayv1.HTTPRouteRule { return gatewayv1.HTTPRouteRule{} })
		objects, issues := gatewayapi.HTTPRoutes(gatewayapi.Meta{Namespace: "shop", Name: "reviews"}, rules, o)
		var names []string
		for _, obj := range objects {
			names = append(names, obj.GetName())
		}
		return names, issues
	}
	names, issues := build()
	if cmp.Diff([]string{"reviews", "reviews-2"}, names) != "" || len(issues) > 0 {
		t.Errorf("objects %v, issues %+v", names, issues)
	}
	// The last may now meet the first, and is in another object.
	routes[19].Match = ir.Match{Headers: header("y", "1")}
	if _, issues := build(); len(issues) == 0 {
		t.Error("two rules that tie stand in two objects, and nobody is told")
	}
}
