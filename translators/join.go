package translators

import "github.com/meshloom/meshloom/translators/ir"

// Layers are the parts of a mesh that a request from an ingress may meet.
type Layers struct {
	// Transport is mutual TLS.
	Transport bool `json:"transport,omitempty"`
	// Identity is the ingress's own identity, seen by access policies.
	Identity bool `json:"identity,omitempty"`
	// Routing is what TrafficSplits say.
	Routing bool `json:"routing,omitempty"`
	// Request is what TrafficPolicies say of a request: timeouts, retry, fault.
	Request bool `json:"request,omitempty"`
	// Destination is outlier detection, pool, load balancing.
	Destination bool `json:"destination,omitempty"`
	// Access is what AccessPolicies say.
	Access bool `json:"access,omitempty"`
}

// Outcome is what happens to requests where a Way's conditions do not hold.
type Outcome string

// The outcomes.
const (
	Refused   Outcome = "Refused"
	Plaintext Outcome = "Plaintext"
	SplitLost Outcome = "SplitLost"
)

// Place is where a mark is put.
type Place string

// The places.
const (
	OnPod        Place = "Pod"
	OnNamespace  Place = "Namespace"
	OnService    Place = "Service"
	OnController Place = "Controller"
)

// Mark is a label, an annotation or a controller's setting that makes an
// ingress take part in a mesh.
type Mark struct {
	Place Place `json:"place"`
	// Annotation is true for annotations, false for labels and settings.
	Annotation bool   `json:"annotation,omitempty"`
	Key        string `json:"key"`
	Value      string `json:"value"`
}

// Dial is what address an ingress connects to.
type Dial string

// The addresses.
const (
	DialAny     Dial = "Any"
	DialPod     Dial = "Pod"
	DialService Dial = "Service"
)

// Host is the Host header that an ingress sends on.
type Host string

// The hosts.
const (
	HostAny Host = "Any"
	// HostKept is the one the client sent.
	HostKept Host = "Kept"
	// HostService is the Service's fully qualified name.
	HostService Host = "Service"
)

// Scope is how finely an ingress can choose.
type Scope string

// The scopes, finest first.
const (
	PerBackend Scope = "PerBackend"
	PerRoute   Scope = "PerRoute"
	PerService Scope = "PerService"
	PerGateway Scope = "PerGateway"
	// Always is how it is, without a choice.
	Always Scope = "Always"
)

// Way is one way for an ingress to take part in a mesh.
type Way struct {
	Name string
	// When says whether the way exists in the mesh's Env; nil is always.
	When func(Env) bool
	// Native is the name of the ingress provider that alone can go this way,
	// without marks: the mesh's own gateway. Empty is any ingress.
	Native string
	// Speaks is a protocol that the ingress must speak itself; empty is none.
	Speaks string
	Marks  []Mark
	Dial   Dial
	Host   Host
	// Header is a request header that the ingress must set to the Service's
	// address; empty is none.
	Header string
	// Gives are the layers that the mesh applies to requests that come this way.
	Gives Layers
	// Otherwise is what happens to requests that come without it.
	Otherwise Outcome
	// Notes are for the pairing's status: what differs for applications.
	Notes []string
}

// JoinAbilities is what an ingress can do to take part in a mesh.
type JoinAbilities struct {
	// Marks are the places where the ingress lets marks be put.
	Marks []Place
	// Dial maps the addresses that it can dial to how finely that is chosen.
	Dial map[Dial]Scope
	// Host is how finely it can replace the Host header; empty is not at all.
	Host Scope
	// Header is how finely it can set a request header; empty is not at all.
	Header Scope
	Speaks []string
	// Inline are the layers that its routes can carry.
	Inline Layers
	// OwnIdentity is true where each gateway runs under an identity of its own.
	OwnIdentity bool
}

// PairingMode says which side applies the mesh's rules to requests from an
// ingress.
type PairingMode string

// The pairing modes.
const (
	// Plain has no mesh.
	Plain PairingMode = "Plain"
	// Thin: the mesh applies all; routes point at the apex Service.
	Thin PairingMode = "Thin"
	// Inlined: the route carries all.
	Inlined PairingMode = "Inlined"
	// Mixed: both have a part.
	Mixed PairingMode = "Mixed"
)

// Pairing is how the routes of one gateway reach one backend.
type Pairing struct {
	Mode PairingMode `json:"mode"`
	// Way that was chosen; its name, for status.
	Way string `json:"way,omitempty"`
	// ByMesh and ByRoute are the layers that each side provides; no layer is
	// in both.
	ByMesh  Layers `json:"byMesh,omitzero"`
	ByRoute Layers `json:"byRoute,omitzero"`
	Marks   []Mark `json:"marks,omitempty"`
	Dial    Dial   `json:"dial,omitempty"`
	Host    Host   `json:"host,omitempty"`
	Header  string `json:"header,omitempty"`
	// Choice is how finely the ingress chooses the Host or Header that the way
	// asks for; empty where it asks for none.
	Choice Scope    `json:"choice,omitempty"`
	Notes  []string `json:"notes,omitempty"`
	// MTLS is true where requests to the mesh are encrypted and identified.
	MTLS bool `json:"mtls"`
	// Issues say why there is no pairing, or what it lacks.
	Issues []ir.Issue `json:"issues,omitempty"`
}

// Pairings of one route, by the Service behind it.
type Pairings map[ir.Ref]Pairing
