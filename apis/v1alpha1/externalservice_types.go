package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ExternalService is a host outside of the mesh that members may reach.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=externalservices,shortName=mlext,categories=meshloom
// +kubebuilder:printcolumn:name="Hosts",type=string,JSONPath=`.spec.hosts`
// +kubebuilder:printcolumn:name="Resolution",type=string,priority=1,JSONPath=`.spec.resolution`
// +kubebuilder:printcolumn:name="Scope",type=string,JSONPath=`.spec.scope`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type ExternalService struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec ExternalServiceSpec `json:"spec,omitzero"`

	// status is what became of it.
	//
	// +optional
	Status ExternalServiceStatus `json:"status,omitzero"`
}

// ExternalServiceList is a list of ExternalServices.
//
// +kubebuilder:object:root=true
type ExternalServiceList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []ExternalService `json:"items"`
}

// ExternalServiceSpec says what may be reached, and how.
//
// +kubebuilder:validation:XValidation:rule="has(self.endpoints) == (has(self.resolution) && self.resolution == 'Static')",message="set endpoints exactly when resolution is Static"
type ExternalServiceSpec struct {
	// hosts are the names that members call. "*.x" stands for every name
	// below x, which not every mesh can do. Names of the cluster's own
	// domain are refused: those are Services.
	//
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(h, h.contains('.'))",message="a host without a dot is a name of the cluster: write the full name, such as api.pay.example"
	// +kubebuilder:validation:XValidation:rule="self.all(h, !h.endsWith('.svc') && !h.contains('.svc.') && !h.endsWith('.cluster.local') && h != 'cluster.local' && !(h.startsWith('*.') && '.svc.cluster.local'.endsWith(h.substring(1))))",message="a host of the cluster's own domain is a Service, not an external one: name a host outside of the cluster"
	Hosts []Hostname `json:"hosts,omitempty"`

	// ports are the ports that members call.
	//
	// +required
	// +listType=map
	// +listMapKey=port
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []ExternalPort `json:"ports,omitempty"`

	// resolution says how a host becomes an address. DNS: its name is looked
	// up. Static: it is one of endpoints. None: it is the address that the
	// caller dialled. Absent means DNS.
	//
	// +optional
	// +default="DNS"
	Resolution ExternalResolution `json:"resolution,omitempty"`

	// endpoints are the addresses of the hosts when resolution is Static.
	//
	// +optional
	// +listType=map
	// +listMapKey=address
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Endpoints []ExternalEndpoint `json:"endpoints,omitempty"`

	// scope says who may reach the hosts. Namespace: members in this
	// namespace. Mesh: every member, where the mesh's
	// egress.allowedNamespaces lets this namespace say so. Absent means
	// Namespace.
	//
	// +optional
	// +default="Namespace"
	Scope ExternalScope `json:"scope,omitempty"`
}

// ExternalProtocol is what an external host speaks.
//
// +kubebuilder:validation:Enum=HTTP;HTTP2;GRPC;TLS;TCP
type ExternalProtocol string

const (
	// ExternalHTTP is plain HTTP/1.1.
	ExternalHTTP ExternalProtocol = "HTTP"
	// ExternalHTTP2 is plain HTTP/2.
	ExternalHTTP2 ExternalProtocol = "HTTP2"
	// ExternalGRPC is plain gRPC.
	ExternalGRPC ExternalProtocol = "GRPC"
	// ExternalTLS is TLS that the caller begins itself.
	ExternalTLS ExternalProtocol = "TLS"
	// ExternalTCP is anything over TCP; hosts cannot be told apart by it.
	ExternalTCP ExternalProtocol = "TCP"
)

// ExternalPort is a port of an external host.
type ExternalPort struct {
	// port is the port.
	//
	// +required
	Port PortNumber `json:"port,omitempty"`

	// protocol is HTTP, HTTP2, GRPC, TLS or TCP.
	//
	// +required
	Protocol ExternalProtocol `json:"protocol,omitempty"`
}

// ExternalResolution says how a host becomes an address.
//
// +kubebuilder:validation:Enum=DNS;Static;None
type ExternalResolution string

const (
	// ResolutionDNS looks the name up.
	ResolutionDNS ExternalResolution = "DNS"
	// ResolutionStatic takes one of the endpoints.
	ResolutionStatic ExternalResolution = "Static"
	// ResolutionNone takes the address that the caller dialled.
	ResolutionNone ExternalResolution = "None"
)

// ExternalEndpoint is an address of an external host.
type ExternalEndpoint struct {
	// address is an IPv4 or IPv6 address.
	//
	// +required
	// +kubebuilder:validation:MinLength=2
	// +kubebuilder:validation:MaxLength=45
	// +kubebuilder:validation:XValidation:rule="isIP(self)",message="address must be an IPv4 or IPv6 address; for a name use resolution DNS"
	Address string `json:"address,omitempty"`
}

// ExternalScope says who may reach an external host.
//
// +kubebuilder:validation:Enum=Namespace;Mesh
type ExternalScope string

const (
	// ScopeNamespace means members in the same namespace.
	ScopeNamespace ExternalScope = "Namespace"
	// ScopeMesh means every member.
	ScopeMesh ExternalScope = "Mesh"
)

// ExternalServiceStatus says what became of an ExternalService.
type ExternalServiceStatus struct {
	TargetedStatus `json:",inline"`
}
