// Package linkerd says units in the words of Linkerd, releases 2.18 to 2.20. All
// knowledge of Linkerd lives here.
//
// Files are named after what they translate; README.md lists what maps to what,
// what is lost on the way and why. Linkerd drops what it cannot read without a
// word in any status, and keeps what it had before. So nothing is written that
// it cannot read: an Issue stands in its place.
package linkerd

import (
	"slices"

	"github.com/meshloom/meshloom/translators"
)

// Name is the value of spec.provider in Mesh.
const Name = "Linkerd"

// Variant is the column of the capability matrix that this package fills.
const Variant = "linkerd"

// checked is what the cells of the column were checked against, in the matrix's
// words.
const checked = "the schemas of Linkerd of 2026-08 (b24cd4059) and of the Gateway API 1.6, and what a real one of that month was seen to do; " +
	"no Linkerd runs in the tests: nothing was compiled and no request counted"

// Provider returns the provider. The result is the caller's own.
func Provider() translators.Provider {
	return translators.Provider{
		Name:     Name,
		Variants: []translators.Variant{{Name: Variant, Mesh: true, Checked: checked}},
		Kinds:    slices.Clone(kinds),
		Parts:    slices.Clone(contributed),
		Foreign:  slices.Clone(foreign),
		Needs:    translators.Requirements{Services: true, RateLimit: true, Annotations: append(slices.Clone(inherited), annotationInboundPolicy)},
		Facts: []translators.Fact{
			{Name: FactDefaultInboundPolicy, Doc: "the mesh's proxy.defaultInboundPolicy, if it is not all-unauthenticated: what it has by itself is not said again"},
			{Name: FactProbeNetworks, Doc: "networks that kubelet's probes come from, as CIDRs with commas between: paths of probes are open to them instead of to everybody"},
		},
		Supports: supports,
		Mesh: &translators.MeshTranslator{
			Service:   translateService,
			Access:    translateAccess,
			Namespace: translateNamespace,
			Mesh:      translateMesh,
			External:  translateExternal,
		},
		Usual:       translators.Location{ControlPlaneNamespace: "linkerd"},
		Joins:       ways(),
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
