package apply

// Codes of issues that applying raises. Their comments are what
// docs/reference/codes.md says of them. Codes 3000 to 3099 belong to this
// package.
const (
	// CodeMissingKind: a native kind is not served by the cluster. Install its
	// CustomResourceDefinition; what waits for it is written by itself then.
	CodeMissingKind = "ML3001"
	// CodeForeignObject: an object that Meshloom did not make has the name of one that
	// it would make, and is left alone. Remove or rename it.
	CodeForeignObject = "ML3002"
	// CodeRival: a native object that Meshloom did not make speaks for the same host or
	// the same workloads. For routing, nothing is written beside it; for access,
	// ours is written although theirs may admit more. Remove one of the two.
	CodeRival = "ML3003"
	// CodeWaits: something else must exist, or be gone, before this can be
	// written. Nothing is to be done but what the message says of the other.
	CodeWaits = "ML3004"
	// CodeFieldTaken: a field of a shared object was set by somebody else to
	// another value, which stays. Remove it there, or what asks for it here.
	CodeFieldTaken = "ML3005"
	// CodeRefused: the API server, or an admission webhook, refused a native
	// object. The message has its words; it is tried again ever more seldom.
	CodeRefused = "ML3006"
	// CodeFailed: writing a native object failed and is tried again by itself.
	CodeFailed = "ML3007"
	// CodeFrozen: an edit that cannot be expressed keeps the last native objects
	// of everything that shares them. Mend or remove the object that is named.
	CodeFrozen = "ML3008"
	// CodeHeld: more than half of a mesh's native objects would be removed at
	// once. Undo what caused it, or agree by the annotation that is named.
	CodeHeld = "ML3009"
	// CodeAltered: something in the cluster changes a native object as it is
	// written, so it is not what was asked for. Look at the admission webhooks.
	CodeAltered = "ML3010"
	// CodeContested: somebody keeps changing a native object back. Its managed
	// fields say who; stop them, or remove what asks for it here.
	CodeContested = "ML3011"
	// CodeNotTaken: the mesh or the ingress itself refuses a native object that the
	// API server has taken. The message has its words; mend what they name.
	CodeNotTaken = "ML3012"
)
