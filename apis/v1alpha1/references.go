package v1alpha1

// ClusterObjectReference names a cluster-scoped object, whose kind the field
// that holds the reference says.
type ClusterObjectReference struct {
	// name is the object's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`
}

// LocalObjectReference names an object in a namespace that the field which
// holds the reference says.
type LocalObjectReference struct {
	// name is the object's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`
}

// SecretObjectReference names a Secret. A Secret in another namespace needs a
// ReferenceGrant there, from the kind Gateway of gateway.networking.k8s.io in
// the referrer's namespace.
type SecretObjectReference struct {
	// name is the Secret's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`

	// namespace is the Secret's namespace. Absent means the referrer's own.
	//
	// +optional
	Namespace Namespace `json:"namespace,omitempty"`
}

// ParentReference names an IngressGateway, or one listener of it, that a
// GatewayRoute attaches to.
type ParentReference struct {
	// name is the IngressGateway's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`

	// namespace is the IngressGateway's namespace. Absent means the
	// route's own. No grant is needed: the listener's allowedRoutes decides.
	//
	// +optional
	Namespace Namespace `json:"namespace,omitempty"`

	// sectionName is the name of one listener. Absent means every listener
	// that lets the route in.
	//
	// +optional
	SectionName SectionName `json:"sectionName,omitempty"`
}

// BackendObjectReference names a port of a Service. A Service in another
// namespace needs a ReferenceGrant there, from the kind HTTPRoute of
// gateway.networking.k8s.io in the referrer's namespace.
type BackendObjectReference struct {
	// name is the Service's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`

	// namespace is the Service's namespace. Absent means the referrer's own.
	//
	// +optional
	Namespace Namespace `json:"namespace,omitempty"`

	// port is the Service's port (not the container's).
	//
	// +required
	Port PortNumber `json:"port,omitempty"`
}

// BackendRef is a Service port and its share of the requests.
type BackendRef struct {
	BackendObjectReference `json:",inline"`

	// weight is this backend's share, relative to the sum of all weights of
	// the same list. Absent means 1; 0 means no request.
	//
	// +optional
	// +default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Weight *int32 `json:"weight,omitempty"`
}

// PolicyTargetKind is a kind that a TrafficPolicy may target.
//
// +kubebuilder:validation:Enum=Service;TrafficSplit;GatewayRoute
type PolicyTargetKind string

const (
	// PolicyTargetService targets every request to a Service.
	PolicyTargetService PolicyTargetKind = "Service"
	// PolicyTargetTrafficSplit targets a TrafficSplit or one rule of it.
	PolicyTargetTrafficSplit PolicyTargetKind = "TrafficSplit"
	// PolicyTargetGatewayRoute targets a GatewayRoute or one rule of it.
	PolicyTargetGatewayRoute PolicyTargetKind = "GatewayRoute"
)

// PolicyTargetReference names an object of the policy's own namespace, or one
// rule of it.
//
// +kubebuilder:validation:XValidation:rule="self.kind != 'Service' || !has(self.sectionName)",message="a Service has no sections: remove sectionName, or target a rule of a TrafficSplit or GatewayRoute"
type PolicyTargetReference struct {
	// kind is Service, TrafficSplit or GatewayRoute.
	//
	// +required
	Kind PolicyTargetKind `json:"kind,omitempty"`

	// name is the object's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`

	// sectionName is the name of one rule of the TrafficSplit or
	// GatewayRoute. Absent means the whole object.
	//
	// +optional
	SectionName SectionName `json:"sectionName,omitempty"`
}
