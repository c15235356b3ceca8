package consul

// Codes of issues that the translation of access, mTLS and egress raises,
// documented in docs/reference/codes.md.
const (
	// codeNoSelector: an access target that selects no pods by label.
	codeNoSelector = "ML2320"
	// codeCallerShared: a caller whose service other pods run as too.
	codeCallerShared = "ML2321"
	// codeCallerUnknown: a caller that runs as no service of Consul's.
	codeCallerUnknown = "ML2322"
	// codeDeniesOthers: a caller in a Deny whose service other pods run as too.
	codeDeniesOthers = "ML2323"
	// codeDenyWidened: a Deny of some requests that denies all of them.
	codeDenyWidened = "ML2324"
	// codePortUnknown: a rule about ports, and pods that do not say which port
	// Consul forwards to.
	codePortUnknown = "ML2325"
	// codeAccessPath: a path of an access rule that Consul cannot compare.
	codeAccessPath = "ML2326"
	// codeOverlap: Services that select the same pods, of which Consul knows one.
	codeOverlap = "ML2327"
	// codeOtherName: pods that an annotation gives the name of another service.
	codeOtherName = "ML2328"
	// codePortsOpen: ports of a target that go round the proxy.
	codePortsOpen = "ML2329"
	// codeStaysStrict: a Service that refuses plaintext though the Mesh says
	// Permissive.
	codeStaysStrict = "ML2330"
	// codeExternal: an external host that Consul cannot be told of.
	codeExternal = "ML2331"
	// codeExternalScope: an external host that more may reach than were named.
	codeExternalScope = "ML2332"
)
