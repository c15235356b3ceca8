package ir

// Mesh is what units need to know of the mesh they belong to.
type Mesh struct {
	// Name of the Mesh object.
	Name string `json:"name"`
	// Provider is the value of spec.provider.
	Provider              string `json:"provider"`
	ControlPlaneNamespace string `json:"controlPlaneNamespace"`
	// TrustDomain of the members' identities; "cluster.local" where unset.
	TrustDomain string `json:"trustDomain"`
	// ClusterDomain is the DNS suffix of Services; "cluster.local" where unknown.
	ClusterDomain string `json:"clusterDomain"`
	// Adopted is true where the mesh was found, not installed by us.
	Adopted bool   `json:"adopted,omitempty"`
	Source  Source `json:"source,omitzero"`
}

// MTLSMode says whether workloads of members refuse plaintext.
type MTLSMode string

// The mTLS modes.
const (
	// MTLSStrict refuses plaintext from anybody but kubelet's probes.
	MTLSStrict MTLSMode = "Strict"
	// MTLSPermissive accepts both, and callers with a proxy use mTLS.
	MTLSPermissive MTLSMode = "Permissive"
	// MTLSDisabled accepts plaintext only.
	MTLSDisabled MTLSMode = "Disabled"
)

// MTLS is the mode that is to be written.
type MTLS struct {
	// Mode as asked for. Resolve withholds Strict, with an Issue, while member
	// pods lack a proxy and force is unset: then Mode is what can be applied.
	Mode   MTLSMode `json:"mode"`
	Source Source   `json:"source"`
}

// AccessDefault decides in-mesh requests that no AccessPolicy speaks of.
type AccessDefault string

// The access defaults.
const (
	AccessAllow AccessDefault = "Allow"
	AccessDeny  AccessDefault = "Deny"
)

// EgressDefault decides requests to hosts that no ExternalService and no
// Service names. It is not a security boundary: a workload that goes round its
// proxy goes round it.
type EgressDefault string

// The egress defaults.
const (
	EgressAllow EgressDefault = "Allow"
	EgressDeny  EgressDefault = "Deny"
)
