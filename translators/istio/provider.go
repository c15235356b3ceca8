// Package istio says units in the words of Istio: a mesh of sidecars, a mesh of
// ztunnels and waypoints, and Istio's own gateway as an ingress. All knowledge of Istio lives here.
//
// Files are named after what they translate; README.md lists what maps to
// what, what is lost on the way and why. How Istio reads what is written here
// was read in its source and seen on a real one; where its meaning differs
// from the IR's (string prefixes, several retry defaults, patterns in access
// paths) the translation adapts, and where it cannot, an Issue says so.
package istio

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Name is the value of spec.provider in Mesh and IngressController.
const Name = "Istio"

// The columns of the capability matrix that this package fills.
const (
	VariantSidecar = "istio-sidecar"
	VariantAmbient = "istio-ambient"
	VariantGateway = "istio-gateway"
)

// What the cells of the columns were checked against, in the matrix's words.
const (
	checkedSidecar = "the schemas and the validation of Istio 1.31; compiled by a real istiod 1.31; the main ones counted through its real sidecars, 1.30 and 1.31"
	checkedAmbient = "the schemas and the validation of Istio 1.31 and the Gateway API 1.6; the main ones compiled by a real istiod 1.31, for a waypoint and for ztunnel; no request was counted"
	checkedGateway = "the schemas and the validation of Istio 1.31; compiled by a real istiod 1.31; the main ones counted through its real gateway"
)

// FactRevision is the fact that names the revision of the control plane that
// members use; absent or "default" is the default revision.
const FactRevision = translators.FactRevision

// Provider returns the provider. The result is the caller's own.
func Provider() translators.Provider {
	return translators.Provider{
		Name: Name,
		Variants: []translators.Variant{
			{Name: VariantSidecar, Mesh: true, DataPlane: "Sidecar", Checked: checkedSidecar},
			{Name: VariantAmbient, Mesh: true, DataPlane: "Ambient", Checked: checkedAmbient},
			{Name: VariantGateway, Checked: checkedGateway},
		},
		Kinds:   slices.Clone(kinds),
		Foreign: []schema.GroupVersionKind{grpcRouteKind},
		Needs:   translators.Requirements{Reach: true, Annotations: []string{annotationRedirection}},
		Facts: []translators.Fact{{
			Name: FactRevision, Doc: "name of the control plane whose proxies members have, if it is not the default one",
		}},
		Supports: supports,
		Mesh: &translators.MeshTranslator{
			Service: byDataPlane(func(env translators.Env, u *ir.ServiceUnit) translators.Result {
				return withZeros(translateService(env, u))
			}, translateAmbientService),
			Access: byDataPlane(translateAccess, translateAmbientAccess),
			Namespace: byDataPlane(func(env translators.Env, u *ir.NamespaceUnit) translators.Result {
				return withZeros(translateNamespace(env, u))
			}, translateAmbientNamespace),
			Mesh:     translateMesh,
			External: byDataPlane(translateExternal, translateAmbientExternal),
		},
		Ingress: &translators.IngressTranslator{
			Gateway: translateGateway,
			Route: func(env translators.Env, u *ir.RouteUnit, pairings translators.Pairings) translators.Result {
				return withZeros(translateRoute(env, u, pairings))
			},
		},
		Usual: translators.Location{
			ControlPlaneNamespace: "istio-system", ControllerNamespace: "istio-system", GatewayClass: "istio",
		},
		Joins:       ways(),
		Joinable:    joinable(),
		Proxied:     proxied,
		Member:      member,
		MemberMarks: memberMarks,
		Rivals:      rivals,
		Expand:      expand,
		Verdict:     verdict,
		Observe:     observe,
		Charts:      planner(),
	}
}

// byDataPlane chooses between the translations of the two data planes.
func byDataPlane[U any](sidecar, ambient func(translators.Env, U) translators.Result) func(translators.Env, U) translators.Result {
	return func(env translators.Env, u U) translators.Result {
		if env.Variant == VariantAmbient {
			return ambient(env, u)
		}
		return sidecar(env, u)
	}
}

// annotationRedirection is what Istio's node agent writes on pods whose traffic
// ztunnel has taken over.
const annotationRedirection = "ambient.istio.io/redirection"

// proxied says whether the injector has put Istio's proxy into the workload, or
// ztunnel stands in for it.
func proxied(w ir.Workload) bool {
	return slices.Contains(w.Containers, "istio-proxy") || w.Annotations[annotationRedirection] == "enabled"
}

// member says whether the injector of any revision, or ztunnel, acts in a namespace
// with the labels. Of the injector's labels Istio looks at istio-injection
// first.
func member(labels, _ map[string]string) bool {
	if labels[labelDataPlane] == dataPlaneAmbient {
		return true
	}
	if injection, ok := labels["istio-injection"]; ok {
		return injection == "enabled"
	}
	return labels[labelRevision] != ""
}

// memberMarks returns the label by which the injector knows a namespace, or
// Istio's node agents do.
func memberMarks(env translators.Env) []translators.Mark {
	if env.Variant == VariantAmbient {
		return ambientMarks()
	}
	mark := translators.Mark{Place: translators.OnNamespace, Key: "istio-injection", Value: "enabled"}
	if rev := env.Facts[FactRevision]; rev != "" && rev != defaultRevision {
		mark.Key, mark.Value = labelRevision, rev
	}
	return []translators.Mark{mark}
}

// translateMesh writes nothing: what members need is written per namespace, so
// that namespaces outside the mesh are never touched.
func translateMesh(translators.Env, *ir.MeshUnit) translators.Result { return translators.Result{} }
