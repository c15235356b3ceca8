package linkerd

import (
	"fmt"
	"slices"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1alpha2 "sigs.k8s.io/gateway-api/apis/v1alpha2"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateExternal writes a route of the namespace's EgressNetwork for each
// port: an HTTPRoute goes by the Host of requests, a TLSRoute by the name that a
// client sends before it encrypts. Where the egress default denies, that is what
// opens the way; the address is the one that the caller dialled.
func translateExternal(env translators.Env, u *ir.ExternalUnit) translators.Result {
	w := writer{namespace: u.Namespace, scope: u.Name, sources: []ir.Source{u.Source}}
	var issues []ir.Issue
	if slices.Contains(u.Hosts, "*") {
		issues = append(issues, finding{Source: u.Source.At("spec.hosts"), Feature: ir.ExternalWildcard, Code: codeEgress}.Reject(
			"a route cannot name every host: name the hosts or their domains, or set egress.default: Allow in the Mesh"))
	}
	for _, p := range u.Ports {
		if issue, ok := unroutable(env, p); ok {
			issues = append(issues, issue)
		}
	}
	if len(issues) > 0 || u.MeshWide || u.Resolution == ir.ResolutionStatic {
		return translators.Result{Issues: ir.SortIssues(issues)}
	}
	for _, p := range u.Ports {
		w.egressRoute(p, u.Hosts)
	}
	return translators.Result{Objects: w.objects}
}

// unroutable says why connections to the port cannot be told by their host.
func unroutable(env translators.Env, p ir.ExternalPort) (ir.Issue, bool) {
	f := finding{Source: p.Source, Feature: ir.ExternalHost, Code: codeEgress}
	encrypted := p.Protocol == ir.ProtocolTLS || p.Protocol == ir.ProtocolHTTPS
	switch {
	case !encrypted && !p.Protocol.HTTP():
		return f.Reject("a %s connection does not say which host it is for, so port %d would be open to every host: use HTTP or TLS", p.Protocol, p.Port), true
	case encrypted && !serves(env, "TLSRoute/v1alpha2"):
		return f.Reject("connections with TLS are told by their host in a TLSRoute of version v1alpha2, which this cluster does not serve: install the experimental channel of Gateway API"), true
	}
	return ir.Issue{}, false
}

// serves says whether the cluster serves the version of the kind, as far as
// known.
func serves(env translators.Env, kind string) bool {
	return len(env.GatewayAPI.Served) == 0 || slices.Contains(env.GatewayAPI.Served, kind)
}

func (w *writer) egressRoute(p ir.ExternalPort, hosts []string) {
	var names []gatewayv1.Hostname
	for _, host := range hosts {
		names = append(names, gatewayv1.Hostname(host))
	}
	name := accessName(w.scope, fmt.Sprint(p.Port))
	if p.Protocol.HTTP() {
		route := &gatewayv1.HTTPRoute{}
		route.TypeMeta, route.ObjectMeta = metaOf(httpRouteKind, w.namespace, name)
		route.Spec.ParentRefs, route.Spec.Hostnames = egressParent(p.Port), names
		match := cell{path: rootPath}.match()
		route.Spec.Rules = []gatewayv1.HTTPRouteRule{{Matches: []gatewayv1.HTTPRouteMatch{match}}}
		w.add(route)
		return
	}
	route := &gatewayv1alpha2.TLSRoute{}
	route.TypeMeta, route.ObjectMeta = metaOf(tlsRouteKind, w.namespace, name)
	route.Spec.ParentRefs, route.Spec.Hostnames = egressParent(p.Port), names
	to := gatewayv1.BackendRef{}
	parent := route.Spec.ParentRefs[0]
	to.Group, to.Kind, to.Name = parent.Group, parent.Kind, parent.Name
	route.Spec.Rules = []gatewayv1alpha2.TLSRouteRule{{BackendRefs: []gatewayv1.BackendRef{to}}}
	w.add(route)
}

func egressParent(port int32) []gatewayv1.ParentReference {
	group, kind := gatewayv1.Group(policyGroup), gatewayv1.Kind(egressNetworkKind.Kind)
	number := port
	return []gatewayv1.ParentReference{{Group: &group, Kind: &kind, Name: egressName, Port: &number}}
}
