package linkerd

import "github.com/meshloom/meshloom/translators"

// Codes of issues that this package raises, documented in
// docs/reference/codes.md. Those of routes are below ML2220.
const (
	// codeInexpressible: a value of a supported field that Linkerd cannot say.
	codeInexpressible = "ML2201"
	// codeUnreadable: a value that Linkerd could not read, and would drop the whole
	// route for.
	codeUnreadable = "ML2202"
	// codeHeadless: a Service without an address of its own, for which Linkerd
	// knows no routes.
	codeHeadless = "ML2203"
	// codeInherited: an annotation that somebody else wrote to the Service, and that
	// takes effect where the route says nothing. Remove it from the Service.
	codeInherited = "ML2204"
	// codeDefaultCodes: a retry that names no statuses.
	codeDefaultCodes = "ML2205"
)

// finding is an issue in the making.
type finding = translators.Finding
