package translatortest

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// line returns a route with random filters and policies. A redirect has no
// backends.
func (g *Gen) line(rule string, match ir.Match, backends []ir.Backend) ir.Route {
	r := ir.Route{Rule: rule, Match: match, Source: source("TrafficSplit", "reviews", "spec.rules")}
	if g.may(12, ir.Redirecting) {
		r.Filters.Redirect = g.redirect(match.Path)
		return r
	}
	r.Filters, r.Backends = g.filters(match.Path), backends
	g.timeouts(&r.Timeouts)
	if g.chance(5) {
		r.Retry = g.retry()
	}
	if g.chance(8) {
		r.Fault = g.fault()
	}
	return r
}

// match returns a match that names one thing at least.
func (g *Gen) match() ir.Match {
	var m ir.Match
	for m.Path == nil && m.Method == "" && len(m.Headers) == 0 && len(m.Query) == 0 {
		if g.chance(2) {
			m.Path = g.path(ir.MatchPathExact, ir.MatchPathPrefix, ir.MatchPathRegex)
		}
		if g.may(5, ir.MatchMethod) {
			m.Method = one(g, methods)
		}
		if g.chance(3) {
			m.Headers = g.values(headerNames, ir.MatchHeader, ir.MatchHeaderRegex)
		}
		if g.chance(6) {
			m.Query = g.values(queryNames, ir.MatchQuery, ir.MatchQueryRegex)
		}
	}
	return m
}

// path returns a path match of one of the types whose features are wanted, or
// nil where none is.
func (g *Gen) path(exact, prefix, regex ir.Feature) *ir.PathMatch {
	var choices []ir.PathMatch
	if !g.Without[exact] {
		choices = append(choices, ir.PathMatch{Type: ir.PathExact, Value: one(g, pathValues)})
	}
	if !g.Without[prefix] {
		prefixed := ir.PathMatch{Type: ir.PathPrefix, Value: one(g, pathValues)}
		choices = append(choices, prefixed, prefixed)
	}
	if !g.Without[regex] && g.chance(3) {
		choices = append(choices, ir.PathMatch{Type: ir.PathRegex, Value: one(g, pathRegexes)})
	}
	if len(choices) == 0 {
		return nil
	}
	picked := one(g, choices)
	return &picked
}

func (g *Gen) values(names []string, exact, regex ir.Feature) []ir.ValueMatch {
	var out []ir.ValueMatch
	for _, name := range some(g, names) {
		switch {
		case g.may(3, regex):
			out = append(out, ir.ValueMatch{Type: ir.ValueRegex, Name: name, Value: one(g, valueRegexes)})
		case !g.Without[exact]:
			out = append(out, ir.ValueMatch{Type: ir.ValueExact, Name: name, Value: one(g, headerValues[:3])})
		}
	}
	return out
}

func (g *Gen) filters(matched *ir.PathMatch) ir.Filters {
	var f ir.Filters
	if g.may(5, ir.RequestHeaders) {
		f.RequestHeaders = g.headers()
	}
	if g.may(6, ir.ResponseHeaders) {
		f.ResponseHeaders = g.headers()
	}
	if g.may(12, ir.Mirroring) {
		f.Mirrors = g.mirrors()
	}
	if g.chance(6) {
		f.Rewrite = g.rewrite(matched)
	}
	if g.may(14, ir.CORSPolicy) {
		f.CORS = &ir.CORS{
			AllowOrigins: some(g, []string{"*", "https://*.example.com", "https://shop.example"}), AllowMethods: some(g, methods),
			AllowCredentials: g.chance(2), MaxAge: metav1.Duration{Duration: time.Minute}, Source: source("TrafficSplit", "reviews", "spec.filters"),
		}
	}
	return f
}

// headers returns a modifier that names each header once, as the API asks.
func (g *Gen) headers() *ir.HeaderModifier {
	mod := &ir.HeaderModifier{Source: source("TrafficSplit", "reviews", "spec.filters")}
	for _, name := range some(g, headerNames) {
		switch g.IntN(3) {
		case 0:
			mod.Set = append(mod.Set, ir.Header{Name: name, Value: one(g, headerValues[:3])})
		case 1:
			mod.Add = append(mod.Add, ir.Header{Name: name, Value: one(g, headerValues[:3])})
		default:
			mod.Remove = append(mod.Remove, name)
		}
	}
	return mod
}

func (g *Gen) mirrors() []ir.Mirror {
	out := []ir.Mirror{{Backend: ir.Backend{Service: serviceRef("shadow"), Weight: 1}, Numerator: 100, Denominator: 100}}
	if g.may(2, ir.MirrorFraction) {
		out[0].Numerator = one(g, []int64{1, 10, 50})
	}
	if g.may(3, ir.MirrorMultiple) {
		out = append(out, ir.Mirror{Backend: ir.Backend{Service: serviceRef("audit"), Weight: 1}, Numerator: 100, Denominator: 100})
	}
	for i := range out {
		out[i].Source = source("TrafficSplit", "reviews", "spec.filters")
		out[i].Backend.Source = out[i].Source
	}
	return out
}

func (g *Gen) rewrite(matched *ir.PathMatch) *ir.Rewrite {
	rw := &ir.Rewrite{Path: g.pathModifier(matched, ir.RewritePathFull, ir.RewritePathPrefix), Source: source("TrafficSplit", "reviews", "spec.filters")}
	if g.may(3, ir.RewriteHost) {
		rw.Hostname = "inside.example"
	}
	if rw.Path == nil && rw.Hostname == "" {
		return nil
	}
	return rw
}

// pathModifier returns a modifier that is valid with the match.
func (g *Gen) pathModifier(matched *ir.PathMatch, full, prefix ir.Feature) *ir.PathModifier {
	switch {
	case matched != nil && matched.Type == ir.PathPrefix && g.may(2, prefix):
		return &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: one(g, []string{"/", "/a", "/b", "/new"})}
	case g.may(2, full):
		return &ir.PathModifier{Type: ir.ReplaceFullPath, Value: one(g, []string{"/", "/a", "/new/path"})}
	}
	return nil
}

func (g *Gen) redirect(matched *ir.PathMatch) *ir.Redirect {
	r := &ir.Redirect{
		Scheme: one(g, []string{"", "https"}), Hostname: one(g, []string{"", "moved.example"}), Port: one(g, []int32{0, 0, 8443}),
		StatusCode: one(g, []int32{301, 302}), Source: source("TrafficSplit", "reviews", "spec.filters"),
	}
	r.Path = g.pathModifier(matched, ir.RedirectPath, ir.RedirectPath)
	return r
}

func seconds(n float64) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(n * float64(time.Second))}
}

// timeouts sets limits of which that of a try is not above that of the request.
func (g *Gen) timeouts(t *ir.Timeouts) {
	if g.may(5, ir.TimeoutRequest) {
		t.Request = duration(seconds(one(g, []float64{0, 2, 5})))
	}
	if g.may(8, ir.TimeoutBackend) {
		t.BackendRequest = duration(seconds(one(g, []float64{0.5, 1})))
	}
}

func (g *Gen) retry() *ir.Retry {
	r := &ir.Retry{Source: source("TrafficPolicy", "slow", "spec.retry")}
	if !g.Without[ir.RetryAttempts] {
		attempts := one(g, []int32{0, 1, 3})
		r.Attempts = &attempts
	}
	if g.may(2, ir.RetryCodes) {
		r.Codes = some(g, []int32{500, 502, 503})
	}
	if g.may(2, ir.RetryOn) {
		r.On = some(g, []ir.RetryCondition{ir.RetryConnectFailure, ir.RetryRefusedStream, ir.RetryReset})
	}
	if g.may(3, ir.RetryBackoff) {
		r.Backoff = &ir.Backoff{Base: seconds(0.025), Max: seconds(0.25)}
	}
	if r.Attempts == nil && r.Codes == nil && r.On == nil && r.Backoff == nil {
		return nil
	}
	return r
}

func (g *Gen) fault() *ir.Fault {
	f := &ir.Fault{Source: source("TrafficPolicy", "slow", "spec.fault")}
	if g.may(2, ir.FaultInjectionDelay) {
		f.Delay = &ir.FaultDelay{Duration: seconds(1), Percent: one(g, []int32{0, 10, 100})}
	}
	if g.may(2, ir.FaultInjectionAbort) {
		f.Abort = &ir.FaultAbort{HTTPStatus: 503, Percent: one(g, []int32{0, 1, 50})}
	}
	if f.Delay == nil && f.Abort == nil {
		return nil
	}
	return f
}

// destination returns a random policy for connections.
func (g *Gen) destination() ir.DestinationPolicy {
	var d ir.DestinationPolicy
	at := source("TrafficPolicy", "slow", "spec")
	if g.may(2, ir.Outlier) {
		d.OutlierDetection = &ir.OutlierDetection{ConsecutiveErrors: 5, Interval: seconds(10), EjectionTime: seconds(30), Source: at.At("outlierDetection")}
		if percent := int32(50); g.may(2, ir.OutlierMaxPercent) {
			d.OutlierDetection.MaxEjectionPercent = &percent
		}
	}
	if g.may(2, ir.PoolConnections) {
		d.ConnectionPool = &ir.ConnectionPool{MaxConnections: 100, Source: at.At("connectionPool")}
	}
	switch {
	case g.may(3, ir.LoadBalancing):
		d.LoadBalancer = &ir.LoadBalancer{Algorithm: one(g, []ir.Algorithm{ir.AlgorithmRandom, ir.AlgorithmRoundRobin, ir.AlgorithmLeastRequest}), Source: at.At("loadBalancer")}
	case g.may(3, ir.HashHeader):
		d.LoadBalancer = &ir.LoadBalancer{ConsistentHash: &ir.ConsistentHash{Header: "x-user"}, Source: at.At("loadBalancer")}
	}
	return d
}
