package istio

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshloom/meshloom/translators/ir/eval"
)

// The functions of this file do with a VirtualService what istiod and Envoy do
// with it, on requests instead of sockets. They were written from Istio's and
// Envoy's source and share no code with the translation: prefixes are strings,
// order is the list's, headers are removed before they are added.

// envoyAnswer is what becomes of a request.
type envoyAnswer struct {
	// status and location of what the proxy answers itself.
	status   int32
	location string
	headers  map[string]string
	// outcomes by what happens, with their parts of all requests.
	outcomes map[string]float64
	copies   map[string]float64
	route    *networking.HTTPRoute
}

// envoyRoute returns the first route of the host whose match holds on the port.
func envoyRoute(vs *networking.VirtualService, port int32, req *eval.Request) (*networking.HTTPRoute, *networking.HTTPMatchRequest) {
	for _, route := range vs.Http {
		if len(route.Match) == 0 {
			return route, nil
		}
		for _, match := range route.Match {
			if (match.Port == 0 || match.Port == uint32(port)) && envoyMatches(match, req) {
				return route, match
			}
		}
	}
	return nil, nil
}

func envoyMatches(m *networking.HTTPMatchRequest, req *eval.Request) bool {
	if m.Uri != nil && !envoyString(m.Uri, req.Path) || m.Method != nil && !envoyString(m.Method, req.Method) {
		return false
	}
	for name, want := range m.Headers {
		value, present := req.Headers[name]
		if !present || !envoyString(want, value) {
			return false
		}
	}
	for name, want := range m.QueryParams {
		i := slices.IndexFunc(req.Query, func(p eval.Param) bool { return p.Name == name })
		if i < 0 || !envoyString(want, req.Query[i].Value) {
			return false
		}
	}
	return true
}

func envoyString(m *networking.StringMatch, value string) bool {
	switch m := m.MatchType.(type) {
	case *networking.StringMatch_Exact:
		return value == m.Exact
	case *networking.StringMatch_Prefix:
		return strings.HasPrefix(value, m.Prefix)
	case *networking.StringMatch_Regex:
		re := regexp.MustCompile(`^(?:` + m.Regex + `)$`)
		return re.MatchString(value)
	}
	return true
}

// envoyAnswers answers a request at a port by a VirtualService.
func envoyAnswers(vs *networking.VirtualService, port int32, req eval.Request) (*envoyAnswer, error) {
	route, match := envoyRoute(vs, port, &req)
	switch {
	case route == nil:
		return &envoyAnswer{status: 404}, nil
	case route.Redirect != nil:
		return &envoyAnswer{status: int32(route.Redirect.RedirectCode), location: envoyLocation(route.Redirect, match, port, &req)}, nil
	case route.DirectResponse != nil:
		return &envoyAnswer{status: int32(route.DirectResponse.Status)}, nil
	case len(route.Route) == 0:
		return nil, fmt.Errorf("route %q goes nowhere", route.Name)
	}
	_, origin := req.Headers["origin"]
	if _, asks := req.Headers["access-control-request-method"]; route.CorsPolicy != nil && req.Method == "OPTIONS" && origin && asks {
		return &envoyAnswer{status: 200, headers: envoyPreflight(route.CorsPolicy, req.Headers["origin"])}, nil
	}
	return envoyForwards(route, match, req)
}

func envoyForwards(route *networking.HTTPRoute, match *networking.HTTPMatchRequest, req eval.Request) (*envoyAnswer, error) {
	answer := &envoyAnswer{route: route, outcomes: map[string]float64{}, copies: map[string]float64{}}
	aborted := 0.0
	if a := route.GetFault().GetAbort(); a != nil {
		aborted = a.GetPercentage().GetValue() / 100
		answer.outcomes[fmt.Sprintf("status %d", a.GetHttpStatus())] += aborted
	}
	var total int64
	for _, d := range route.Route {
		total += int64(d.Weight)
	}
	for _, d := range route.Route {
		part := 1.0
		if len(route.Route) > 1 {
			part = float64(d.Weight) / float64(total)
		}
		sent, err := envoyRequest(route, d, match, req)
		if err != nil {
			return nil, err
		}
		response, err := envoyResponse(route, d)
		if err != nil {
			return nil, err
		}
		answer.outcomes[outcome(destinationText(d.Destination), sent, response)] += part * (1 - aborted)
	}
	for _, m := range route.Mirrors {
		sent, err := envoyRequest(route, &networking.HTTPRouteDestination{}, match, req)
		if err != nil {
			return nil, err
		}
		if headersPerBackend(route) {
			sent.Headers = nil
		}
		answer.copies[outcome(destinationText(m.Destination), sent, nil)] += m.Percentage.GetValue() / 100
	}
	return answer, nil
}

// headersPerBackend says whether copies carry the header changes of whichever
// backend got the original: a declared difference of Istio.
func headersPerBackend(route *networking.HTTPRoute) bool {
	return slices.ContainsFunc(route.Route, func(d *networking.HTTPRouteDestination) bool { return d.GetHeaders().GetRequest() != nil })
}

func destinationText(d *networking.Destination) string {
	return fmt.Sprintf("%s:%d/%s", d.Host, d.Port.GetNumber(), d.Subset)
}

// outcome names what a destination sees and what the caller gets back.
func outcome(to string, sent eval.Request, response map[string]string) string {
	return fmt.Sprintf("%s %s%s %v -> %v", to, sent.Host, sent.Path, sortedHeaders(sent.Headers), sortedHeaders(response))
}

func sortedHeaders(headers map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		out = append(out, name+"="+headers[name])
	}
	return out
}

// answered are the headers that destinations answer with.
var answered = map[string]string{"x-beta": "old", "x-other": "kept"}

// envoyResponse applies response headers: those of a single destination after
// the route's, those of weighted ones before.
func envoyResponse(route *networking.HTTPRoute, d *networking.HTTPRouteDestination) (map[string]string, error) {
	first, second := d.GetHeaders().GetResponse(), route.GetHeaders().GetResponse()
	return envoyHeaders(answered, len(route.Route) == 1, first, second)
}

func envoyRequest(route *networking.HTTPRoute, d *networking.HTTPRouteDestination, match *networking.HTTPMatchRequest, req eval.Request) (eval.Request, error) {
	headers, err := envoyHeaders(req.Headers, len(route.Route) == 1, d.GetHeaders().GetRequest(), route.GetHeaders().GetRequest())
	if err != nil {
		return req, err
	}
	req.Headers = headers
	if r := route.Rewrite; r != nil {
		req.Host = cmp.Or(r.Authority, req.Host)
		if r.UriRegexRewrite != nil {
			req.Path = regexp.MustCompile(r.UriRegexRewrite.Match).ReplaceAllLiteralString(req.Path, strings.ReplaceAll(r.UriRegexRewrite.Rewrite, `\\`, `\`))
		} else if r.Uri != "" {
			req.Path = envoyReplacePrefix(match, req.Path, r.Uri)
		}
	}
	return req, nil
}

// envoyReplacePrefix replaces what the match matched: the whole of an exact
// path, the string of a prefix, "/" where no path was matched.
func envoyReplacePrefix(match *networking.HTTPMatchRequest, path, by string) string {
	if match == nil || match.Uri == nil {
		return by + strings.TrimPrefix(path, "/")
	}
	switch m := match.Uri.MatchType.(type) {
	case *networking.StringMatch_Prefix:
		return by + strings.TrimPrefix(path, m.Prefix)
	default:
		return by
	}
}

// envoyHeaders applies one operation after the other. Of one destination istiod
// joins both into one, the route's in front.
func envoyHeaders(in map[string]string, joined bool, cluster, route *networking.Headers_HeaderOperations) (map[string]string, error) {
	out := maps.Clone(in)
	if out == nil {
		out = map[string]string{}
	}
	order := []*networking.Headers_HeaderOperations{cluster, route}
	if joined {
		order = []*networking.Headers_HeaderOperations{route, cluster}
		for _, op := range order {
			envoyRemove(out, op)
		}
	}
	for _, op := range order {
		if !joined {
			envoyRemove(out, op)
		}
		for name, value := range op.GetSet() {
			plain, err := envoyPlain(value)
			if err != nil {
				return nil, err
			}
			out[name] = plain
		}
		for name, value := range op.GetAdd() {
			plain, err := envoyPlain(value)
			if err != nil {
				return nil, err
			}
			if old, ok := out[name]; ok {
				plain = old + "," + plain
			}
			out[name] = plain
		}
	}
	return out, nil
}

func envoyRemove(headers map[string]string, op *networking.Headers_HeaderOperations) {
	for _, name := range op.GetRemove() {
		delete(headers, name)
	}
}

// envoyPlain reads a header value, in which a single % begins a variable.
func envoyPlain(value string) (string, error) {
	if strings.Contains(strings.ReplaceAll(value, "%%", ""), "%") {
		return "", fmt.Errorf("header value %q has a variable", value)
	}
	return strings.ReplaceAll(value, "%%", "%"), nil
}

func envoyPreflight(c *networking.CorsPolicy, origin string) map[string]string {
	if !slices.ContainsFunc(c.AllowOrigins, func(m *networking.StringMatch) bool { return envoyString(m, origin) }) {
		return nil
	}
	headers := map[string]string{"access-control-allow-origin": origin}
	if c.AllowCredentials.GetValue() {
		headers["access-control-allow-credentials"] = "true"
	}
	if len(c.AllowMethods) > 0 {
		headers["access-control-allow-methods"] = strings.Join(c.AllowMethods, ",")
	}
	if len(c.AllowHeaders) > 0 {
		headers["access-control-allow-headers"] = strings.Join(c.AllowHeaders, ",")
	}
	if c.MaxAge != nil {
		headers["access-control-max-age"] = strconv.FormatInt(c.MaxAge.Seconds, 10)
	}
	return headers
}

// envoyLocation builds the address of a redirect. istiod drops a port that is
// the scheme's own before Envoy sees it.
func envoyLocation(r *networking.HTTPRedirect, match *networking.HTTPMatchRequest, listener int32, req *eval.Request) string {
	scheme := cmp.Or(r.Scheme, req.Scheme)
	var port uint32
	switch p := r.RedirectPort.(type) {
	case *networking.HTTPRedirect_Port:
		port = p.Port
	case *networking.HTTPRedirect_DerivePort:
		if p.DerivePort == networking.HTTPRedirect_FROM_REQUEST_PORT {
			port = uint32(listener)
		}
	}
	if port == 80 && scheme == "http" || port == 443 && scheme == "https" {
		port = 0
	}
	out := scheme + "://" + cmp.Or(r.Authority, req.Host)
	if port != 0 {
		out += ":" + strconv.Itoa(int(port))
	}
	switch {
	case r.PrefixRewrite != "":
		out += envoyReplacePrefix(match, req.Path, r.PrefixRewrite)
	case r.Uri != "":
		out += r.Uri
	default:
		out += req.Path
	}
	for i, p := range req.Query {
		out += map[bool]string{true: "?", false: "&"}[i == 0] + p.Name + "=" + p.Value
	}
	return out
}
