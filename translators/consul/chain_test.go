package consul

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// The functions of this file do with config entries what Consul 1.22 and its
// Envoys do with them, on requests instead of sockets. They were written from
// what Consul compiles and what was seen on a real one, and share no code with
// the translation: prefixes are strings, a router falls through, a destination
// strips the prefix, splitters are merged, headers are removed, added and set in
// this order, at the split before at the route.

// entries are config entries by the names of their services.
type entries struct {
	protocols map[string]string
	// waits are localRequestTimeoutMs.
	waits     map[string]int64
	resolvers map[string]serviceResolver
	splitters map[string]serviceSplitter
	routers   map[string]serviceRouter
	// served are the services that have instances.
	served map[string]bool
}

// read takes in a translation.
func read(result translators.Result, served map[string]bool) entries {
	e := entries{
		protocols: map[string]string{}, waits: map[string]int64{}, resolvers: map[string]serviceResolver{},
		splitters: map[string]serviceSplitter{}, routers: map[string]serviceRouter{}, served: served,
	}
	for _, obj := range result.Objects {
		switch o := obj.Object.(type) {
		case *entry[serviceDefaults]:
			e.protocols[o.Name] = o.Spec.Protocol
		case *entry[serviceResolver]:
			e.resolvers[o.Name] = o.Spec
		case *entry[serviceSplitter]:
			e.splitters[o.Name] = o.Spec
		case *entry[serviceRouter]:
			e.routers[o.Name] = o.Spec
		}
	}
	for _, c := range result.Contributions {
		switch strings.Join(c.Path, ".") {
		case "spec.protocol":
			e.protocols[c.Object.Name], _ = c.Value.(string)
		case "spec.localRequestTimeoutMs":
			e.waits[c.Object.Name], _ = c.Value.(int64)
		}
	}
	return e
}

// leaf is where a part of the requests ends up, and by which split.
type leaf struct {
	service, subset string
	part            float64
	splits          []split
}

// answer is what becomes of a request.
type answer struct {
	// outcomes by what happens, with their parts of all requests.
	outcomes map[string]float64
	limits   map[string]limits
}

// answers answers a request to a service.
func (e *entries) answers(apex string, req eval.Request) (*answer, error) {
	route := e.route(apex, &req)
	dest := routeDestination{Service: apex}
	if route.Destination != nil {
		dest = *route.Destination
		if dest.Service == "" {
			dest.Service = apex
		}
		req.Path = rewritten(route, req.Path)
	}
	leaves := []leaf{{service: dest.Service, subset: dest.ServiceSubset, part: 1}}
	if dest.ServiceSubset == "" {
		leaves = e.divided(leaves[0])
	}
	if err := e.compiles(apex, leaves); err != nil {
		return nil, err
	}
	out := &answer{outcomes: map[string]float64{}, limits: map[string]limits{}}
	for _, l := range leaves {
		if !e.served[l.service] {
			out.outcomes["status 503"] += l.part
			continue
		}
		name := outcome(l.service, l.subset, e.request(&dest, l, req), e.response(&dest, l))
		out.outcomes[name] += l.part
		out.limits[l.service] = e.limits(&dest, l.service)
	}
	return out, nil
}

// divided follows the splitters of a service that is named as a whole.
func (e *entries) divided(l leaf) []leaf {
	splitter, ok := e.splitters[l.service]
	if !ok {
		return []leaf{l}
	}
	var sum float64
	for _, s := range splitter.Splits {
		sum += float64(int(float32(s.Weight) * 100))
	}
	var out []leaf
	for _, s := range splitter.Splits {
		next := leaf{service: s.Service, subset: s.ServiceSubset, part: l.part * float64(int(float32(s.Weight)*100)) / sum, splits: append(slices.Clone(l.splits), s)}
		if s.Service != l.service && s.ServiceSubset == "" {
			out = append(out, e.divided(next)...)
		} else {
			out = append(out, next)
		}
	}
	return out
}

// compiles says why Consul would refuse the chain: services of several
// protocols or of one that is not HTTP, weights that do not add up, and subsets
// that nobody defines.
func (e *entries) compiles(apex string, leaves []leaf) error {
	want := e.protocols[apex]
	if _, routed := e.routers[apex]; !routed && len(leaves) == 1 && leaves[0].service == apex {
		return nil
	}
	if want != "http" && want != "http2" && want != "grpc" {
		return fmt.Errorf("service %s has the protocol %q, which does not permit routing", apex, want)
	}
	for name, splitter := range e.splitters {
		var sum float32
		for _, s := range splitter.Splits {
			sum += float32(s.Weight)
		}
		if sum != 100 {
			return fmt.Errorf("the weights of splitter %s add up to %v", name, sum)
		}
	}
	for _, l := range leaves {
		if e.protocols[l.service] != want {
			return fmt.Errorf("service %s has the protocol %q and %s %q", l.service, e.protocols[l.service], apex, want)
		}
		if _, ok := e.resolvers[l.service].Subsets[l.subset]; l.subset != "" && !ok {
			return fmt.Errorf("service %s has no subset %s", l.service, l.subset)
		}
	}
	return nil
}

// route is the first route that matches; without one it is the service itself,
// which is a destination too.
func (e *entries) route(apex string, req *eval.Request) *serviceRoute {
	router, ok := e.routers[apex]
	for i := range router.Routes {
		if m := router.Routes[i].Match; m == nil || m.HTTP == nil || matches(m.HTTP, req) {
			return &router.Routes[i]
		}
	}
	if !ok {
		return &serviceRoute{}
	}
	return &serviceRoute{Match: &routeMatch{HTTP: &httpMatch{PathPrefix: "/"}}, Destination: &routeDestination{Service: apex}}
}

func matches(m *httpMatch, req *eval.Request) bool {
	switch {
	case m.PathExact != "" && req.Path != m.PathExact,
		m.PathPrefix != "" && !strings.HasPrefix(req.Path, m.PathPrefix),
		m.PathRegex != "" && !full(m.PathRegex, req.Path),
		len(m.Methods) > 0 && !full(strings.Join(m.Methods, "|"), req.Method):
		return false
	}
	headers := maps.Clone(req.Headers)
	if headers == nil {
		headers = map[string]string{}
	}
	headers[":path"] = req.Path
	for i, p := range req.Query {
		headers[":path"] += map[bool]string{true: "?", false: "&"}[i == 0] + p.Name + "=" + p.Value
	}
	for _, h := range m.Header {
		if value, present := headers[h.Name]; !present || !valueMatches(h, value) {
			return false
		}
	}
	for _, q := range m.QueryParam {
		i := slices.IndexFunc(req.Query, func(p eval.Param) bool { return p.Name == q.Name })
		if i < 0 || !valueMatches(q, req.Query[i].Value) {
			return false
		}
	}
	return true
}

func valueMatches(m valueMatch, value string) bool {
	return m.Exact != "" && m.Exact == value || m.Regex != "" && full(m.Regex, value)
}

func full(expression, value string) bool {
	return regexp.MustCompile(`\A(?:` + expression + `)\z`).MatchString(value)
}

// rewritten is the path that a destination gets.
func rewritten(r *serviceRoute, path string) string {
	var prefix, exact string
	if r.Match != nil && r.Match.HTTP != nil {
		prefix, exact = r.Match.HTTP.PathPrefix, r.Match.HTTP.PathExact
		if prefix == "" && exact == "" && r.Match.HTTP.PathRegex == "" {
			prefix = "/"
		}
	} else {
		prefix = "/"
	}
	if rewrite := r.Destination.PrefixRewrite; rewrite != "" && rewrite != "/" {
		return rewrite + strings.TrimPrefix(path, prefix+exact)
	}
	return regexp.MustCompile(`^`+regexp.QuoteMeta(prefix)+`(/?)(.*)`).ReplaceAllString(path, `/$2`)
}

func (e *entries) request(dest *routeDestination, l leaf, req eval.Request) eval.Request {
	req.Headers = maps.Clone(req.Headers)
	for i := len(l.splits) - 1; i >= 0; i-- {
		req.Headers = modified(req.Headers, l.splits[i].RequestHeaders)
	}
	req.Headers = modified(req.Headers, dest.RequestHeaders)
	return req
}

// answered are the headers of every response, before they are modified.
var answered = map[string]string{"x-beta": "was", "x-other": "kept"}

func (e *entries) response(dest *routeDestination, l leaf) map[string]string {
	headers := maps.Clone(answered)
	for i := len(l.splits) - 1; i >= 0; i-- {
		headers = modified(headers, l.splits[i].ResponseHeaders)
	}
	return modified(headers, dest.ResponseHeaders)
}

func modified(headers map[string]string, m *headerModifiers) map[string]string {
	if m == nil {
		return headers
	}
	out := maps.Clone(headers)
	if out == nil {
		out = map[string]string{}
	}
	for _, name := range m.Remove {
		delete(out, name)
	}
	for name, value := range m.Add {
		if old, present := out[name]; present {
			value = old + "," + value
		}
		out[name] = strings.ReplaceAll(value, "%%", "%")
	}
	for name, value := range m.Set {
		out[name] = strings.ReplaceAll(value, "%%", "%")
	}
	return out
}

func outcome(service, subset string, req eval.Request, response map[string]string) string {
	return fmt.Sprintf("%s/%s %s %s %v %v", service, subset, req.Method, req.Path, req.Headers, response)
}

// limits are timeout and retries as they take effect; a timeout of 0 is none.
type limits struct {
	Timeout time.Duration
	Retries int32
	On      string
}

// limits are those of the caller's proxy and of the callee's, of which the
// smaller timeout counts.
func (e *entries) limits(dest *routeDestination, service string) limits {
	timeout, wait := 15*time.Second, 15*time.Second
	if dest.RequestTimeout != "" {
		timeout, _ = time.ParseDuration(dest.RequestTimeout)
	}
	if ms, said := e.waits[service]; said {
		wait = time.Duration(ms) * time.Millisecond
	}
	if timeout <= 0 || wait < timeout {
		timeout = wait
	}
	if timeout > 24*time.Hour {
		timeout = 0
	}
	on := slices.Clone(dest.RetryOn)
	for _, code := range dest.RetryOnStatusCodes {
		on = append(on, fmt.Sprint(code))
	}
	if len(on) == 0 {
		return limits{Timeout: timeout}
	}
	slices.Sort(on)
	return limits{Timeout: timeout, Retries: max(1, dest.NumRetries), On: strings.Join(on, ",")}
}
