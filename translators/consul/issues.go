package consul

import "github.com/meshloom/meshloom/translators"

// Codes of issues that the translation of traffic raises, documented in
// docs/reference/codes.md.
const (
	// codeInexpressible: a value of a supported field that Consul cannot say.
	// The message says what can be said instead.
	codeInexpressible = "ML2301"
	// codeNamesake: two Services of one name in member namespaces, which Consul
	// takes for one service. Rename one of them, or take its namespace out of
	// the mesh.
	codeNamesake = "ML2302"
	// codeMultiPort: a Service with several HTTP ports, of which Consul knows
	// one. Make a Service, with pods of its own, of every port.
	codeMultiPort = "ML2303"
	// codeProtocol: a backend that speaks another protocol than the Service it
	// is a backend of. Set the same appProtocol on both Service ports.
	codeProtocol = "ML2304"
	// codeHeadless: a Service without an address of its own, whose requests
	// Consul does not route. Give it a cluster IP.
	codeHeadless = "ML2305"
	// codeInvalidShare: the share of a backend that does not resolve is
	// answered 503, where other meshes answer 500. Correct the backend.
	codeInvalidShare = "ML2306"
	// codeUnmarked: pods of a subset whose annotations do not repeat their
	// labels, which Consul does not know. The message has the patch.
	codeUnmarked = "ML2307"
	// codePort: requests are routed to a port that the pods do not register.
	// Annotate them with the port, as the message says.
	codePort = "ML2308"
)

// finding is an issue in the making.
type finding = translators.Finding
