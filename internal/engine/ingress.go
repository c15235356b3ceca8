package engine

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// allLayers is what a gateway that joins a mesh has to be ready for.
var allLayers = translators.Layers{
	Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true,
}

// side is one side of a pairing: a provider and what is known of it.
type side struct {
	provider *translators.Provider
	env      translators.Env
}

// sides finds the ingress of a gateway and the mesh it is paired with, whose
// provider is nil for a plain ingress.
func (e *Engine) sides(gateway *ir.GatewayUnit) (ingress, mesh side, problem string) {
	controller := gateway.Controller
	provider, ok := e.provider(controller.Provider)
	if !ok || provider.Ingress == nil {
		return side{}, side{}, fmt.Sprintf("ingress controller %s: provider %s is not offered as an ingress in this version of Meshloom; choose another provider", controller.Name, controller.Provider)
	}
	ingress = side{provider, e.ControllerEnv(controller)}
	if gateway.Mesh == nil {
		return ingress, side{}, ""
	}
	if provider, ok = e.provider(gateway.Mesh.Provider); !ok || provider.Mesh == nil {
		return side{}, side{}, fmt.Sprintf("mesh %s: provider %s is not offered as a mesh in this version of Meshloom; choose another provider", gateway.Mesh.Name, gateway.Mesh.Provider)
	}
	env := e.MeshEnv(*gateway.Mesh)
	if env.Variant == "" {
		return side{}, side{}, noDataPlane(*gateway.Mesh)
	}
	return ingress, side{provider, env}, ""
}

func (e *Engine) translateGateway(unit *ir.Unit) (translators.Result, []BackendPairing) {
	gateway := unit.Gateway
	ingress, mesh, problem := e.sides(gateway)
	if problem != "" {
		return translators.Result{Issues: rejectAll(unit, problem)}, nil
	}
	pairing := translators.Join(mesh.provider, mesh.env, ingress.provider, ingress.env, allLayers)
	result := translators.Result{}
	if ingress.provider.Ingress.Gateway != nil {
		result = ingress.provider.Ingress.Gateway(ingress.env, gateway, pairing)
	}
	result.Issues = append(result.Issues, translators.Check(unit, ingress.provider.Supports(ingress.env))...)
	result.Issues = append(result.Issues, located(pairing.Issues, gateway.Source)...)
	result.Contributions = append(result.Contributions, pairedNamespace(gateway)...)
	self := ir.Ref{Kind: v1alpha1.KindIngressGateway, Namespace: gateway.Namespace, Name: gateway.Name}
	return result, []BackendPairing{{Backend: self, Pairing: pairing}}
}

func (e *Engine) translateRoute(unit *ir.Unit) (translators.Result, []BackendPairing) {
	route := unit.Route
	ingress, mesh, problem := e.sides(&route.Gateway)
	if problem != "" {
		return translators.Result{Issues: rejectAll(unit, problem)}, nil
	}
	pairings, list := e.pairBackends(route, ingress, mesh)
	inlined, issues := translators.Inline(route, pairings)
	checked := *unit
	checked.Route = inlined
	issues = append(issues, translators.Check(&checked, ingress.provider.Supports(ingress.env))...)
	result := translators.Result{}
	if ingress.provider.Ingress.Route != nil {
		result = ingress.provider.Ingress.Route(ingress.env, inlined, pairings)
	} else {
		issues = append(issues, rejectAll(unit, "the ingress does not offer routes")...)
	}
	result.Issues = append(result.Issues, issues...)
	return result, list
}

// pairBackends joins the two sides for every Service behind the route. An
// Issue of a pairing is about the routes that name the Service.
func (e *Engine) pairBackends(route *ir.RouteUnit, ingress, mesh side) (translators.Pairings, []BackendPairing) {
	pairings := translators.Pairings{}
	var list []BackendPairing
	for _, backend := range route.Backends {
		ref, joined := backend.Service.Ref(), mesh
		if !backend.Member {
			joined = side{}
		}
		pairing := translators.Join(joined.provider, joined.env, ingress.provider, ingress.env, translators.Needs(backend))
		pairings[ref] = pairing
		list = append(list, BackendPairing{Backend: ref, Pairing: pairing})
	}
	return pairings, list
}

// located gives issues that have no source the one that they are about.
func located(issues []ir.Issue, source ir.Source) []ir.Issue {
	out := make([]ir.Issue, len(issues))
	for i, issue := range issues {
		if issue.Source.Name == "" {
			issue.Source = source
		}
		out[i] = issue
	}
	return out
}

// rejectAll rejects every object with a part in the unit.
func rejectAll(unit *ir.Unit, message string) []ir.Issue {
	var issues []ir.Issue
	for _, p := range unit.Participants {
		issues = append(issues, ir.Issue{
			Effect: ir.EffectRejected, Source: ir.Source{Ref: p.Object, Generation: p.Generation}, Target: p.Target,
			Reason: string(v1alpha1.ReasonUnsupported), Code: translators.CodeNotOffered, Message: message,
		})
	}
	return issues
}
