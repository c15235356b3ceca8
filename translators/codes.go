package translators

// Codes of issues that translation raises, documented in
// docs/reference/codes.md. Codes 2000 to 2099 belong to this package, each
// provider has a hundred of its own above 2100.
const (
	// CodeNotOffered: the provider cannot do units of the kind at all.
	CodeNotOffered = "ML2001"
	// CodeUnsupported: the provider cannot do the feature.
	CodeUnsupported = "ML2002"
	// CodeEmulated: the feature works but for what the message says.
	CodeEmulated = "ML2003"
	// CodePairing: the ingress cannot take part in the mesh as it has to.
	CodePairing = "ML2004"
	// CodeInline: the route cannot carry what the mesh would have done.
	CodeInline = "ML2005"
	// CodeContribution: two objects want different values for one field of a
	// shared object.
	CodeContribution = "ML2006"
	// CodeRoute: a value of a supported field, or an order of rules, for which
	// routes of the Gateway API have no words.
	CodeRoute = "ML2007"
)
