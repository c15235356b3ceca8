package install

import "time"

// Trust says in which form a control plane takes its root of trust, as a
// Secret of its namespace.
type Trust struct {
	// Secret is the name of that Secret.
	Secret string
	// Entries says what goes into the Secret.
	Entries func(Authority) map[string][]byte
	// Lifetime is how long certificates of workloads live at most, so how long
	// it takes until all of them were issued anew.
	Lifetime func(MeshRequest) time.Duration
}

// Authority is a signing authority and what workloads shall trust, all PEM.
type Authority struct {
	// Certificate and Key sign the workloads' certificates.
	Certificate, Key []byte
	// Chain leads from Certificate up to, and without, a root.
	Chain []byte
	// Roots are all that workloads shall trust now: while the root is rotated,
	// the old and the new one.
	Roots []byte
}
