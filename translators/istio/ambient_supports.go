package istio

import (
	"strconv"
	"strings"
	"sync"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

// minorRichRoutes is the release of the Gateway API whose standard channel has
// CORS, all statuses of redirects and copies of a part of the requests.
const minorRichRoutes = 6

// ambientAbilities are what the answers of ambient depend on: the routes that the
// cluster serves, and Istio's version.
type ambientAbilities struct{ retry, cors, manyRedirects, dynamicDNS bool }

// ambientAbilitiesOf reads them off the environment. Fields of the experimental
// channel are used only where it was seen to be served.
func ambientAbilitiesOf(env translators.Env) ambientAbilities {
	experimental := env.GatewayAPI.Channel == "experimental"
	rich := experimental || richRoutes(env.GatewayAPI.Version)
	return ambientAbilities{retry: experimental, cors: rich, manyRedirects: rich, dynamicDNS: atLeast(env, minorDynamicDNS)}
}

// richRoutes says whether a bundle's standard channel has what 1.6 brought. An
// unknown one counts as the newest.
func richRoutes(version string) bool {
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(minor)
	return version == "" || major != "0" && (major != "1" || err != nil || n >= minorRichRoutes)
}

// filters are the fields of routes that waypoints understand.
func (a ambientAbilities) filters() gatewayapi.Abilities {
	const copies = 16
	return gatewayapi.Abilities{
		RequestHeaders: true, ResponseHeaders: true, BackendHeaders: true, Redirect: true, Rewrite: true,
		Mirrors: copies, MirrorFraction: a.cors, CORS: a.cors,
	}
}

// ambientTables has the answers for all abilities: they are asked for with every
// unit.
var ambientTables = sync.OnceValue(func() map[ambientAbilities]map[ir.Feature]translators.Support {
	all := map[ambientAbilities]map[ir.Feature]translators.Support{}
	for bits := range 1 << 4 {
		a := ambientAbilities{retry: bits&1 > 0, cors: bits&2 > 0, manyRedirects: bits&4 > 0, dynamicDNS: bits&8 > 0}
		all[a] = a.table()
	}
	return all
})

// table answers for every feature of a mesh in ambient mode.
func (a ambientAbilities) table() map[ir.Feature]translators.Support {
	table := map[ir.Feature]translators.Support{}
	differences := a.differences()
	for _, info := range ir.Features() {
		if !info.Mesh() {
			continue
		}
		support, different := differences[info.Feature]
		if !different {
			support = translators.Support{Level: translators.Native}
		}
		table[info.Feature] = support
	}
	return table
}

// differences are the features that a waypoint or ztunnel has otherwise or not
// at all.
func (a ambientAbilities) differences() map[ir.Feature]translators.Support {
	fault := unsupported("routes of waypoints inject no faults; only a VirtualService could, which is alpha there and not to be mixed with routes")
	byWaypoint := native("asked by the waypoint: what goes past it, to the address of a pod, is refused")
	table := map[ir.Feature]translators.Support{
		ir.SplitBySubset:       native("a Service is made that stands for each subset"),
		ir.Mirroring:           emulated("a copy has -shadow appended to its Host; header changes of single backends are not on it"),
		ir.RetryOn:             unsupported("routes have no field for it: connections that fail are retried, and statuses by codes"),
		ir.FaultInjectionDelay: fault,
		ir.FaultInjectionAbort: fault,
		ir.RateLimitLocal:      unsupported("Istio has no API for rate limits; only an EnvoyFilter could do it, which Meshloom does not write because it breaks with versions of Envoy"),
		ir.AccessMethods:       byWaypoint,
		ir.AccessPathExact:     byWaypoint,
		ir.AccessPathPrefix:    byWaypoint,
		ir.AccessPathRegex: unsupported("Istio compares paths of access rules by exact value and by prefix; " +
			"use Exact or PathPrefix"),
		ir.MTLSModeDisabled:  unsupported("ztunnel speaks mutual TLS with every other ztunnel and has no switch for it: use Permissive"),
		ir.EgressDefaultDeny: unsupported("ztunnel lets out what it does not know: use NetworkPolicies, or a mesh of sidecars"),
		ir.RetryBackoff:      native("Istio sets the base alone and Envoy waits at most ten times that: another max is refused"),
		ir.ExternalWildcard:  native("through a waypoint of its own"),
	}
	if !a.retry {
		retry := unsupported("the Gateway API has retries in its experimental channel alone, which the cluster is not seen to serve: install that channel, or leave retries to Istio")
		table[ir.RetryAttempts], table[ir.RetryCodes], table[ir.RetryBackoff] = retry, retry, retry
		table[ir.TimeoutBackend] = emulated("without the experimental channel of the Gateway API the limit of a try is that of the whole request")
	}
	if !a.cors {
		table[ir.CORSPolicy] = unsupported("the cluster's routes have no CORS: install the Gateway API from 1.6, or its experimental channel")
		table[ir.MirrorFraction] = unsupported("the cluster's routes copy all requests or none: install the Gateway API from 1.6, or its experimental channel")
	}
	if !a.dynamicDNS {
		table[ir.ExternalWildcard] = native("through a waypoint of its own; before Istio 1.30 only with resolution None or Static")
	}
	return table
}
