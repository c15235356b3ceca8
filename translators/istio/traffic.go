package istio

import (
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// meshGateway stands for all sidecars in VirtualServices.
const meshGateway = "mesh"

// translateService writes one VirtualService and one DestinationRule for a
// Service, each only where it has something to say. Istio does not merge two
// VirtualServices of one host for sidecars, so there is never a second.
func translateService(env translators.Env, u *ir.ServiceUnit) translators.Result {
	var result translators.Result
	var after []translators.ObjectRef
	if rule := destinationRule(u); rule != nil {
		result.Objects = append(result.Objects, object(rule, destinationSources(u)))
		after = append(after, destinationRuleRef(u.Service.Namespace, u.Service.Name))
	}
	if len(u.Ports) == 0 {
		return result
	}
	var sources []ir.Source
	service := &networkingv1.VirtualService{
		TypeMeta:   typeMeta(virtualServiceKind),
		ObjectMeta: objectMeta(u.Service.Namespace, serviceObject(u.Service.Name)),
		Spec: networking.VirtualService{
			Hosts:    []string{u.Service.Host},
			Gateways: []string{meshGateway},
		},
	}
	for i := range u.Ports {
		table := routeTable{env: env, listener: u.Ports[i].Port.Number, onlyPort: len(u.Service.Ports) < 2}
		service.Spec.Http = append(service.Spec.Http, table.translate(u.Ports[i].Routes)...)
		result.Issues = append(result.Issues, table.issues...)
		for j := range u.Ports[i].Routes {
			sources = append(sources, u.Ports[i].Routes[j].Sources()...)
		}
	}
	service.Spec.Http = append(service.Spec.Http, untouchedPorts(u)...)
	result.Objects = append(result.Objects, object(service, sources, after...))
	return result
}

// untouchedPorts are catch-alls for the ports that the unit does not speak of:
// Istio answers 404 on every HTTP port of a host that a VirtualService names
// and has no route for.
func untouchedPorts(u *ir.ServiceUnit) []*networking.HTTPRoute {
	spoken := map[int32]bool{}
	for _, p := range u.Ports {
		spoken[p.Port.Number] = true
	}
	var routes []*networking.HTTPRoute
	for _, port := range u.Service.Ports {
		if spoken[port.Number] || !port.Protocol.HTTP() && port.Protocol != ir.ProtocolUnknown {
			continue
		}
		routes = append(routes, &networking.HTTPRoute{
			Match: []*networking.HTTPMatchRequest{{Port: unsigned(port.Number)}},
			Route: []*networking.HTTPRouteDestination{{Destination: &networking.Destination{
				Host: u.Service.Host, Port: &networking.PortSelector{Number: unsigned(port.Number)},
			}}},
		})
	}
	return routes
}
