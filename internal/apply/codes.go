package apply

// Codes of issues that applying raises, documented in docs/reference/codes.md.
// Codes 3000 to 3099 belong to this package.
const (
	// CodeMissingKind: a native kind is not served by the cluster.
	CodeMissingKind = "ML3001"
	// CodeForeignObject: a foreign object has the name of ours.
	CodeForeignObject = "ML3002"
	// CodeRival: a foreign object speaks for the same host or target.
	CodeRival = "ML3003"
	// CodeWaits: something else must exist, or be gone, first.
	CodeWaits = "ML3004"
	// CodeFieldTaken: a field of a shared object is owned by somebody else.
	CodeFieldTaken = "ML3005"
	// CodeRefused: the API server or a webhook refused an object.
	CodeRefused = "ML3006"
	// CodeFailed: writing failed and is tried again.
	CodeFailed = "ML3007"
	// CodeFrozen: an edit that cannot be expressed keeps the last native objects.
	CodeFrozen = "ML3008"
	// CodeHeld: a removal waits for confirmation.
	CodeHeld = "ML3009"
	// CodeAltered: something changes an object of ours as it is written.
	CodeAltered = "ML3010"
)
