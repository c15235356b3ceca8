package linkerd

import (
	"maps"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// supports answers for every feature. Values of supported features that Linkerd
// still cannot say are Issues of the translation.
func supports(env translators.Env) map[ir.Feature]translators.Support {
	table := trafficSupports()
	maps.Copy(table, accessSupports(env))
	return table
}

// trafficSupports answers for what routes and Services say.
func trafficSupports() map[ir.Feature]translators.Support {
	const (
		ewma = "Linkerd balances by latency, and by nothing else"
		pool = "Linkerd has no limit on connections that an object could set"
	)
	return map[ir.Feature]translators.Support{
		ir.SplitByService:   native(""),
		ir.SplitBySubset:    native("a Service is made for each subset"),
		ir.MatchPathExact:   native(""),
		ir.MatchPathPrefix:  native(""),
		ir.MatchPathRegex:   native("without word boundaries"),
		ir.MatchMethod:      native(""),
		ir.MatchHeader:      native("of a header that is sent several times, any value may match"),
		ir.MatchHeaderRegex: native("of a header that is sent several times, any value may match"),
		ir.MatchQuery:       native("of a parameter that is sent several times, any value may match"),
		ir.MatchQueryRegex:  native("of a parameter that is sent several times, any value may match"),

		ir.RequestHeaders:    native("but for Host"),
		ir.ResponseHeaders:   native(""),
		ir.BackendHeaders:    native("but for Host"),
		ir.Mirroring:         unsupported("Linkerd sends no copies, and would ignore the whole route for the filter"),
		ir.MirrorFraction:    unsupported("Linkerd sends no copies, and would ignore the whole route for the filter"),
		ir.MirrorMultiple:    unsupported("Linkerd sends no copies, and would ignore the whole route for the filter"),
		ir.RewritePathFull:   unsupported("Linkerd rewrites nothing, and would ignore the whole route for the filter"),
		ir.RewritePathPrefix: unsupported("Linkerd rewrites nothing, and would ignore the whole route for the filter"),
		ir.RewriteHost:       unsupported("Linkerd rewrites nothing, and would ignore the whole route for the filter"),
		ir.Redirecting:       native("with status 301 or 302"),
		ir.RedirectPath:      emulated("where the full path is replaced, the query is dropped"),
		ir.CORSPolicy:        unsupported("Linkerd does not answer for backends, and would ignore the whole route for the filter"),

		ir.TimeoutRequest: native(""),
		ir.TimeoutBackend: unsupported("the nearest, retry.linkerd.io/timeout, ends a try only to send it again, and never the last one: " +
			"use timeouts.request"),
		ir.RetryAttempts: native("where no codes are named, 502, 503 and 504 are retried"),
		ir.RetryCodes:    native(""),
		ir.RetryOn: unsupported("Linkerd retries by the status of the response alone; what its proxy answers itself when a backend " +
			"cannot be reached is 502, 503 or 504: use codes"),
		ir.RetryBackoff:        unsupported("Linkerd retries at once"),
		ir.FaultInjectionDelay: unsupported("Linkerd injects no faults: split a share of the requests to a Service that delays"),
		ir.FaultInjectionAbort: unsupported("Linkerd injects no faults: split a share of the requests to a Service that fails"),

		ir.Outlier: emulated("failures are counted as they come, without an interval; after the time a single request is tried, and the " +
			"time doubles while that fails; behind a split the policy of the Service that is called counts for all its backends"),
		ir.OutlierMaxPercent:  unsupported("Linkerd takes out all endpoints that fail, whatever their share"),
		ir.PoolConnections:    unsupported(pool),
		ir.PoolPending:        unsupported(pool),
		ir.PoolConnectTimeout: unsupported("Linkerd's limit to connect is one of the caller's proxy, not of the Service"),
		ir.LoadBalancing:      unsupported(ewma),
		ir.HashHeader:         unsupported(ewma),
		ir.HashByCookie:       unsupported(ewma),
		ir.HashSourceIP:       unsupported(ewma),
	}
}

// native is for features of which some values are refused, each with an Issue.
func native(but string) translators.Support {
	return translators.Support{Level: translators.Native, Note: but}
}

func unsupported(why string) translators.Support {
	return translators.Support{Level: translators.Unsupported, Note: why}
}

func emulated(how string) translators.Support {
	return translators.Support{Level: translators.Emulated, Note: how}
}
