package linkerd

import (
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// accessSupports answers for the features of access, of the mesh as a whole, of
// external hosts, and for the limit of requests, which Linkerd counts by what
// access is made of.
func accessSupports(env translators.Env) map[ir.Feature]translators.Support {
	denied := emulated("Linkerd can only admit, so a Deny is taken out of what is admitted: callers that Allow policies name by ServiceAccount, or by other namespaces, " +
		"stay admitted; a namespace, all members or everyone among whom a denied caller is are refused as a whole, with UnsupportedClosed")
	routed := emulated("a request that no rule speaks of is answered 404 instead of 403, and paths of kubelet's probes are open to the networks in the fact " +
		FactProbeNetworks + ", or to everybody where it is not known")
	pods := "only new pods read it: the status says which have to be restarted"
	tls := native("hosts are told by the name that a client sends before it encrypts, in a TLSRoute of version v1alpha2")
	if !serves(env, "TLSRoute/v1alpha2") {
		tls = native("hosts of HTTP only: the cluster does not serve TLSRoutes of version v1alpha2")
	}
	return map[ir.Feature]translators.Support{
		ir.AllowIdentity: native(""), ir.AllowNamespace: native(""), ir.AllowMember: native(""), ir.AllowAnyone: native(""),
		ir.DenyIdentity: denied, ir.DenyNamespace: denied, ir.DenyMember: denied, ir.DenyUnidentified: denied, ir.DenyAnyone: native(""),
		ir.AccessMethods: routed, ir.AccessPathExact: routed, ir.AccessPathPrefix: routed,
		ir.AccessPathRegex:    unsupported("expressions are read differently by different proxies, which is no ground for access; use Exact or PathPrefix"),
		ir.AccessPorts:        native(""),
		ir.AccessDefaultAllow: emulated(pods), ir.AccessDefaultDeny: emulated(pods),
		ir.MTLSModeStrict:     emulated(pods + "; the proxies of IngressGateways are spared"),
		ir.MTLSModePermissive: native(""),
		ir.MTLSModeDisabled:   unsupported("proxies of Linkerd always use mutual TLS among each other"),
		ir.EgressDefaultAllow: native(""),
		ir.EgressDefaultDeny:  native("what is outside of the cluster is what clusterNetworks of the installation leaves out"),
		ir.ExternalHost:       tls, ir.ExternalWildcard: tls,
		ir.ExternalDNS:      native("the caller looks the address up itself"),
		ir.ExternalNone:     native(""),
		ir.ExternalStatic:   unsupported("Linkerd sends a connection to the address that was dialled, never to another; use resolution None"),
		ir.ExternalMeshWide: unsupported("routes of egress hold in one namespace; write the ExternalService in every namespace that needs the host"),
		ir.RateLimitLocal: emulated("each proxy counts by itself, at each port, all requests to it, in whole requests per second and with one second's worth at once; " +
			"Services that share pods and port share the count"),
	}
}
