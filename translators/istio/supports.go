package istio

import (
	"sync"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Releases of Istio 1 that brought what is used here.
const (
	minorManyCertificates = 27
	minorDynamicDNS       = 30
	minorRedirectPrefix   = 31
)

// supports answers for every feature of the variant. Values of supported
// features that Istio still cannot say are Issues of the translation.
func supports(env translators.Env) map[ir.Feature]translators.Support {
	if env.Variant == VariantAmbient {
		return ambientTables()[ambientAbilitiesOf(env)]
	}
	return tables()[abilities{
		gateway: env.Variant == VariantGateway, manyCertificates: atLeast(env, minorManyCertificates),
		dynamicDNS: atLeast(env, minorDynamicDNS), redirectPrefix: atLeast(env, minorRedirectPrefix),
	}]
}

// abilities are what the answers depend on.
type abilities struct{ gateway, manyCertificates, dynamicDNS, redirectPrefix bool }

// tables has the answers for all abilities: they are asked for with every unit.
var tables = sync.OnceValue(func() map[abilities]map[ir.Feature]translators.Support {
	all := map[abilities]map[ir.Feature]translators.Support{}
	for bits := range 1 << 4 {
		a := abilities{gateway: bits&1 > 0, manyCertificates: bits&2 > 0, dynamicDNS: bits&4 > 0, redirectPrefix: bits&8 > 0}
		all[a] = a.table()
	}
	return all
})

func (a abilities) table() map[ir.Feature]translators.Support {
	table := map[ir.Feature]translators.Support{}
	differences := a.differences()
	for _, info := range ir.Features() {
		if a.gateway && !info.Ingress() || !a.gateway && !info.Mesh() {
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

// differences are the features that Istio does otherwise or not at all.
func (a abilities) differences() map[ir.Feature]translators.Support {
	ours := "the gateway was installed by its own chart: set it there"
	copied := "a copy has -shadow appended to its Host, and the header changes of the backend that got the original"
	table := map[ir.Feature]translators.Support{
		ir.RateLimitLocal: unsupported("Istio has no API for rate limits; only an EnvoyFilter could do it, which Meshloom does not write because it breaks with versions of Envoy"),
		ir.RetryBackoff:   native("Istio sets the base alone and Envoy waits at most ten times that: another max is refused"),
		ir.Mirroring:      emulated(copied),
		ir.AccessPathRegex: unsupported("Istio compares paths of access rules by exact value and by prefix; " +
			"use Exact or PathPrefix"),
		ir.GatewayForeignCert: emulated("Istio reads Secrets from the namespace of the gateway's pods only: " +
			"a certificate elsewhere is refused"),
		ir.GatewayServiceType:   unsupported(ours),
		ir.GatewayAnnotations:   unsupported(ours),
		ir.GatewayTrafficPolicy: unsupported(ours),
		ir.GatewayReplicas:      unsupported(ours),
		ir.GatewayManyCerts:     native("at most two, one RSA and one ECDSA, on one listener"),
	}
	if !a.manyCertificates {
		table[ir.GatewayManyCerts] = unsupported("one certificate on a listener before Istio 1.27")
	}
	if !a.dynamicDNS {
		table[ir.ExternalWildcard] = native("before Istio 1.30 only with resolution None or Static")
	}
	if !a.redirectPrefix {
		table[ir.RedirectPath] = native("before Istio 1.31 only the full path can be replaced")
	}
	return table
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
