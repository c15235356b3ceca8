package linkerd

import (
	"testing"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// inForce is what Linkerd goes by after it was given the versions of a route one
// after the other: the last that it can read. Its status says Accepted of all.
func inForce(versions ...*gatewayv1.HTTPRoute) []*gatewayv1.HTTPRoute {
	var out []*gatewayv1.HTTPRoute
	for _, v := range versions {
		if unreadable(v) == "" {
			out = []*gatewayv1.HTTPRoute{v}
		}
	}
	return out
}

func routeFrom(t *testing.T, manifest string) *gatewayv1.HTTPRoute {
	t.Helper()
	r := &gatewayv1.HTTPRoute{}
	if err := yaml.UnmarshalStrict([]byte(manifest), r); err != nil {
		t.Fatal(err)
	}
	for i := range r.Spec.Rules {
		if len(r.Spec.Rules[i].Matches) == 0 {
			typ, root := gatewayv1.PathMatchPathPrefix, "/"
			r.Spec.Rules[i].Matches = []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{Type: &typ, Value: &root}}}
		}
		for j := range r.Spec.Rules[i].Matches {
			m := &r.Spec.Rules[i].Matches[j]
			if typ, root := gatewayv1.PathMatchPathPrefix, "/"; m.Path == nil {
				m.Path = &gatewayv1.HTTPPathMatch{Type: &typ, Value: &root}
			}
			for k := range m.Headers {
				typ := gatewayv1.HeaderMatchExact
				m.Headers[k].Type = &typ
			}
		}
	}
	return r
}

const (
	splitRoute = `
metadata: {name: split, namespace: shop}
spec:
  parentRefs: [{group: core, kind: Service, name: reviews, port: 9080}]
  rules:
  - backendRefs: [{name: reviews-v1, port: 9080, weight: 75}, {name: reviews-v2, port: 9080, weight: 25}]
`
	testersRoute = splitRoute + `
  - matches: [{headers: [{name: end-user, value: jason}]}]
    backendRefs: [{name: reviews-v2, port: 9080}]
`
	slowRoute = `
metadata: {name: slow, namespace: shop, annotations: {timeout.linkerd.io/request: 300ms}}
spec:
  parentRefs: [{group: core, kind: Service, name: reviews, port: 9080}]
  rules: [{matches: [{path: {type: PathPrefix, value: /b}}], backendRefs: [{name: reviews-v2, port: 9080}]}]
`
	limitedRoute = `
metadata: {name: limited, namespace: shop, annotations: {timeout.linkerd.io/request: 500ms}}
spec:
  parentRefs: [{group: core, kind: Service, name: reviews, port: 9080}]
  rules: [{backendRefs: [{name: reviews-v1, port: 9080}]}]
`
	retriedRoute = `
metadata: {name: retried, namespace: shop, annotations: {retry.linkerd.io/http: 5xx, retry.linkerd.io/limit: "2"}}
spec:
  parentRefs: [{group: core, kind: Service, name: reviews, port: 9080}]
  rules: [{backendRefs: [{name: reviews-v1, port: 9080}]}]
`
	filteredRoute = `
metadata: {name: filtered, namespace: shop}
spec:
  parentRefs: [{group: core, kind: Service, name: reviews, port: 9080}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /old}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}, statusCode: 302, port: 9080}}]
  - filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-seen, value: "1"}]}}]
    backendRefs: [{name: reviews-v1, port: 9080}]
`
	rewritingRoute = `
metadata: {name: split, namespace: shop}
spec:
  parentRefs: [{group: core, kind: Service, name: reviews, port: 9080}]
  rules:
  - filters: [{type: URLRewrite, urlRewrite: {hostname: elsewhere}}]
    backendRefs: [{name: reviews-v1, port: 9080}]
`
	gatewayRoute = `
metadata: {name: outside, namespace: shop}
spec:
  parentRefs: [{name: public}]
  rules: [{filters: [{type: URLRewrite, urlRewrite: {hostname: elsewhere}}], backendRefs: [{name: reviews-v1, port: 9080}]}]
`
)

// What a real Linkerd was seen to do with routes is what the evaluator does, by
// which translations are judged.
func TestReaderDoesWhatWasSeen(t *testing.T) {
	type seen struct {
		parts         map[string]float64
		status        int32
		location      string
		timeout       time.Duration
		retries       int32
		path, user    string
		requestHeader string
	}
	split := map[string]float64{"reviews-v1": 0.75, "reviews-v2": 0.25}
	v1, v2 := map[string]float64{"reviews-v1": 1}, map[string]float64{"reviews-v2": 1}
	tests := map[string]struct {
		routes []string
		// replaced is what the first route was before.
		replaced string
		seen     seen
	}{
		"75/25 between two Services":                 {routes: []string{splitRoute}, seen: seen{parts: split}},
		"a header match":                             {routes: []string{testersRoute}, seen: seen{user: "jason", parts: v2}},
		"the others of a header match":               {routes: []string{testersRoute}, seen: seen{parts: split}},
		"a timeout by annotation":                    {routes: []string{limitedRoute}, seen: seen{parts: v1, timeout: 500 * time.Millisecond}},
		"limit counts retries, 12 % of 50 % fail":    {routes: []string{retriedRoute}, seen: seen{parts: v1, retries: 2}},
		"two routes, each with its own timeout":      {routes: []string{splitRoute, slowRoute}, seen: seen{path: "/b", parts: v2, timeout: 300 * time.Millisecond}},
		"a prefix has what is below it":              {routes: []string{splitRoute, slowRoute}, seen: seen{path: "/b/x", parts: v2, timeout: 300 * time.Millisecond}},
		"a prefix is of elements":                    {routes: []string{splitRoute, slowRoute}, seen: seen{path: "/bx", parts: split}},
		"no route for the path":                      {routes: []string{slowRoute}, seen: seen{path: "/c", status: 404}},
		"a header is set":                            {routes: []string{filteredRoute}, seen: seen{parts: v1, requestHeader: "1"}},
		"a redirect":                                 {routes: []string{filteredRoute}, seen: seen{path: "/old", status: 302, location: "http://reviews:9080/new"}},
		"a bad filter leaves the old one in force":   {routes: []string{rewritingRoute}, replaced: splitRoute, seen: seen{parts: split}},
		"a bad filter from the beginning":            {routes: []string{rewritingRoute}, seen: seen{parts: map[string]float64{"reviews": 1}}},
		"a route of another gateway does not matter": {routes: []string{splitRoute, gatewayRoute}, seen: seen{parts: split}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var routes []*gatewayv1.HTTPRoute
			for i, manifest := range tt.routes {
				versions := []*gatewayv1.HTTPRoute{routeFrom(t, manifest)}
				if i == 0 && tt.replaced != "" {
					versions = append([]*gatewayv1.HTTPRoute{routeFrom(t, tt.replaced)}, versions...)
				}
				routes = append(routes, inForce(versions...)...)
			}
			if tt.seen.path == "" {
				tt.seen.path = "/"
			}
			req := eval.Request{Method: "GET", Scheme: "http", Host: "reviews", Path: tt.seen.path, Port: 9080, Headers: map[string]string{}}
			if tt.seen.user != "" {
				req.Headers["end-user"] = tt.seen.user
			}
			got := reader(&ir.ServiceUnit{}, nil).Decide(routes, ir.ServiceName{Namespace: "shop", Name: "reviews"}, req)
			if got.Status != tt.seen.status || got.Location != tt.seen.location {
				t.Errorf("answered %d %s, seen %d %s", got.Status, got.Location, tt.seen.status, tt.seen.location)
			}
			if len(got.Parts()) != len(tt.seen.parts) {
				t.Errorf("shared among %v, seen %v", got.Parts(), tt.seen.parts)
			}
			for to, part := range got.Parts() {
				if part.Float() != tt.seen.parts[to.Name] {
					t.Errorf("%s gets %v, seen %v", to.Name, part, tt.seen.parts)
				}
			}
			m := meaning(&got)
			if m.Timeout != tt.seen.timeout || m.Retries != tt.seen.retries {
				t.Errorf("timeout %s, %d retries; seen %s, %d", m.Timeout, m.Retries, tt.seen.timeout, tt.seen.retries)
			}
			if len(got.Shares) > 0 && got.Shares[0].Request.Headers["x-seen"] != tt.seen.requestHeader {
				t.Errorf("headers %v, seen %q", got.Shares[0].Request.Headers, tt.seen.requestHeader)
			}
		})
	}
}
