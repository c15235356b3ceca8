//go:build e2e

package compiled

import (
	"fmt"
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

const headerRules = `
  - name: headers
    matches: [{path: {type: Exact, value: /headers}}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-set, value: one}], add: [{name: x-add, value: two}], remove: [x-gone]}
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: x-kind, value: reply}], add: [{name: x-more, value: 100%}], remove: [server]}
    backendRefs: [{name: echo-v2, port: 8080}]
`

const mirrorRules = `
  - name: all
    matches: [{path: {type: Exact, value: /all}}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 8080}}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: part
    matches: [{path: {type: Exact, value: /part}}]
    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 8080}, fraction: {numerator: 1, denominator: 8}}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: two
    matches: [{path: {type: Exact, value: /two}}]
    filters:
    - {type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 8080}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: echo-v3, port: 8080}, percent: 25}}
    backendRefs: [{name: echo-v2, port: 8080}]
`

const rewriteRules = `
  - name: whole
    matches: [{path: {type: PathPrefix, value: /whole}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: prefix
    matches: [{path: {type: PathPrefix, value: /old}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: root
    matches: [{path: {type: PathPrefix, value: /root}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: host
    matches: [{path: {type: Exact, value: /host}}]
    filters: [{type: URLRewrite, urlRewrite: {hostname: other.example}}]
    backendRefs: [{name: echo-v2, port: 8080}]
`

const redirectRules = `
  - name: moved
    matches: [{path: {type: Exact, value: /moved}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: new.example, port: 8443, statusCode: 301}}]
  - name: away
    matches: [{path: {type: PathPrefix, value: /away}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /here}, statusCode: 302}}]
  - name: one
    matches: [{path: {type: PathPrefix, value: /many}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /one}, statusCode: 302}}]
`

const corsRules = `
  - name: cors
    matches: [{path: {type: Exact, value: /cors}}]
    filters:
    - type: CORS
      cors:
        allowOrigins: ["https://shop.example", "https://*.shop.example"]
        allowMethods: [GET, PUT]
        allowHeaders: [x-a]
        exposeHeaders: [x-b]
        allowCredentials: true
        maxAge: 600
    backendRefs: [{name: echo-v2, port: 8080}]
`

// backendHeaders is a route to two Services of which one changes headers of
// the requests that its own split matches.
const backendHeaders = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: echo}
spec:
  service: {name: echo}
  rules:
  - name: marked
    matches: [{headers: [{name: x-mark, value: "1"}]}]
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-marked, value: "yes"}]}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  backendRefs: [{name: echo-v1, port: 8080}]
---
apiVersion: meshloom.io/v1alpha1
kind: GatewayRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public, namespace: $edge, sectionName: web}]
  hostnames: [shop.$member.example]
  rules: [{backendRefs: [{name: echo, port: 8080, weight: 60}, {name: echo-v3, port: 8080, weight: 40}]}]
`

func filters() []compiled {
	return []compiled{
		{name: "header changes", places: both, rules: headerRules, checks: []check{
			{feature: ir.RequestHeaders, holds: onRoute("/headers", func(_ *world, r *routev3.Route) error {
				return differs("request headers", headers(r.GetRequestHeadersToAdd(), r.GetRequestHeadersToRemove()),
					[]string{"add x-add=two", "remove x-gone", "set x-set=one"})
			})},
			{feature: ir.ResponseHeaders, holds: onRoute("/headers", func(_ *world, r *routev3.Route) error {
				return differs("response headers", headers(r.GetResponseHeadersToAdd(), r.GetResponseHeadersToRemove()),
					[]string{"add x-more=100%%", "remove server", "set x-kind=reply"})
			})},
		}},
		{name: "header changes of one backend", places: []place{atGateway}, objects: backendHeaders, checks: []check{
			{feature: ir.BackendHeaders, holds: oneBackendChanges},
		}},
		{name: "mirrors", places: both, rules: mirrorRules, checks: []check{
			{feature: ir.Mirroring, holds: copies("/all", map[string]float64{"shadow": 100})},
			{feature: ir.MirrorFraction, holds: copies("/part", map[string]float64{"shadow": 12.5})},
			{feature: ir.MirrorMultiple, holds: copies("/two", map[string]float64{"shadow": 100, "echo-v3": 25})},
		}},
		{name: "rewrites", places: both, rules: rewriteRules, checks: []check{
			{feature: ir.RewritePathFull, holds: rewrites(map[string]string{"/whole": "/new", "/whole/x": "/new", "/wholesale": "/wholesale"})},
			{feature: ir.RewritePathPrefix, holds: rewrites(map[string]string{
				"/old": "/new", "/old/x": "/new/x", "/older": "/older", "/root": "/", "/root/x/y": "/x/y",
			})},
			{feature: ir.RewriteHost, holds: onRoute("/host", func(_ *world, r *routev3.Route) error {
				return differs("host", r.GetRoute().GetHostRewriteLiteral(), "other.example")
			})},
		}},
		{name: "redirects", places: both, rules: redirectRules, checks: []check{
			{feature: ir.Redirecting, holds: onRoute("/moved", func(_ *world, r *routev3.Route) error {
				d := r.GetRedirect()
				got := fmt.Sprint(d.GetResponseCode(), " ", d.GetSchemeRedirect(), "://", d.GetHostRedirect(), ":", d.GetPortRedirect())
				return differs("redirect", got, "MOVED_PERMANENTLY https://new.example:8443")
			})},
			{feature: ir.RedirectPath, holds: together(redirects("/away", "/here"), redirects("/away/x", "/here/x"), redirects("/many/x", "/one"))},
		}},
		{name: "CORS", places: both, rules: corsRules, checks: []check{
			{feature: ir.CORSPolicy, holds: onRoute("/cors", cors)},
		}},
	}
}

// copies asserts the parts of a path's requests that are copied, in percent.
func copies(path string, want map[string]float64) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		route, err := w.route(s, at(path))
		if err != nil {
			return err
		}
		got := map[string]float64{}
		for _, m := range route.GetRoute().GetRequestMirrorPolicies() {
			name, err := w.deployment(s, m.GetCluster())
			if err != nil {
				return err
			}
			got[name] = percent(m.GetRuntimeFraction().GetDefaultValue())
		}
		return differs("copies of "+path, got, want)
	}
}

// rewrites asserts the paths that servers see.
func rewrites(want map[string]string) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		for path, seen := range want {
			route, err := w.route(s, at(path))
			if err != nil {
				return err
			}
			got, err := rewritten(route, path)
			if err != nil {
				return err
			}
			if got != seen {
				return fmt.Errorf("path %s is seen as %s, want %s", path, got, seen)
			}
		}
		return nil
	}
}

// rewritten is a path as Envoy rewrites it.
func rewritten(route *routev3.Route, path string) (string, error) {
	action := route.GetRoute()
	if r := action.GetRegexRewrite(); r != nil {
		pattern, err := regexp.Compile(r.GetPattern().GetRegex())
		if err != nil {
			return "", fmt.Errorf("read rewrite of %s: %w", route.GetName(), err)
		}
		return pattern.ReplaceAllString(path, r.GetSubstitution()), nil
	}
	return replaced(route.GetMatch(), path, action.GetPrefixRewrite()), nil
}

// replaced is a path with what the match took of it replaced.
func replaced(m *routev3.RouteMatch, path, by string) string {
	if by == "" {
		return path
	}
	switch p := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Path:
		return by
	case *routev3.RouteMatch_Prefix:
		return by + strings.TrimPrefix(path, p.Prefix)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		return by + strings.TrimPrefix(path, p.PathSeparatedPrefix)
	}
	return path
}

func redirects(path, to string) func(*world, *ads.Snapshot) error {
	return onRoute(path, func(_ *world, r *routev3.Route) error {
		d := r.GetRedirect()
		if d == nil {
			return fmt.Errorf("the route of %s is no redirect", path)
		}
		got := d.GetPathRedirect()
		if got == "" {
			got = replaced(r.GetMatch(), path, d.GetPrefixRewrite())
		}
		return differs("redirect of "+path, got, to)
	})
}

func cors(_ *world, r *routev3.Route) error {
	c, err := filter(r, "envoy.filters.http.cors", new(corsv3.CorsPolicy))
	if err != nil {
		return err
	}
	for origin, want := range map[string]bool{
		"https://shop.example": true, "https://a.shop.example": true, "https://a.b.shop.example": true,
		"https://evil.example": false, "https://shop.example.evil": false, "http://shop.example": false,
	} {
		got := false
		for _, m := range c.GetAllowOriginStringMatch() {
			got = got || ads.MatchString(m, origin)
		}
		if got != want {
			return fmt.Errorf("origin %s: allowed %t, want %t", origin, got, want)
		}
	}
	got := fmt.Sprint(c.GetAllowMethods(), "; ", c.GetAllowHeaders(), "; ", c.GetExposeHeaders(), "; ", c.GetMaxAge(), "; ", c.GetAllowCredentials().GetValue())
	return differs("CORS", got, "GET,PUT; x-a; x-b; 600; true")
}

// oneBackendChanges asserts that of two backends the one whose split says so,
// and no other, changes headers.
func oneBackendChanges(w *world, s *ads.Snapshot) error {
	route, err := w.route(s, with("x-mark", "1"))
	if err != nil {
		return err
	}
	got := map[string][]string{}
	for _, c := range route.GetRoute().GetWeightedClusters().GetClusters() {
		name, err := w.deployment(s, c.GetName())
		if err != nil {
			return err
		}
		got[name] = headers(c.GetRequestHeadersToAdd(), c.GetRequestHeadersToRemove())
	}
	return differs("header changes by backend", got, map[string][]string{"echo-v2": {"set x-marked=yes"}, "echo-v3": nil})
}
