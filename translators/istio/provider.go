// Package istio says units in the words of Istio: a mesh of sidecars, and
// Istio's own gateway as an ingress. All knowledge of Istio lives here.
//
// Files are named after what they translate; README.md lists what maps to
// what, what is lost on the way and why. How Istio reads what is written here
// was read in its source and seen on a real one; where its meaning differs
// from the IR's (string prefixes, several retry defaults, patterns in access
// paths) the translation adapts, and where it cannot, an Issue says so.
package istio

import (
	"slices"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Name is the value of spec.provider in Mesh and IngressController.
const Name = "Istio"

// The columns of the capability matrix that this package fills.
const (
	VariantSidecar = "istio-sidecar"
	VariantGateway = "istio-gateway"
)

// What the cells of the columns were checked against, in the matrix's words.
const (
	checkedSidecar = "the schemas and the validation of Istio 1.31; compiled by a real istiod 1.31; the main ones counted through its real sidecars, 1.30 and 1.31"
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
			{Name: VariantGateway, Checked: checkedGateway},
		},
		Kinds:    slices.Clone(kinds),
		Supports: supports,
		Mesh: &translators.MeshTranslator{
			Service: func(env translators.Env, u *ir.ServiceUnit) translators.Result {
				return withZeros(translateService(env, u))
			},
			Access: translateAccess,
			Namespace: func(env translators.Env, u *ir.NamespaceUnit) translators.Result {
				return withZeros(translateNamespace(env, u))
			},
			Mesh:     translateMesh,
			External: translateExternal,
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
		Observe:     observe,
		Charts:      planner(),
	}
}

// proxied says whether the injector has put Istio's proxy into the workload.
func proxied(w ir.Workload) bool {
	return slices.Contains(w.Containers, "istio-proxy")
}

// member says whether the injector of any revision acts in a namespace with the
// labels. Istio looks at istio-injection first.
func member(labels, _ map[string]string) bool {
	if injection, ok := labels["istio-injection"]; ok {
		return injection == "enabled"
	}
	return labels["istio.io/rev"] != ""
}

// memberMarks returns the label by which the injector knows a namespace.
func memberMarks(env translators.Env) []translators.Mark {
	mark := translators.Mark{Place: translators.OnNamespace, Key: "istio-injection", Value: "enabled"}
	if rev := env.Facts[FactRevision]; rev != "" && rev != "default" {
		mark.Key, mark.Value = "istio.io/rev", rev
	}
	return []translators.Mark{mark}
}

// translateMesh writes nothing: what members need is written per namespace, so
// that namespaces outside the mesh are never touched.
func translateMesh(translators.Env, *ir.MeshUnit) translators.Result { return translators.Result{} }
