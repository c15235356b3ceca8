package translators

import (
	"fmt"
	"slices"
)

// Join says how requests from an ingress reach a backend of a mesh that needs
// the given layers: by the first of the mesh's ways that the ingress can go,
// such that each needed layer is provided by exactly one side, by the mesh if
// the way gives it and else by the route, if the ingress can carry it there.
//
// The result is Thin where the mesh provides all routing, request and
// destination policies that are needed, Inlined where the route carries all of
// them, Mixed where both have a part, and Plain without a mesh. Where no way
// can be gone it has no mode, and Issues that say why; these have no source,
// because they are about whatever asked for the pairing.
func Join(mesh *Provider, meshEnv Env, ingress *Provider, ingressEnv Env, needs Layers) Pairing { //nolint:revive // Two sides, each with what is known of it, and what is needed.
	if mesh == nil {
		return Pairing{Mode: Plain}
	}
	if ingress.Joinable == nil {
		return unpaired(mesh, ingress, nil)
	}
	var closed []closedWay
	for i := range mesh.Joins {
		way := &mesh.Joins[i]
		if way.When != nil && !way.When(meshEnv) || way.Native != "" && way.Native != ingress.Name {
			continue
		}
		if obstacles := way.obstacles(ingress.Joinable, needs); len(obstacles) > 0 {
			closed = append(closed, closedWay{way.Name, obstacles, way.Otherwise})
			continue
		}
		return way.pairing(ingress.Joinable, needs)
	}
	return unpaired(mesh, ingress, closed)
}

// obstacles says what keeps the ingress from going the way.
func (w *Way) obstacles(can *JoinAbilities, needs Layers) []string {
	var out []string
	for _, mark := range w.Marks {
		if !slices.Contains(can.Marks, mark.Place) {
			out = append(out, fmt.Sprintf("it lets nobody set %s on its %s", mark.Key, mark.Place))
		}
	}
	if w.Speaks != "" && !slices.Contains(can.Speaks, w.Speaks) {
		out = append(out, "it does not speak "+w.Speaks)
	}
	if _, ok := can.Dial[w.Dial]; w.Dial != DialAny && !ok {
		out = append(out, fmt.Sprintf("it cannot connect to the address of the %s", w.Dial))
	}
	if w.Host == HostService && !can.Host.tellsServices() {
		out = append(out, "it cannot replace the Host header by the Service's name")
	}
	if w.Header != "" && !can.Header.tellsServices() {
		out = append(out, fmt.Sprintf("it cannot set the header %s to the Service's address", w.Header))
	}
	if missing := needs.Without(w.Gives).Without(can.Inline); missing != (Layers{}) {
		out = append(out, "neither the mesh nor its routes would provide "+missing.String())
	}
	return out
}

// pairing is the result of going the way.
func (w *Way) pairing(can *JoinAbilities, needs Layers) Pairing {
	p := Pairing{
		Way: w.Name, ByMesh: needs.And(w.Gives), ByRoute: needs.Without(w.Gives),
		Marks: slices.Clone(w.Marks), Dial: w.Dial, Host: w.Host, Header: w.Header,
		Notes: slices.Clone(w.Notes), MTLS: w.Gives.Transport,
	}
	if w.Host == HostService {
		p.Choice = can.Host
	}
	if w.Header != "" && finer(p.Choice, can.Header) {
		p.Choice = can.Header
	}
	switch mesh, route := p.ByMesh.traffic(), p.ByRoute.traffic(); {
	case route == (Layers{}):
		p.Mode = Thin
	case mesh == (Layers{}):
		p.Mode = Inlined
	default:
		p.Mode = Mixed
	}
	if w.Gives.Identity && !can.OwnIdentity {
		p.Notes = append(p.Notes, "all gateways of this controller share one identity: access policies cannot tell them apart")
	}
	return p
}

// tellsServices says whether what is chosen in the scope can be different for
// different Services.
func (s Scope) tellsServices() bool { return s == PerBackend || s == PerRoute || s == PerService }

// finer says whether a is empty or chooses more finely than b.
func finer(a, b Scope) bool {
	order := []Scope{"", PerBackend, PerRoute, PerService, PerGateway, Always}
	return slices.Index(order, a) < slices.Index(order, b)
}
