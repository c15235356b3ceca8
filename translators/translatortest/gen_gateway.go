package translatortest

import (
	"fmt"

	"github.com/meshloom/meshloom/translators/ir"
)

// RouteUnit returns a random unit of the gateway edge/public, in whose mesh
// most backends are.
func (g *Gen) RouteUnit() *ir.Unit {
	gateway := gatewayUnit()
	u := &ir.RouteUnit{Gateway: gateway, Listener: gateway.Listeners[0], Hostname: Hostname}
	names := []string{"details", "outside", "productpage", "reviews"}
	for i := range 1 + g.IntN(3) {
		match := g.match()
		if g.chance(3) {
			match = ir.Match{}
		}
		route := g.line(fmt.Sprintf("route-%d", i), match, g.routeBackends(names))
		route.Source = source("GatewayRoute", "shop", fmt.Sprintf("spec.rules[%d]", i))
		u.Routes = append(u.Routes, route)
	}
	for _, name := range names {
		b := ir.RouteBackend{Service: service(name), Member: name != "outside"}
		if b.Member && g.chance(2) {
			b.Split = g.serviceUnit(name)
		}
		u.Backends = append(u.Backends, b)
	}
	return &ir.Unit{
		Key:          ir.Key{Kind: ir.KindRoute, Namespace: gateway.Namespace, Name: gateway.Name, Listener: u.Listener.Name, Hostname: u.Hostname},
		Participants: []ir.Participant{{Object: ir.Ref{Kind: "GatewayRoute", Namespace: Namespace, Name: "shop"}, Generation: 1, On: ir.Target{Kind: "IngressGateway", Namespace: gateway.Namespace, Name: gateway.Name}}},
		Route:        u,
	}
}

func (g *Gen) routeBackends(names []string) []ir.Backend {
	picked := some(g, names)
	if len(picked) > 2 || g.Without[ir.SplitByService] {
		picked = picked[:1]
	}
	var out []ir.Backend
	for i, name := range picked {
		b := ir.Backend{Service: serviceRef(name), Weight: one(g, []int64{1, 1, 3, 10}), Source: source("GatewayRoute", "shop", fmt.Sprintf("spec.rules[0].backendRefs[%d]", i))}
		if g.may(8, ir.BackendHeaders) {
			b.Filters.RequestHeaders = g.headers()
		}
		if g.may(8, ir.BackendHeaders) {
			b.Filters.ResponseHeaders = g.headers()
		}
		out = append(out, b)
	}
	return out
}

func gatewayUnit() ir.GatewayUnit {
	m := mesh()
	at := ir.Source{Ref: ir.Ref{Kind: "IngressGateway", Namespace: "edge", Name: "public"}, Generation: 1}
	return ir.GatewayUnit{
		Namespace: "edge", Name: "public", Mesh: &m, Source: at,
		Controller: ir.Controller{Name: "front", Provider: "Test", Namespace: "ingress-system", GatewayClass: "front"},
		Listeners:  []ir.Listener{{Name: "web", Port: GatewayPort, Protocol: ir.ListenerHTTP, Hostname: "*", Source: at.At("spec.listeners[0]")}},
		Workload: &ir.GatewayWorkload{
			Namespace: "edge", Name: "public", Selector: map[string]string{"gateway": "public"},
			Identity: ir.Identity{Namespace: "edge", ServiceAccount: "public"},
			Ports:    []ir.Port{{Number: GatewayPort, Name: "web", Protocol: ir.ProtocolHTTP, Targets: []int32{8080}}},
		},
	}
}
