package istio

import "github.com/meshloom/meshloom/translators"

// Codes of issues that this package raises, documented in
// docs/reference/codes.md.
const (
	// codeInexpressible: a value of a supported field that Istio cannot say.
	codeInexpressible = "ML2101"
	// codePathPattern: an access path that Istio would read as a pattern.
	codePathPattern = "ML2102"
	// codeSharedGateway: a member namespace that also runs an IngressGateway.
	codeSharedGateway = "ML2103"
	// codeNoSelector: an access target that selects no pods by label.
	codeNoSelector = "ML2104"
	// codeCertificate: a certificate that the gateway's pods cannot read.
	codeCertificate = "ML2105"
	// codeNoWorkload: an IngressGateway without a proxy to serve it.
	codeNoWorkload = "ML2106"
	// codePortCapture: an external TCP port that takes other connections along.
	codePortCapture = "ML2107"
	// codeValues: a value of a chart that says otherwise than the object it is
	// for. Remove it, and set the field of the object.
	codeValues = "ML2108"
	// codeCannotInstall: something that Istio's charts cannot make.
	codeCannotInstall = "ML2109"
	// codeDialled: calls that Istio ambient refuses although a policy admits
	// them: it asks the policies of the Service that was dialled, not of the pod.
	codeDialled = "ML2110"
	// codeEgressWaypoint: external hosts that get a waypoint of their own.
	codeEgressWaypoint = "ML2111"
)

// finding is an issue in the making.
type finding = translators.Finding
