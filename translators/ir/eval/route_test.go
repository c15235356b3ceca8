package eval_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

func backend(name string, weight int64) ir.Backend {
	return ir.Backend{Service: ir.ServiceRef{Namespace: "shop", Name: name, Port: ir.Port{Number: 80}}, Weight: weight}
}

func to(name string) eval.Destination {
	return eval.Destination{Namespace: "shop", Name: name, Port: 80}
}

func set(name, value string) *ir.HeaderModifier {
	return &ir.HeaderModifier{Set: []ir.Header{{Name: name, Value: value}}}
}

func TestTableFirstMatchDecides(t *testing.T) {
	routes := []ir.Route{
		{Rule: "b", Match: ir.Match{Path: &ir.PathMatch{Type: ir.PathPrefix, Value: "/b"}}, Backends: []ir.Backend{backend("b", 1)}},
		{Rule: "post", Match: ir.Match{Method: "POST"}, Backends: []ir.Backend{backend("post", 1)}},
	}
	tests := []struct {
		request eval.Request
		line    int
		status  int32
	}{
		{eval.Request{Method: "POST", Path: "/b"}, 0, 0},
		{eval.Request{Method: "POST", Path: "/"}, 1, 0},
		{eval.Request{Method: "GET", Path: "/"}, -1, 404},
	}
	for _, tt := range tests {
		got := eval.Table(routes, tt.request)
		if got.Line != tt.line || got.Status != tt.status || (got.Status == 0) != (len(got.Shares) == 1) {
			t.Errorf("%+v: line %d, status %d, %d shares; want line %d, status %d", tt.request, got.Line, got.Status, len(got.Shares), tt.line, tt.status)
		}
	}
}

func TestTableShares(t *testing.T) {
	invalid := backend("gone", 1)
	invalid.Invalid = true
	subset := backend("a", 3)
	subset.Subset = "v1"
	v1 := to("a")
	v1.Subset = "v1"
	tests := []struct {
		name     string
		backends []ir.Backend
		want     map[eval.Destination]eval.Fraction
		status   int32
	}{
		{"weights are relative", []ir.Backend{backend("a", 1), backend("b", 2)}, map[eval.Destination]eval.Fraction{to("a"): "1/3", to("b"): "2/3"}, 0},
		{"a weight of 0 sends nothing", []ir.Backend{backend("a", 5), backend("b", 0)}, map[eval.Destination]eval.Fraction{to("a"): "1"}, 0},
		{"the same backend twice", []ir.Backend{backend("a", 1), backend("b", 2), backend("a", 1)}, map[eval.Destination]eval.Fraction{to("a"): "1/2", to("b"): "1/2"}, 0},
		{"subsets are apart", []ir.Backend{subset, backend("a", 1)}, map[eval.Destination]eval.Fraction{v1: "3/4", to("a"): "1/4"}, 0},
		{"an invalid backend keeps its share", []ir.Backend{invalid, backend("a", 3)}, map[eval.Destination]eval.Fraction{{}: "1/4", to("a"): "3/4"}, 0},
		{"no backends", nil, map[eval.Destination]eval.Fraction{}, 500},
		{"no weight", []ir.Backend{backend("a", 0)}, map[eval.Destination]eval.Fraction{}, 500},
		{"huge weights", []ir.Backend{backend("a", 1<<62), backend("b", 1<<62), backend("c", 1<<62)}, map[eval.Destination]eval.Fraction{to("a"): "1/3", to("b"): "1/3", to("c"): "1/3"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := eval.Table([]ir.Route{{Backends: tt.backends}}, eval.Request{Path: "/"})
			if diff := cmp.Diff(tt.want, got.Parts()); diff != "" || got.Status != tt.status {
				t.Errorf("status %d, want %d; parts (-want +got):\n%s", got.Status, tt.status, diff)
			}
		})
	}
}

func TestTableFilters(t *testing.T) {
	b := backend("a", 1)
	b.Filters = ir.Filters{
		RequestHeaders:  &ir.HeaderModifier{Add: []ir.Header{{Name: "who", Value: "backend"}}},
		ResponseHeaders: set("via", "backend"),
	}
	attempts := int32(0)
	route := ir.Route{
		Rule:  "all",
		Match: ir.Match{Path: &ir.PathMatch{Type: ir.PathPrefix, Value: "/a"}},
		Filters: ir.Filters{
			RequestHeaders: set("who", "route"), ResponseHeaders: &ir.HeaderModifier{Add: []ir.Header{{Name: "via", Value: "route"}}},
			Rewrite: &ir.Rewrite{Hostname: "inside", Path: &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: "/new"}},
			Mirrors: []ir.Mirror{{Backend: backend("shadow", 1), Numerator: 5, Denominator: 10}},
		},
		Backends: []ir.Backend{b},
		Timeouts: ir.Timeouts{Request: &ir.Timeout{Duration: metav1.Duration{Duration: time.Second}}},
		Retry:    &ir.Retry{Attempts: &attempts, Source: ir.Source{Field: "spec.retry"}},
		Fault:    &ir.Fault{Abort: &ir.FaultAbort{HTTPStatus: 503, Percent: 10}, Source: ir.Source{Field: "spec.fault"}},
	}
	request := eval.Request{Method: "GET", Host: "outside", Port: 8080, Path: "/a/x", Headers: map[string]string{"who": "client"}}
	second := time.Second
	mirrored := eval.Request{Method: "GET", Host: "inside", Port: 80, Path: "/new/x", Headers: map[string]string{"who": "route"}}
	sent := mirrored
	sent.Headers = map[string]string{"who": "route,backend"}
	want := eval.Decision{
		Rule: "all", Timeout: &second,
		Retry: &ir.Retry{Attempts: &attempts}, Fault: &ir.Fault{Abort: &ir.FaultAbort{HTTPStatus: 503, Percent: 10}},
		Shares: []eval.Share{{Part: "1", To: to("a"), Request: sent}},
		Copies: []eval.Copy{{Part: "1/2", To: to("shadow"), Request: mirrored}},
	}
	got := eval.Table([]ir.Route{route}, request)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(eval.Share{}, "Response")); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"via": "backend,route"}, got.Shares[0].Answer(map[string]string{"via": "app"})); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	if request.Headers["who"] != "client" {
		t.Error("the request given was changed")
	}
}

func TestTableRedirect(t *testing.T) {
	request := eval.Request{Method: "GET", Scheme: "http", Host: "shop.example", Port: 8080, Path: "/a/b", Query: []eval.Param{{Name: "q", Value: "1 2"}}}
	tests := []struct {
		name     string
		redirect ir.Redirect
		want     string
	}{
		{"everything is kept", ir.Redirect{}, "http://shop.example:8080/a/b?q=1+2"},
		{"a scheme has its own port", ir.Redirect{Scheme: "https"}, "https://shop.example/a/b?q=1+2"},
		{"a port is named", ir.Redirect{Scheme: "https", Port: 8443}, "https://shop.example:8443/a/b?q=1+2"},
		{"a well-known port is left out", ir.Redirect{Port: 80}, "http://shop.example/a/b?q=1+2"},
		{"a host", ir.Redirect{Hostname: "other", Scheme: "http"}, "http://other/a/b?q=1+2"},
		{"a full path", ir.Redirect{Scheme: "http", Path: &ir.PathModifier{Type: ir.ReplaceFullPath, Value: "/x"}}, "http://shop.example/x?q=1+2"},
		{"a prefix", ir.Redirect{Scheme: "http", Path: &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: "/x"}}, "http://shop.example/x/b?q=1+2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.redirect.StatusCode = 302
			got := eval.Table([]ir.Route{{
				Match:   ir.Match{Path: &ir.PathMatch{Type: ir.PathPrefix, Value: "/a"}},
				Filters: ir.Filters{Redirect: &tt.redirect, RequestHeaders: set("a", "b")},
			}}, request)
			if got.Status != 302 || got.Location != tt.want || got.Shares != nil {
				t.Errorf("%d to %q, want 302 to %q", got.Status, got.Location, tt.want)
			}
		})
	}
}

func TestServiceLeavesOtherPortsAlone(t *testing.T) {
	unit := &ir.ServiceUnit{
		Service: ir.Service{Namespace: "shop", Name: "a"},
		Ports:   []ir.PortRoutes{{Port: ir.Port{Number: 80}, Routes: []ir.Route{{Backends: []ir.Backend{backend("b", 1)}}}}},
	}
	tests := []struct {
		request eval.Request
		want    eval.Destination
	}{
		{eval.Request{Port: 80, Path: "/"}, to("b")},
		{eval.Request{Port: 81, Path: "/"}, eval.Destination{Namespace: "shop", Name: "a", Port: 81}},
		{eval.Request{Port: 80, Opaque: true}, to("a")},
	}
	for _, tt := range tests {
		if got := eval.Service(unit, tt.request); len(got.Shares) != 1 || got.Shares[0].To != tt.want {
			t.Errorf("port %d: %+v, want all to %v", tt.request.Port, got, tt.want)
		}
	}
}

func TestCORS(t *testing.T) {
	cors := &ir.CORS{
		AllowOrigins: []string{"https://*.example.com", "https://exact.test"}, AllowMethods: []string{"GET", "PUT"}, AllowHeaders: []string{"x-a"},
		ExposeHeaders: []string{"x-b"}, AllowCredentials: true, MaxAge: metav1.Duration{Duration: time.Minute},
	}
	origins := map[string]bool{
		"https://a.example.com": true, "https://a.b.example.com": true, "HTTPS://EXACT.TEST": true,
		"https://example.com": false, "https://.example.com": false, "http://a.example.com": false, "https://exact.test:8443": false,
	}
	for origin, want := range origins {
		if got := eval.MatchOrigin(cors, origin); got != want {
			t.Errorf("MatchOrigin(%q) = %v, want %v", origin, got, want)
		}
	}
	if !eval.MatchOrigin(&ir.CORS{AllowOrigins: []string{"*"}}, "null") {
		t.Error(`"*" does not admit every origin`)
	}
	routes := []ir.Route{{Filters: ir.Filters{CORS: cors}, Backends: []ir.Backend{backend("a", 1)}}}
	preflight := eval.Request{Method: "OPTIONS", Path: "/", Headers: map[string]string{"origin": "https://exact.test", "access-control-request-method": "PUT"}}
	got := eval.Table(routes, preflight)
	want := map[string]string{
		"access-control-allow-origin": "https://exact.test", "access-control-allow-credentials": "true",
		"access-control-allow-methods": "GET,PUT", "access-control-allow-headers": "x-a", "access-control-max-age": "60",
	}
	if diff := cmp.Diff(want, got.Headers); diff != "" || got.Status != 200 {
		t.Errorf("preflight answered %d (-want +got):\n%s", got.Status, diff)
	}
	preflight.Headers["origin"] = "https://evil.test"
	if got := eval.Table(routes, preflight); got.Status != 200 || got.Headers != nil {
		t.Errorf("a strange origin is answered %d with %v, want 200 with nothing", got.Status, got.Headers)
	}
	actual := eval.Request{Method: "OPTIONS", Path: "/", Headers: map[string]string{"origin": "https://exact.test"}}
	if got := eval.Table(routes, actual); got.Status != 0 || got.CORS == nil {
		t.Errorf("an OPTIONS request that is no preflight is answered %d, want it sent on", got.Status)
	}
	if got := eval.ActualHeaders(cors, &actual); got["access-control-expose-headers"] != "x-b" {
		t.Errorf("actual response has %v", got)
	}
}
