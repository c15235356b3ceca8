package ads

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// VirtualHost returns the virtual host for a domain in a route configuration,
// such as "9080" for a sidecar's calls to that port or "http.80" for a
// gateway's listener, or an error that names what there is.
func (s *Snapshot) VirtualHost(config, domain string) (*routev3.VirtualHost, error) {
	routes, ok := s.Routes[config]
	if !ok {
		return nil, fmt.Errorf("route configuration %q is none of %q", config, slices.Sorted(maps.Keys(s.Routes)))
	}
	var names []string
	for _, h := range routes.GetVirtualHosts() {
		if slices.Contains(h.GetDomains(), domain) {
			return h, nil
		}
		names = append(names, h.GetName())
	}
	return nil, fmt.Errorf("domain %q is in none of the virtual hosts %q of %s", domain, names, config)
}

// Request is what a route is looked up for.
type Request struct {
	// Method is GET where empty.
	Method string
	// Path may have a query.
	Path   string
	Header map[string]string
}

// Route returns the first route of the virtual host that takes the request, as
// Envoy does, or nil where none does and the answer is 404.
func Route(host *routev3.VirtualHost, r Request) *routev3.Route {
	if r.Method == "" {
		r.Method = "GET"
	}
	for _, route := range host.GetRoutes() {
		if r.matches(route.GetMatch()) {
			return route
		}
	}
	return nil
}

// Weights are the shares of a route's clusters, by name; a single cluster has
// 100. It is empty for a redirect or a direct response.
func Weights(route *routev3.Route) map[string]uint32 {
	out := map[string]uint32{}
	if c := route.GetRoute().GetCluster(); c != "" {
		out[c] = 100
	}
	for _, c := range route.GetRoute().GetWeightedClusters().GetClusters() {
		out[c.GetName()] += c.GetWeight().GetValue()
	}
	return out
}

func (r Request) matches(m *routev3.RouteMatch) bool {
	path, query, _ := strings.Cut(r.Path, "?")
	if !matchesPath(m, path) {
		return false
	}
	for _, h := range m.GetHeaders() {
		value, present := r.header(h.GetName(), path)
		if matchesHeader(h, value, present) == h.GetInvertMatch() {
			return false
		}
	}
	values, err := url.ParseQuery(query)
	for _, q := range m.GetQueryParameters() {
		if err != nil || !values.Has(q.GetName()) {
			return false
		}
		if s := q.GetStringMatch(); s != nil && !MatchString(s, values.Get(q.GetName())) {
			return false
		}
	}
	return true
}

func matchesPath(m *routev3.RouteMatch, path string) bool {
	fold := func(s string) string { return s }
	if cs := m.GetCaseSensitive(); cs != nil && !cs.GetValue() {
		fold = strings.ToLower
	}
	switch p := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return strings.HasPrefix(fold(path), fold(p.Prefix))
	case *routev3.RouteMatch_Path:
		return fold(path) == fold(p.Path)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		rest, ok := strings.CutPrefix(fold(path), fold(p.PathSeparatedPrefix))
		return ok && (rest == "" || rest[0] == '/')
	case *routev3.RouteMatch_SafeRegex:
		return fullMatch(p.SafeRegex.GetRegex(), path)
	}
	return false
}

func (r Request) header(name, path string) (string, bool) {
	switch name {
	case ":method":
		return r.Method, true
	case ":path":
		return path, true
	}
	for k, v := range r.Header {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

func matchesHeader(m *routev3.HeaderMatcher, value string, present bool) bool {
	switch h := m.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_PresentMatch:
		return present == h.PresentMatch
	case *routev3.HeaderMatcher_StringMatch:
		return present && MatchString(h.StringMatch, value)
	case nil:
		return present
	}
	return false
}

// MatchString says whether Envoy's matcher takes the value.
func MatchString(m *matcherv3.StringMatcher, value string) bool {
	fold := func(s string) string { return s }
	if m.GetIgnoreCase() {
		fold = strings.ToLower
	}
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return fold(value) == fold(p.Exact)
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(fold(value), fold(p.Prefix))
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(fold(value), fold(p.Suffix))
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(fold(value), fold(p.Contains))
	case *matcherv3.StringMatcher_SafeRegex:
		return fullMatch(p.SafeRegex.GetRegex(), value)
	}
	return false
}

// fullMatch matches as Envoy does: RE2, the whole text.
func fullMatch(expression, text string) bool {
	re, err := regexp.Compile(`\A(?:` + expression + `)\z`)
	return err == nil && re.MatchString(text)
}

// Addresses are the endpoints of a cluster, as "ip:port", or nil where the
// cluster has none.
func (s *Snapshot) Addresses(cluster string) []string {
	var out []string
	for _, locality := range s.Endpoints[cluster].GetEndpoints() {
		for _, e := range locality.GetLbEndpoints() {
			a := e.GetEndpoint().GetAddress().GetSocketAddress()
			out = append(out, fmt.Sprintf("%s:%d", a.GetAddress(), a.GetPortValue()))
		}
	}
	slices.Sort(out)
	return out
}
