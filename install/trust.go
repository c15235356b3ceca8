package install

import "time"

// Trust says in which form a control plane takes its root of trust, as a
// Secret of its namespace. The charts of the provider must have a control plane
// that runs take what changes in the Secret, and the roots too, unless its plans
// carry these to it (MeshRequest.Roots).
type Trust struct {
	// Secret is the name of that Secret.
	Secret string
	// Entries names what goes into the Secret.
	Entries TrustEntries
	// Lifetime is how long certificates of workloads live at most, so how long
	// it takes until all of them were issued anew.
	Lifetime func(MeshRequest) time.Duration
	// Propagation is how long it takes at most from a write of the Secret until
	// every control plane issues by it.
	Propagation time.Duration
	// Noted is what pods note of the roots that their proxies were given when
	// they were made, as Proxy.Roots says it. Such proxies learn other roots only
	// by a restart. Nil where proxies learn roots while they run.
	Noted func(roots []byte) string
	// OnlyP256 says that proxies take no keys but ECDSA on P-256.
	OnlyP256 bool
}

// TrustEntries are the names of a Secret's entries, one for each field of an
// Authority. Certificate and Chain may be the same one, with the chain in it.
type TrustEntries struct{ Certificate, Key, Chain, Roots string }

// Authority is a signing authority and what workloads shall trust, all PEM.
type Authority struct {
	// Certificate and Key sign the workloads' certificates.
	Certificate, Key []byte
	// Chain leads from Certificate, which it begins with, up to and without a
	// root. It is Certificate alone where that is a root itself.
	Chain []byte
	// Roots are all that workloads shall trust now: while the root is rotated,
	// the old and the new one.
	Roots []byte
	// Since is when this signing root and these Roots were first given to the
	// control plane.
	Since time.Time
}

// KeptTrust is what Meshloom keeps of the roots that it generated.
type KeptTrust struct {
	// Root is the one in force, and Next the one that a rotation leads to. Both
	// have no Chain, and no Roots.
	Root Authority
	Next *Authority
	// Asked is the value of the annotation meshloom.io/rotate-root that was
	// answered last.
	Asked string
}
