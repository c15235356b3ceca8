package consul

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
)

// Name is the value of spec.provider in Mesh.
const Name = "Consul"

// Variant is the column of the capability matrix that this package fills: the
// Community Edition with one sidecar in every pod.
const Variant = "consul"

// checked is what the cells of the column were checked against, in the matrix's
// words.
const checked = "the schemas of Consul on Kubernetes of 2026-08 (a507b1d1e, 2.1.0-dev); every entry accepted and the main ones counted through the Envoys of a real " +
	"Consul 1.22.2; its controller on Kubernetes does not run in the tests"

// kinds are those that this package writes, in the order in which they are
// applied: what says protocols before intentions with permissions, and protocols
// and subsets before splitters and routers, which Consul refuses without. Who may
// call comes before what brings calls, and goes after it.
var kinds = []schema.GroupVersionKind{
	meshKind, proxyDefaultsKind, serviceDefaultsKind, serviceIntentionsKind, terminatingGatewayKind,
	serviceResolverKind, serviceSplitterKind, serviceRouterKind,
}

// Provider returns the provider. The result is the caller's own.
func Provider() translators.Provider {
	return translators.Provider{
		Name:     Name,
		Variants: []translators.Variant{{Name: Variant, Mesh: true, Checked: checked}},
		Kinds:    slices.Clone(kinds),
		Needs: translators.Requirements{
			Services: true, Callers: true, Namesakes: true, Serving: true,
			Annotations: append(slices.Clone(accessAnnotations), annotationMeta+"*"),
		},
		Facts: []translators.Fact{{
			Name: FactTerminatingGateway, Doc: "name of the TerminatingGateway, in the control plane's namespace, through which members reach hosts outside; without it ExternalServices are refused",
		}},
		Supports: supports,
		Mesh: &translators.MeshTranslator{
			Service:   translateService,
			Access:    translateAccess,
			Namespace: translateNamespace,
			Mesh:      translateMesh,
			External:  translateExternal,
		},
		Usual:       translators.Location{ControlPlaneNamespace: "consul"},
		Joins:       ways(),
		Proxied:     proxied,
		MemberMarks: memberMarks,
		Observe:     observe,
		Charts:      planner(),
		Rivals:      rivals,
		Expand:      expand,
		Verdict:     verdict,
	}
}
