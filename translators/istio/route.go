package istio

import (
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateRoute writes one VirtualService for a hostname of a listener, bound
// to the listener's Gateway. What the mesh would do to requests from its
// members is already in the routes; the backends' DestinationRules act at the
// gateway by themselves. Requests that no route matches are answered 404.
func translateRoute(env translators.Env, u *ir.RouteUnit, _ translators.Pairings) translators.Result {
	var result translators.Result
	if u.Gateway.Workload == nil || len(u.Routes) == 0 || !served(&u.Gateway, &u.Listener) {
		return result
	}
	table := routeTable{env: env, listener: u.Listener.Port, onlyPort: true}
	gateway := translators.ObjectRef{
		GroupVersionKind: gatewayKind, Namespace: u.Gateway.Workload.Namespace, Name: gatewayObject(&u.Gateway, &u.Listener),
	}
	service := &networkingv1.VirtualService{
		TypeMeta:   typeMeta(virtualServiceKind),
		ObjectMeta: objectMeta(u.Gateway.Namespace, uniqueName(u.Gateway.Name, u.Listener.Name, u.Hostname)),
		Spec: networking.VirtualService{
			Hosts:    []string{routeHost(u)},
			Gateways: []string{gateway.Namespace + "/" + gateway.Name},
			Http:     table.translate(u.Routes),
		},
	}
	var sources []ir.Source
	for i := range u.Routes {
		sources = append(sources, u.Routes[i].Sources()...)
	}
	after := append([]translators.ObjectRef{gateway}, subsetRules(u.Routes)...)
	result.Objects = append(result.Objects, object(service, sources, after...))
	result.Issues = table.issues
	return result
}

// routeHost is the host of a route: the listener's where the route has none.
func routeHost(u *ir.RouteUnit) string {
	if u.Hostname == "" || u.Hostname == "*" {
		return listenerHost(&u.Listener)
	}
	return u.Hostname
}

// subsetRules are the DestinationRules that define the subsets which the
// routes name: without them Istio answers 503.
func subsetRules(routes []ir.Route) []translators.ObjectRef {
	var refs []translators.ObjectRef
	seen := map[translators.ObjectRef]bool{}
	add := func(b *ir.Backend) {
		ref := destinationRuleRef(b.Service.Namespace, b.Service.Name)
		if b.Subset != "" && !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	for i := range routes {
		for j := range routes[i].Backends {
			add(&routes[i].Backends[j])
		}
		for j := range routes[i].Filters.Mirrors {
			add(&routes[i].Filters.Mirrors[j].Backend)
		}
	}
	return refs
}
