package istio

import (
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

// prepared returns the route as Istio's waypoint has to be told it: header
// changes in one place, in values no variables, paths without a slash at the end
// of what replaces a prefix.
func (t *ambientTable) prepared(r *ir.Route) ir.Route {
	out := *r
	out.Backends = slices.Clone(r.Backends)
	perBackend := slices.ContainsFunc(out.Backends, func(b ir.Backend) bool {
		return b.Filters.RequestHeaders != nil || b.Filters.ResponseHeaders != nil
	})
	// Envoy changes headers for the backend before it does so for the route, the
	// IR means it the other way round.
	for i := range out.Backends {
		if b := &out.Backends[i]; perBackend {
			b.Filters = ir.Filters{
				RequestHeaders:  t.plain(ir.RequestHeaders, r.Filters.RequestHeaders, b.Filters.RequestHeaders),
				ResponseHeaders: t.plain(ir.ResponseHeaders, b.Filters.ResponseHeaders, r.Filters.ResponseHeaders),
			}
		}
	}
	out.Filters.RequestHeaders, out.Filters.ResponseHeaders = nil, nil
	if !perBackend {
		out.Filters.RequestHeaders = t.plain(ir.RequestHeaders, r.Filters.RequestHeaders)
		out.Filters.ResponseHeaders = t.plain(ir.ResponseHeaders, r.Filters.ResponseHeaders)
	}
	t.paths(r, &out)
	out.Filters.CORS = starAlone(r.Filters.CORS)
	t.mirrors(&out)
	return out
}

// plain joins modifiers. Envoy reads % as the beginning of a variable, so it is
// doubled.
func (t *ambientTable) plain(feature ir.Feature, modifiers ...*ir.HeaderModifier) *ir.HeaderModifier {
	out := gatewayapi.Compose(modifiers...)
	if out == nil {
		return nil
	}
	host := func(h ir.Header) bool { return h.Name == "host" }
	if slices.ContainsFunc(out.Add, host) || slices.Contains(out.Remove, "host") || feature == ir.ResponseHeaders && slices.ContainsFunc(out.Set, host) {
		t.report(finding{Source: out.Source, Feature: feature, Code: codeInexpressible}.Reject(
			"the Host header can only be set, and only on requests: use a rewrite of the hostname"))
	}
	for _, list := range [][]ir.Header{out.Set, out.Add} {
		for i := range list {
			list[i].Value = strings.ReplaceAll(list[i].Value, "%", "%%")
		}
	}
	return out
}

// paths takes the slash off the end of what replaces a prefix: Istio would keep it
// beside the one that follows the prefix.
func (t *ambientTable) paths(r, out *ir.Route) {
	trimmed := func(m *ir.PathModifier) *ir.PathModifier {
		if m == nil || m.Type != ir.ReplacePrefixMatch || m.Value == "/" {
			return m
		}
		return &ir.PathModifier{Type: m.Type, Value: strings.TrimSuffix(m.Value, "/")}
	}
	if rewrite := r.Filters.Rewrite; rewrite != nil {
		copied := *rewrite
		copied.Path, out.Filters.Rewrite = trimmed(rewrite.Path), &copied
	}
	redirect := r.Filters.Redirect
	if redirect == nil {
		return
	}
	copied := *redirect
	copied.Path, out.Filters.Redirect = trimmed(redirect.Path), &copied
	if p := redirect.Path; p != nil && p.Type == ir.ReplacePrefixMatch && (p.Value == "/" || p.Value == "") && r.Match.Path != nil && trimPrefix(r.Match.Path.Value) != "" {
		t.report(finding{Source: redirect.Source, Feature: ir.RedirectPath, Code: codeInexpressible}.Reject(
			"Istio ambient would leave a double slash where a redirect takes the prefix off: replace the full path, or the prefix by another"))
	}
	if !t.may.manyRedirects && redirect.StatusCode != 301 && redirect.StatusCode != 302 {
		t.report(finding{Source: redirect.Source, Feature: ir.Redirecting, Code: codeInexpressible}.Reject(
			"routes of the Gateway API before 1.6 redirect with 301 or 302, not %d: use one of these, or install a newer bundle", redirect.StatusCode))
	}
}

// mirrors leaves out copies that Istio would not make as they are asked for.
func (t *ambientTable) mirrors(out *ir.Route) {
	for _, m := range out.Filters.Mirrors {
		if m.Numerator > 0 && m.Denominator > 0 && 100*float64(m.Numerator)/float64(m.Denominator) < mirrorPrecision {
			t.report(finding{Source: m.Source, Feature: ir.MirrorFraction, Code: codeInexpressible}.Reject(
				"Istio copies at least one request in a million: raise the fraction, or remove the mirror"))
		}
	}
}

// setLabel labels an object.
func setLabel(obj client.Object, key, value string) {
	labels := obj.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[key] = value
	obj.SetLabels(labels)
}

// starAlone leaves out what stands beside a star, which admits it too: the API
// refuses both together.
func starAlone(c *ir.CORS) *ir.CORS {
	if c == nil {
		return nil
	}
	out := *c
	for _, list := range []*[]string{&out.AllowOrigins, &out.AllowMethods, &out.AllowHeaders, &out.ExposeHeaders} {
		if slices.Contains(*list, "*") {
			*list = []string{"*"}
		}
	}
	return &out
}

// behindExpressions makes expressions of the matches of every path that come after
// expressions in a table: Istio looks at prefixes, also at the shortest, before
// any expression.
func behindExpressions(routes []ir.Route) {
	seen := false
	for i := range routes {
		path := routes[i].Match.Path
		switch {
		case path != nil && path.Type == ir.PathRegex:
			seen = true
		case seen && (path == nil || path.Type == ir.PathPrefix && trimPrefix(path.Value) == "") && !movesPrefix(&routes[i]):
			routes[i].Match.Path = &ir.PathMatch{Type: ir.PathRegex, Value: ".*"}
		}
	}
}

// movesPrefix says whether the route replaces the prefix that it matches.
func movesPrefix(r *ir.Route) bool {
	rewrite, redirect := r.Filters.Rewrite, r.Filters.Redirect
	return rewrite != nil && rewrite.Path != nil && rewrite.Path.Type == ir.ReplacePrefixMatch ||
		redirect != nil && redirect.Path != nil && redirect.Path.Type == ir.ReplacePrefixMatch
}
