package engine

import (
	"fmt"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translate says one resolved unit in its provider's words.
func (e *Engine) translate(unit *ir.Unit) (translators.Result, []BackendPairing) {
	switch {
	case unit.Empty():
		return translators.Result{}, nil
	case unit.Gateway != nil:
		return e.translateGateway(unit)
	case unit.Route != nil:
		return e.translateRoute(unit)
	default:
		return e.translateMesh(unit), nil
	}
}

// meshOf returns the mesh of a unit that is not at an ingress.
func meshOf(unit *ir.Unit) ir.Mesh {
	switch {
	case unit.Service != nil:
		return unit.Service.Mesh
	case unit.Access != nil:
		return unit.Access.Mesh
	case unit.Namespace != nil:
		return unit.Namespace.Mesh
	case unit.External != nil:
		return unit.External.Mesh
	default:
		return unit.Mesh.Mesh
	}
}

// providerOf returns the name of the provider in whose words a unit is said; ""
// where nothing of it is.
func providerOf(unit *ir.Unit) string {
	switch {
	case unit.Empty():
		return ""
	case unit.Gateway != nil:
		return unit.Gateway.Controller.Provider
	case unit.Route != nil:
		return unit.Route.Gateway.Controller.Provider
	default:
		return meshOf(unit).Provider
	}
}

func (e *Engine) translateMesh(unit *ir.Unit) translators.Result {
	mesh := meshOf(unit)
	provider, ok := e.provider(mesh.Provider)
	if !ok || provider.Mesh == nil {
		return translators.Result{Issues: rejectAll(unit, notOffered(unit.Key.Kind, mesh))}
	}
	env := e.MeshEnv(mesh)
	if env.Variant == "" {
		return translators.Result{Issues: rejectAll(unit, noDataPlane(mesh))}
	}
	issues := translators.Check(unit, provider.Supports(env))
	result, offered := callMesh(provider.Mesh, env, unit)
	if !offered {
		issues = append(issues, rejectAll(unit, notOffered(unit.Key.Kind, mesh))...)
	}
	if unit.Namespace != nil {
		result.Contributions = append(result.Contributions, membership(unit.Namespace)...)
	}
	result.Issues = append(result.Issues, issues...)
	return result
}

// callMesh calls the function for the unit's kind, if it is offered.
func callMesh(t *translators.MeshTranslator, env translators.Env, unit *ir.Unit) (translators.Result, bool) {
	switch {
	case unit.Service != nil && t.Service != nil:
		return t.Service(env, unit.Service), true
	case unit.Access != nil && t.Access != nil:
		return t.Access(env, unit.Access), true
	case unit.Namespace != nil && t.Namespace != nil:
		return t.Namespace(env, unit.Namespace), true
	case unit.External != nil && t.External != nil:
		return t.External(env, unit.External), true
	case unit.Mesh != nil && t.Mesh != nil:
		return t.Mesh(env, unit.Mesh), true
	}
	return translators.Result{}, false
}

func (e *Engine) provider(name string) (*translators.Provider, bool) {
	for i := range e.cfg.Providers {
		if e.cfg.Providers[i].Name == name {
			return &e.cfg.Providers[i], true
		}
	}
	return nil, false
}

func notOffered(kind ir.UnitKind, mesh ir.Mesh) string {
	return fmt.Sprintf("mesh %s: provider %s does not offer %s configuration in this version of Meshloom; choose another provider or remove the object", mesh.Name, mesh.Provider, kind)
}

func noDataPlane(mesh ir.Mesh) string {
	return fmt.Sprintf("mesh %s: its dataPlane is not offered for provider %s in this version of Meshloom; make a Mesh with another one, or remove the object", mesh.Name, mesh.Provider)
}
