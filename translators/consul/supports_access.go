package consul

import (
	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// accessSupports answers for the features of access, mTLS, egress and external
// hosts. Values that Consul still cannot say are Issues of the translation.
func accessSupports(env translators.Env) map[ir.Feature]translators.Support {
	slow := "the Service becomes HTTP to Consul, whose proxies give requests up after 15s where nothing else is said"
	normal := native("Consul's proxy resolves . and .. in paths before it compares them; " + slow)
	byName := "callers are known by service name, of which Consul without ACLs lets a pod take any, also outside the members: "
	whole := "for every service that Consul has, also of namespaces that are no members"
	table := map[ir.Feature]translators.Support{
		ir.AllowIdentity:      emulated(byName + "a ServiceAccount is admitted by the Services that run under it and nothing else, and others admit nobody"),
		ir.AllowNamespace:     emulated(byName + "a namespace is admitted by those of its Services whose name no other member namespace has"),
		ir.AllowMember:        emulated("every service that Consul has is one, also of namespaces that are no members"),
		ir.AllowAnyone:        emulated("callers without an identity never pass Consul's proxies"),
		ir.DenyIdentity:       emulated(byName + "whoever shares it is denied too, and where a ServiceAccount runs no Service everybody is"),
		ir.DenyNamespace:      emulated(byName + "whoever shares it is denied too, and where a namespace has no Service everybody is"),
		ir.DenyMember:         native(""),
		ir.DenyAnyone:         native(""),
		ir.DenyUnidentified:   native(""),
		ir.AccessMethods:      native(slow),
		ir.AccessPathExact:    normal,
		ir.AccessPathPrefix:   normal,
		ir.AccessPathRegex:    unsupported("expressions are no ground for access: use Exact or PathPrefix"),
		ir.AccessPorts:        emulated("Consul forwards every connection to the one port that a pod registers: rules for others match nothing, and where it is not known which it is nobody is admitted"),
		ir.AccessDefaultAllow: emulated(whole + ", and never plaintext where mtls is Strict"),
		ir.AccessDefaultDeny:  emulated(whole),
		ir.MTLSModeStrict:     native(""),
		ir.MTLSModePermissive: emulated("Services that an AccessPolicy governs, and all where access.default is not Allow, refuse plaintext, on which Consul enforces no access"),
		ir.MTLSModeDisabled:   unsupported("Consul's proxies always speak mutual TLS: use Permissive"),
		ir.EgressDefaultAllow: emulated("for every proxy of Consul's, also in namespaces that are no members"),
		ir.EgressDefaultDeny:  emulated("for every proxy of Consul's, also in namespaces that are no members"),
	}
	for feature, support := range externalSupports(env) {
		table[feature] = support
	}
	return table
}

// externalSupports answers for external hosts, which Consul reaches through a
// terminating gateway alone.
func externalSupports(env translators.Env) map[ir.Feature]translators.Support {
	all := unsupported("no terminating gateway is known, and members reach hosts outside " +
		"without being told while egress.default is Allow: install one with the chart's terminatingGateways, and annotate the Mesh with " +
		v1alpha1.FactPrefix + FactTerminatingGateway)
	if env.Facts[FactTerminatingGateway] == "" {
		return map[ir.Feature]translators.Support{
			ir.ExternalHost: all, ir.ExternalWildcard: all, ir.ExternalDNS: all,
			ir.ExternalStatic: all, ir.ExternalNone: all, ir.ExternalMeshWide: all,
		}
	}
	return map[ir.Feature]translators.Support{
		ir.ExternalHost:     emulated("through the terminating gateway; every member may reach it, whatever its scope"),
		ir.ExternalDNS:      native("TLS alone, by the name that is asked for"),
		ir.ExternalStatic:   emulated("connections are known by the address that was dialled, which has to be one of the endpoints"),
		ir.ExternalMeshWide: native(""),
		ir.ExternalWildcard: unsupported("Consul takes whole host names"),
		ir.ExternalNone:     unsupported("the terminating gateway finds the addresses itself: use DNS, or Static"),
	}
}
