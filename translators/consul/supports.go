package consul

import (
	"maps"
	"sync"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// supports answers for every feature that can be asked of a mesh. Values of
// supported features that Consul still cannot say are Issues of the translation.
func supports(env translators.Env) map[ir.Feature]translators.Support {
	out := maps.Clone(trafficSupport())
	maps.Copy(out, accessSupports(env))
	return out
}

// trafficSupport has the answers for what is asked of requests and connections.
var trafficSupport = sync.OnceValue(func() map[ir.Feature]translators.Support {
	out := map[ir.Feature]translators.Support{}
	differences := trafficDifferences()
	for _, info := range ir.Features() {
		for _, kind := range info.Kinds {
			if kind != ir.KindService {
				continue
			}
			support, different := differences[info.Feature]
			if !different {
				support = native("")
			}
			out[info.Feature] = support
		}
	}
	return out
})

// trafficDifferences are the features that Consul does otherwise or not at all.
func trafficDifferences() map[ir.Feature]translators.Support {
	enterprise := "only Consul Enterprise can, by an extension of its proxies, which Meshloom does not write"
	mirror := unsupported("Consul has no counterpart: its routes send a request to one place")
	caller := emulated("Consul keeps it with the callers: every Service of the mesh that selects pods is told, and it holds for what the " +
		"caller dials, so that requests which a split sends on to another Service meet the limits of the Service that was dialled")
	return map[ir.Feature]translators.Support{
		ir.SplitBySubset: native("by metadata of the instances, which is read from annotations consul.hashicorp.com/service-meta-<label> " +
			"of the pods: they have to repeat the labels"),
		ir.Mirroring:       mirror,
		ir.MirrorFraction:  mirror,
		ir.MirrorMultiple:  mirror,
		ir.RewritePathFull: native("with an Exact match alone"),
		ir.RewriteHost:     unsupported("Consul's routes cannot change the Host header"),
		ir.Redirecting:     unsupported("Consul's routes cannot answer requests"),
		ir.RedirectPath:    unsupported("Consul's routes cannot answer requests"),
		ir.CORSPolicy:      unsupported("Consul's routes cannot answer requests"),
		ir.TimeoutRequest: native("where none is said Consul's proxies give up after 15s, and the callee's proxy is told of timeouts " +
			"above that; none is said to it as 24 days"),
		ir.TimeoutBackend: unsupported("Consul's routes have one timeout for a request with all its tries"),
		ir.RetryAttempts:  emulated("a proxy sends at most three requests of a Service again at a time and gives up on others that fail meanwhile; without codes and conditions it retries connect failures, refused streams, and the gRPC statuses unavailable and cancelled"),
		ir.RetryBackoff:   unsupported("Consul's proxies wait from 25ms to 250ms between tries, and cannot be told otherwise"),

		ir.FaultInjectionDelay: unsupported(enterprise),
		ir.FaultInjectionAbort: unsupported(enterprise),
		ir.RateLimitLocal:      unsupported("only Consul Enterprise limits requests"),

		ir.Outlier:           caller,
		ir.OutlierMaxPercent: emulated("at least one endpoint can be ejected whatever the percentage, but for 0, and it is kept with the callers"),
		ir.PoolConnections:   caller,
		ir.PoolPending:       caller,
	}
}

// native is for features of which some values are refused, each with an Issue,
// or of which something is worth knowing.
func native(but string) translators.Support {
	return translators.Support{Level: translators.Native, Note: but}
}

func unsupported(why string) translators.Support {
	return translators.Support{Level: translators.Unsupported, Note: why}
}

func emulated(how string) translators.Support {
	return translators.Support{Level: translators.Emulated, Note: how}
}
