package translatortest

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// sampleBuilders has a builder for every feature.
func sampleBuilders() map[ir.Feature]builder {
	out := map[ir.Feature]builder{}
	for _, group := range []map[ir.Feature]builder{
		matchSamples(), filterSamples(), rewriteSamples(), requestSamples(), destinationSamples(), balancerSamples(),
		accessSamples(), operationSamples(), meshSamples(), externalSamples(), gatewaySamples(),
	} {
		maps.Copy(out, group)
	}
	return out
}

func matchSamples() map[ir.Feature]builder {
	path := func(typ ir.PathType, value string) builder {
		return builder{add: func(p *parts) { p.line.Match.Path = &ir.PathMatch{Type: typ, Value: value} }}
	}
	header := func(typ ir.ValueType, value string) builder {
		return builder{add: func(p *parts) {
			p.line.Match.Headers = []ir.ValueMatch{{Type: typ, Name: "end-user", Value: value}}
		}}
	}
	query := func(typ ir.ValueType, value string) builder {
		return builder{add: func(p *parts) {
			p.line.Match.Query = []ir.ValueMatch{{Type: typ, Name: "lang", Value: value}}
		}}
	}
	apex := func(p *parts) { p.line.Backends[0].Service = serviceRef("reviews") }
	return map[ir.Feature]builder{
		ir.MatchPathExact:   path(ir.PathExact, "/reviews"),
		ir.MatchPathPrefix:  path(ir.PathPrefix, "/reviews"),
		ir.MatchPathRegex:   path(ir.PathRegex, "/reviews/[0-9]+"),
		ir.MatchMethod:      {add: func(p *parts) { p.line.Match.Method = "POST" }},
		ir.MatchHeader:      header(ir.ValueExact, "jason"),
		ir.MatchHeaderRegex: header(ir.ValueRegex, "ja.*"),
		ir.MatchQuery:       query(ir.ValueExact, "en"),
		ir.MatchQueryRegex:  query(ir.ValueRegex, "en.*"),
		ir.SplitByService: {base: apex, add: func(p *parts) {
			p.line.Backends = append(p.line.Backends, ir.Backend{Service: serviceRef("reviews-canary"), Weight: 3, Source: p.line.Source})
		}},
		ir.SplitBySubset: {base: apex, add: func(p *parts) { p.line.Backends[0].Subset = "v1" }},
	}
}

func setHeader(value string, at ir.Source) *ir.HeaderModifier {
	return &ir.HeaderModifier{Set: []ir.Header{{Name: "x-sample", Value: value}}, Source: at.At("filters[0]")}
}

func mirrorTo(name string, numerator int64, at ir.Source) ir.Mirror {
	return ir.Mirror{
		Backend: ir.Backend{Service: serviceRef(name), Weight: 1, Source: at}, Numerator: numerator, Denominator: 100, Source: at.At("filters[0]"),
	}
}

func filterSamples() map[ir.Feature]builder {
	mirrored := func(p *parts) { p.line.Filters.Mirrors = []ir.Mirror{mirrorTo("shadow", 100, p.line.Source)} }
	return map[ir.Feature]builder{
		ir.RequestHeaders:  {add: func(p *parts) { p.line.Filters.RequestHeaders = setHeader("1", p.line.Source) }},
		ir.ResponseHeaders: {add: func(p *parts) { p.line.Filters.ResponseHeaders = setHeader("1", p.line.Source) }},
		ir.BackendHeaders:  {add: func(p *parts) { p.line.Backends[0].Filters.RequestHeaders = setHeader("1", p.line.Source) }},
		ir.Mirroring:       {add: mirrored},
		ir.MirrorFraction:  {base: mirrored, add: func(p *parts) { p.line.Filters.Mirrors[0].Numerator = 10 }},
		ir.MirrorMultiple: {base: mirrored, add: func(p *parts) {
			p.line.Filters.Mirrors = append(p.line.Filters.Mirrors, mirrorTo("audit", 100, p.line.Source))
		}},
		ir.CORSPolicy: {add: func(p *parts) {
			p.line.Filters.CORS = &ir.CORS{AllowOrigins: []string{"https://shop.example"}, AllowMethods: []string{"GET"}, Source: p.line.Source.At("filters[0]")}
		}},
	}
}

func rewriteSamples() map[ir.Feature]builder {
	prefixed := func(p *parts) { p.line.Match.Path = &ir.PathMatch{Type: ir.PathPrefix, Value: "/old"} }
	exact := func(p *parts) { p.line.Match.Path = &ir.PathMatch{Type: ir.PathExact, Value: "/old"} }
	rewrite := func(p *parts, rw ir.Rewrite) {
		rw.Source = p.line.Source.At("filters[0]")
		p.line.Filters.Rewrite = &rw
	}
	redirect := func(p *parts) {
		p.line.Backends = nil
		p.line.Filters.Redirect = &ir.Redirect{Hostname: "moved.example", StatusCode: 302, Source: p.line.Source.At("filters[0]")}
	}
	return map[ir.Feature]builder{
		ir.RewritePathFull: {base: exact, add: func(p *parts) {
			rewrite(p, ir.Rewrite{Path: &ir.PathModifier{Type: ir.ReplaceFullPath, Value: "/new"}})
		}},
		ir.RewritePathPrefix: {base: prefixed, add: func(p *parts) {
			rewrite(p, ir.Rewrite{Path: &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: "/new"}})
		}},
		ir.RewriteHost: {add: func(p *parts) { rewrite(p, ir.Rewrite{Hostname: "inside.example"}) }},
		ir.Redirecting: {add: redirect},
		ir.RedirectPath: {base: redirect, add: func(p *parts) {
			p.line.Filters.Redirect.Path = &ir.PathModifier{Type: ir.ReplaceFullPath, Value: "/new"}
		}},
	}
}

func requestSamples() map[ir.Feature]builder {
	at := source("TrafficPolicy", "slow", "spec.retry")
	attempts := int32(3)
	retries := func(p *parts) { p.line.Retry = &ir.Retry{Attempts: &attempts, Source: at} }
	fault := source("TrafficPolicy", "slow", "spec.fault")
	return map[ir.Feature]builder{
		ir.TimeoutRequest: {add: func(p *parts) { p.line.Timeouts.Request = duration(seconds(2)) }},
		ir.TimeoutBackend: {add: func(p *parts) { p.line.Timeouts.BackendRequest = duration(seconds(1)) }},
		ir.RetryAttempts:  {add: retries},
		ir.RetryCodes:     {base: retries, add: func(p *parts) { p.line.Retry.Codes = []int32{503} }},
		ir.RetryOn:        {base: retries, add: func(p *parts) { p.line.Retry.On = []ir.RetryCondition{ir.RetryConnectFailure} }},
		ir.RetryBackoff:   {base: retries, add: func(p *parts) { p.line.Retry.Backoff = &ir.Backoff{Base: seconds(0.05), Max: seconds(0.5)} }},
		ir.FaultInjectionDelay: {add: func(p *parts) {
			p.line.Fault = &ir.Fault{Delay: &ir.FaultDelay{Duration: seconds(1), Percent: 10}, Source: fault}
		}},
		ir.FaultInjectionAbort: {add: func(p *parts) {
			p.line.Fault = &ir.Fault{Abort: &ir.FaultAbort{HTTPStatus: 503, Percent: 10}, Source: fault}
		}},
	}
}

func destinationSamples() map[ir.Feature]builder {
	at := source("TrafficPolicy", "slow", "spec")
	ejects := func(p *parts) {
		p.destination.OutlierDetection = &ir.OutlierDetection{ConsecutiveErrors: 5, Source: at.At("outlierDetection")}
	}
	pool := func(set func(*ir.ConnectionPool)) builder {
		return builder{add: func(p *parts) {
			p.destination.ConnectionPool = &ir.ConnectionPool{Source: at.At("connectionPool")}
			set(p.destination.ConnectionPool)
		}}
	}
	percent := int32(50)
	return map[ir.Feature]builder{
		ir.Outlier:            {add: ejects},
		ir.OutlierMaxPercent:  {base: ejects, add: func(p *parts) { p.destination.OutlierDetection.MaxEjectionPercent = &percent }},
		ir.PoolConnections:    pool(func(c *ir.ConnectionPool) { c.MaxConnections = 100 }),
		ir.PoolPending:        pool(func(c *ir.ConnectionPool) { c.MaxPendingRequests = 100 }),
		ir.PoolConnectTimeout: pool(func(c *ir.ConnectionPool) { c.ConnectTimeout = seconds(1) }),
		ir.RateLimitLocal: {add: func(p *parts) {
			p.destination.RateLimit = &ir.RateLimit{Requests: 100, Per: seconds(1), Source: at.At("rateLimit")}
			p.target.RateLimit = p.destination.RateLimit
		}},
	}
}

func balancerSamples() map[ir.Feature]builder {
	balance := func(lb ir.LoadBalancer) builder {
		lb.Source = source("TrafficPolicy", "slow", "spec.loadBalancer")
		return builder{add: func(p *parts) { p.destination.LoadBalancer = &lb }}
	}
	hash := func(h ir.ConsistentHash) builder { return balance(ir.LoadBalancer{ConsistentHash: &h}) }
	return map[ir.Feature]builder{
		ir.LoadBalancing: balance(ir.LoadBalancer{Algorithm: ir.AlgorithmRandom}),
		ir.HashHeader:    hash(ir.ConsistentHash{Header: "x-user"}),
		ir.HashByCookie:  hash(ir.ConsistentHash{Cookie: &ir.HashCookie{Name: "user", TTL: metav1.Duration{Duration: seconds(60).Duration}}}),
		ir.HashSourceIP:  hash(ir.ConsistentHash{SourceIP: true}),
	}
}
