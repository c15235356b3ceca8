package translators_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

func to(name, subset string, weight int64) ir.Backend {
	return ir.Backend{
		Service: ir.ServiceRef{Namespace: "shop", Name: name, Port: ir.Port{Number: 9080}}, Subset: subset, Weight: weight,
		Source: source("GatewayRoute", "shop", "spec.rules[0].backendRefs[0]"),
	}
}

func route(backends ...ir.Backend) ir.Route {
	return ir.Route{Rule: "shop", Backends: backends, Source: source("GatewayRoute", "shop", "spec.rules[0]")}
}

func split(name string, routes ...ir.Route) ir.RouteBackend {
	for i := range routes {
		routes[i].Source = source("TrafficSplit", name, "spec")
	}
	svc := ir.Service{Namespace: "shop", Name: name}
	return ir.RouteBackend{Service: svc, Member: true, Split: &ir.ServiceUnit{
		Service: svc, Ports: []ir.PortRoutes{{Port: ir.Port{Number: 9080}, Routes: routes}},
		Subsets:     []ir.Subset{{Name: "v1"}, {Name: "v2"}},
		Destination: ir.DestinationPolicy{ConnectionPool: &ir.ConnectionPool{MaxConnections: 1}},
	}}
}

func timeout(d time.Duration) ir.Timeouts {
	return ir.Timeouts{Request: &ir.Timeout{Duration: metav1.Duration{Duration: d}}}
}

// pairedBy pairs every backend in the same way.
func pairedBy(p translators.Pairing, backends ...ir.RouteBackend) translators.Pairings {
	out := translators.Pairings{}
	for _, b := range backends {
		out[b.Service.Ref()] = p
	}
	return out
}

var carries = translators.Pairing{Mode: translators.Inlined, ByRoute: translators.Layers{Routing: true, Request: true}}

func TestInlineMultipliesWeights(t *testing.T) {
	reviews := split("reviews", ir.Route{Backends: []ir.Backend{to("reviews", "v1", 75), to("reviews", "v2", 25)}})
	ratings := split("ratings", ir.Route{Backends: []ir.Backend{to("ratings", "v1", 1), to("ratings", "v2", 2)}})
	unit := &ir.RouteUnit{Routes: []ir.Route{route(to("reviews", "", 1), to("ratings", "", 1), to("plain", "", 2))}, Backends: []ir.RouteBackend{reviews, ratings}}
	out, issues := translators.Inline(unit, pairedBy(carries, reviews, ratings))
	if len(issues) > 0 || len(out.Routes) != 1 {
		t.Fatalf("issues %+v, routes %+v", issues, out.Routes)
	}
	got := map[string]int64{}
	for _, b := range out.Routes[0].Backends {
		got[b.Service.Name+"/"+b.Subset] = b.Weight
	}
	want := map[string]int64{"reviews/v1": 9, "reviews/v2": 3, "ratings/v1": 4, "ratings/v2": 8, "plain/": 24}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
}

func TestInlineCarriesWhatThePairingSays(t *testing.T) {
	reviews := split("reviews", ir.Route{Backends: []ir.Backend{to("reviews", "v1", 1)}, Timeouts: timeout(time.Second)})
	unit := &ir.RouteUnit{Routes: []ir.Route{route(to("reviews", "", 1))}, Backends: []ir.RouteBackend{reviews}}
	tests := []struct {
		name        string
		byRoute     translators.Layers
		subset      string
		timeout     bool
		subsets     int
		destination bool
	}{
		{"Thin", translators.Layers{}, "", false, 0, false},
		{"Mixed", translators.Layers{Routing: true, Request: true}, "v1", true, 2, false},
		{"Inlined", translators.Layers{Routing: true, Request: true, Destination: true}, "v1", true, 2, true},
		{"only request policies", translators.Layers{Request: true}, "", true, 0, false},
		{"only routing", translators.Layers{Routing: true}, "v1", false, 2, false},
		{"only destination policies", translators.Layers{Destination: true}, "", false, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, issues := translators.Inline(unit, pairedBy(translators.Pairing{ByRoute: tt.byRoute}, reviews))
			if len(issues) > 0 {
				t.Fatalf("issues: %+v", issues)
			}
			r, b := out.Routes[0], out.Backends[0]
			if r.Backends[0].Subset != tt.subset || (r.Timeouts.Request != nil) != tt.timeout {
				t.Errorf("route %+v, want subset %q and timeout %v", r, tt.subset, tt.timeout)
			}
			if subsets := b.Split != nil && len(b.Split.Subsets) > 0; subsets != (tt.subsets > 0) {
				t.Errorf("subsets are kept: %v", subsets)
			}
			if destination := b.Split != nil && b.Split.Destination.ConnectionPool != nil; destination != tt.destination {
				t.Errorf("destination policies are kept: %v", destination)
			}
			for _, use := range ir.Uses(&ir.Unit{Route: out}) {
				if use.Feature == ir.PoolConnections && !tt.destination {
					t.Errorf("the ingress is asked for %s, which the mesh does", use.Feature)
				}
			}
		})
	}
}

func TestInlineRejects(t *testing.T) {
	toSplit := func(apex string, change func(*ir.Route)) ir.RouteBackend {
		r := ir.Route{Backends: []ir.Backend{to(apex, "v1", 1)}}
		change(&r)
		return split(apex, r)
	}
	last := func(apex string) ir.Route { return ir.Route{Backends: []ir.Backend{to(apex, "v2", 1)}} }
	regex := ir.Match{Path: &ir.PathMatch{Type: ir.PathRegex, Value: "/a.*"}}
	matching := split("reviews", ir.Route{Match: regex, Backends: []ir.Backend{to("reviews", "v1", 1)}}, last("reviews"))
	byHeader := split("reviews", ir.Route{
		Match: ir.Match{Headers: []ir.ValueMatch{{Type: ir.ValueExact, Name: "x-user", Value: "jane"}}}, Backends: []ir.Backend{to("reviews", "v1", 1)},
	}, last("reviews"))
	plain := split("ratings", last("ratings"))
	slow := toSplit("reviews", func(r *ir.Route) { r.Timeouts = timeout(time.Second) })
	moved := toSplit("reviews", func(r *ir.Route) { r.Backends, r.Filters.Redirect = nil, &ir.Redirect{StatusCode: 302} })
	rewriting := toSplit("reviews", func(r *ir.Route) { r.Filters.Rewrite = &ir.Rewrite{Hostname: "inside"} })
	open := split("reviews", ir.Route{Match: ir.Match{Method: "GET"}, Backends: []ir.Backend{to("reviews", "v1", 1)}})
	two := route(to("reviews", "", 1), to("ratings", "", 1))
	with := func(change func(*ir.Route)) ir.Route {
		r := route(to("reviews", "", 1))
		change(&r)
		return r
	}
	tests := []struct {
		name     string
		route    ir.Route
		backends []ir.RouteBackend
		says     string
	}{
		{"two path expressions", with(func(r *ir.Route) { r.Match.Path = &ir.PathMatch{Type: ir.PathRegex, Value: "/b.*"} }), []ir.RouteBackend{matching}, "regular expression"},
		{
			"an expression behind a rewrite", with(func(r *ir.Route) {
				r.Match.Path = &ir.PathMatch{Type: ir.PathPrefix, Value: "/x"}
				r.Filters.Rewrite = &ir.Rewrite{Path: &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: "/"}}
			}), []ir.RouteBackend{matching}, "rewrites a prefix",
		},
		{
			"a header that is added to", with(func(r *ir.Route) {
				r.Filters.RequestHeaders = &ir.HeaderModifier{Add: []ir.Header{{Name: "x-user", Value: "jane"}}}
			}), []ir.RouteBackend{byHeader}, `header "x-user"`,
		},
		{"different timeouts", two, []ir.RouteBackend{slow, plain}, "different timeouts"},
		{"a partial redirect", two, []ir.RouteBackend{moved, plain}, "redirects a part"},
		{"different rewrites", two, []ir.RouteBackend{rewriting, plain}, "rewrite the request differently"},
		{"a table that is open", route(to("reviews", "", 1)), []ir.RouteBackend{open}, "without a route"},
		{
			"a rewrite of what is mirrored", with(func(r *ir.Route) {
				r.Filters.Mirrors = []ir.Mirror{{Backend: to("shadow", "", 1), Numerator: 1, Denominator: 1}}
			}), []ir.RouteBackend{rewriting}, "mirrors as it was before",
		},
		{
			"a mirror to a table with rules", ir.Route{
				Backends: []ir.Backend{to("ratings", "", 1)}, Source: source("GatewayRoute", "shop", "spec.rules[0]"),
				Filters: ir.Filters{Mirrors: []ir.Mirror{{Backend: to("reviews", "", 1), Numerator: 1, Denominator: 1}}},
			}, []ir.RouteBackend{byHeader, plain}, "copies go to Service/shop/reviews",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			other := route(to("elsewhere", "", 1))
			unit := &ir.RouteUnit{Routes: []ir.Route{tt.route, other}, Backends: tt.backends}
			out, issues := translators.Inline(unit, pairedBy(carries, tt.backends...))
			if len(issues) != 1 || issues[0].Effect != ir.EffectRejected || issues[0].Source != tt.route.Source || !strings.Contains(issues[0].Message, tt.says) {
				t.Fatalf("issues %+v, want one at the route that says %q", issues, tt.says)
			}
			if diff := cmp.Diff([]ir.Route{other}, out.Routes); diff != "" {
				t.Errorf("the other route is not alone (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInlineNotesWhatTheRouteOverrides(t *testing.T) {
	three := int32(3)
	theirs := source("TrafficPolicy", "service", "spec.retry")
	reviews := split("reviews", ir.Route{Backends: []ir.Backend{to("reviews", "v1", 1)}, Retry: &ir.Retry{Attempts: &three, Source: theirs}})
	r := route(to("reviews", "", 1))
	r.Retry = &ir.Retry{Codes: []int32{503}, Source: source("TrafficPolicy", "route", "spec.retry")}
	unit := &ir.RouteUnit{Routes: []ir.Route{r}, Backends: []ir.RouteBackend{reviews}}
	out, issues := translators.Inline(unit, pairedBy(carries, reviews))
	if diff := cmp.Diff(r.Retry, out.Routes[0].Retry); diff != "" {
		t.Errorf("the route's retry does not win (-want +got):\n%s", diff)
	}
	if len(issues) != 1 || issues[0].Effect != ir.EffectNote || issues[0].Source != theirs || !strings.Contains(issues[0].Message, "TrafficPolicy/shop/route") {
		t.Errorf("issues %+v, want a note at %v", issues, theirs)
	}
}

func TestInlineIsBounded(t *testing.T) {
	big := func(name string) ir.RouteBackend {
		var routes []ir.Route
		for i := range 40 {
			header := ir.ValueMatch{Type: ir.ValueExact, Name: "x-" + name, Value: fmt.Sprint(i)}
			routes = append(routes, ir.Route{Match: ir.Match{Headers: []ir.ValueMatch{header}}, Backends: []ir.Backend{to(name, "v1", 1)}})
		}
		return split(name, append(routes, ir.Route{Backends: []ir.Backend{to(name, "v2", 1)}})...)
	}
	a, b := big("a"), big("b")
	unit := &ir.RouteUnit{Routes: []ir.Route{route(to("a", "", 1), to("b", "", 1)), route(to("a", "", 1))}, Backends: []ir.RouteBackend{a, b}}
	out, issues := translators.Inline(unit, pairedBy(carries, a, b))
	if len(issues) != 1 || !strings.Contains(issues[0].Message, "more than 1000 routes") {
		t.Errorf("issues %+v, want one about the number of routes", issues)
	}
	if len(out.Routes) != 41 {
		t.Errorf("%d routes are left, want the 41 of the second", len(out.Routes))
	}
}

func TestInlineAsksWhetherBackendsCanBeReached(t *testing.T) {
	a, b := split("a"), split("b")
	headless := split("a")
	headless.Service.Headless = true
	byAddress := translators.Pairing{Mode: translators.Thin, Dial: translators.DialService, ByMesh: translators.Layers{Routing: true}}
	tests := []struct {
		name    string
		pairing translators.Pairing
		route   ir.Route
		backend ir.RouteBackend
		says    string
	}{
		{"one Host for a rule, two Services", translators.Pairing{Host: translators.HostService, Choice: translators.PerRoute}, route(to("a", "", 1), to("b", "", 1)), a, "one backend per rule"},
		{"one Host for a rule, one Service", translators.Pairing{Host: translators.HostService, Choice: translators.PerRoute}, route(to("a", "", 1), to("b", "", 0)), a, ""},
		{"a Host for each backend", translators.Pairing{Host: translators.HostService, Choice: translators.PerBackend}, route(to("a", "", 1), to("b", "", 1)), a, ""},
		{"headless, by address", byAddress, route(to("a", "", 1)), headless, "headless"},
		{"with an address", byAddress, route(to("a", "", 1)), a, ""},
		{
			"no pairing",
			translators.Pairing{Issues: []ir.Issue{{Effect: ir.EffectRejected, Reason: "PairingUnsupported", Message: "it cannot"}}},
			route(to("a", "", 1)), a, "it cannot",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			unit := &ir.RouteUnit{Routes: []ir.Route{tt.route}, Backends: []ir.RouteBackend{tt.backend, b}}
			out, issues := translators.Inline(unit, pairedBy(tt.pairing, tt.backend, b))
			if tt.says == "" {
				if len(issues) > 0 || len(out.Routes) != 1 {
					t.Errorf("issues %+v, routes %d; want the route as it is", issues, len(out.Routes))
				}
				return
			}
			if len(issues) != 1 || issues[0].Source.Name != "shop" || !strings.Contains(issues[0].Message, tt.says) || len(out.Routes) != 0 {
				t.Errorf("issues %+v, routes %d; want one issue that says %q", issues, len(out.Routes), tt.says)
			}
		})
	}
}
