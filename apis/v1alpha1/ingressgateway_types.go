package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// IngressGateway is one gateway of an IngressController: the listeners it has,
// and the mesh it is paired with.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=ingressgateways,shortName=mligw,categories=meshloom
// +kubebuilder:printcolumn:name="Controller",type=string,JSONPath=`.spec.controllerRef.name`
// +kubebuilder:printcolumn:name="Mesh",type=string,JSONPath=`.spec.meshRef.name`
// +kubebuilder:printcolumn:name="Address",type=string,JSONPath=`.status.addresses[0].value`
// +kubebuilder:printcolumn:name="Pairing",type=string,priority=1,JSONPath=`.status.pairing.mode`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type IngressGateway struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec IngressGatewaySpec `json:"spec,omitzero"`

	// status is what became of it.
	//
	// +optional
	Status IngressGatewayStatus `json:"status,omitzero"`
}

// IngressGatewayList is a list of IngressGatewaies.
//
// +kubebuilder:object:root=true
type IngressGatewayList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []IngressGateway `json:"items"`
}

// IngressGatewaySpec says what a gateway shall be.
type IngressGatewaySpec struct {
	// controllerRef names the IngressController that runs the gateway.
	//
	// +required
	ControllerRef ClusterObjectReference `json:"controllerRef,omitzero"`

	// meshRef names the Mesh that the gateway takes part in: the pairing.
	// The Mesh's allowedGateways must let it in. Absent means a plain
	// ingress, which members with Strict mTLS refuse.
	//
	// +optional
	MeshRef *ClusterObjectReference `json:"meshRef,omitempty"`

	// service is how the gateway is reached. Absent means a LoadBalancer.
	//
	// +optional
	Service *GatewayService `json:"service,omitempty"`

	// replicas is the number of pods of the gateway. Absent means the
	// controller's default; 0 stops the gateway.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	Replicas *int32 `json:"replicas,omitempty"`

	// listeners are what the gateway listens to. A port serves one
	// protocol; listeners of one port differ in hostname.
	//
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.all(b, a.port != b.port || a.protocol == b.protocol))",message="one port cannot be HTTP and HTTPS: give the listeners different ports"
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.exists_one(b, a.port == b.port && has(a.hostname) == has(b.hostname) && (!has(a.hostname) || a.hostname == b.hostname)))",message="two listeners have the same port and hostname: change one of them, or merge the listeners"
	Listeners []Listener `json:"listeners,omitempty"`
}

// GatewayServiceType is the type of the Service in front of a gateway.
//
// +kubebuilder:validation:Enum=LoadBalancer;NodePort;ClusterIP
type GatewayServiceType string

const (
	// GatewayServiceLoadBalancer asks for an address outside of the cluster.
	GatewayServiceLoadBalancer GatewayServiceType = "LoadBalancer"
	// GatewayServiceNodePort opens a port on every node.
	GatewayServiceNodePort GatewayServiceType = "NodePort"
	// GatewayServiceClusterIP is reachable from inside the cluster only.
	GatewayServiceClusterIP GatewayServiceType = "ClusterIP"
)

// ExternalTrafficPolicy says which nodes take traffic for a gateway.
//
// +kubebuilder:validation:Enum=Cluster;Local
type ExternalTrafficPolicy string

const (
	// ExternalTrafficPolicyCluster lets every node take traffic; the
	// client's address is lost.
	ExternalTrafficPolicyCluster ExternalTrafficPolicy = "Cluster"
	// ExternalTrafficPolicyLocal lets nodes take traffic that run the
	// gateway; the client's address is kept.
	ExternalTrafficPolicyLocal ExternalTrafficPolicy = "Local"
)

// GatewayService is how a gateway is reached.
//
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!has(self.externalTrafficPolicy) || !has(self.type) || self.type != 'ClusterIP'",message="a ClusterIP Service takes no traffic from outside: remove externalTrafficPolicy, or change type"
type GatewayService struct {
	// type is LoadBalancer, NodePort or ClusterIP. Absent means LoadBalancer.
	//
	// +optional
	Type GatewayServiceType `json:"type,omitempty"`

	// annotations are put on the Service, for the cloud's load balancer.
	//
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() <= 317 && self[k].size() <= 4096)",message="an annotation's key has at most 317 characters and its value at most 4096"
	Annotations map[string]string `json:"annotations,omitempty"`

	// externalTrafficPolicy is Cluster or Local. Absent means Cluster.
	//
	// +optional
	ExternalTrafficPolicy ExternalTrafficPolicy `json:"externalTrafficPolicy,omitempty"`
}

// ListenerProtocol is what a listener speaks.
//
// +kubebuilder:validation:Enum=HTTP;HTTPS
type ListenerProtocol string

const (
	// ListenerHTTP is plain HTTP, versions 1.1 and 2.
	ListenerHTTP ListenerProtocol = "HTTP"
	// ListenerHTTPS is HTTP in TLS that ends at the gateway.
	ListenerHTTPS ListenerProtocol = "HTTPS"
)

// Listener is a port that a gateway listens to, for one hostname or all.
//
// +kubebuilder:validation:XValidation:rule="(self.protocol == 'HTTPS') == has(self.tls)",message="set tls exactly when protocol is HTTPS: add tls.certificateRefs, or change protocol to HTTP"
type Listener struct {
	// name is the listener's name; parentRefs call it sectionName.
	//
	// +required
	Name SectionName `json:"name,omitempty"`

	// port is the port that clients use.
	//
	// +required
	Port PortNumber `json:"port,omitempty"`

	// protocol is HTTP or HTTPS.
	//
	// +required
	Protocol ListenerProtocol `json:"protocol,omitempty"`

	// hostname is the host that the listener serves; "*.x" serves every
	// name below x. Absent means every host.
	//
	// +optional
	Hostname Hostname `json:"hostname,omitempty"`

	// tls holds the certificates of an HTTPS listener.
	//
	// +optional
	TLS *ListenerTLS `json:"tls,omitempty"`

	// allowedRoutes says which GatewayRoutes may attach. Absent means those
	// of the gateway's own namespace.
	//
	// +optional
	AllowedRoutes *AllowedRoutes `json:"allowedRoutes,omitempty"`
}

// ListenerTLS holds the certificates of a listener.
type ListenerTLS struct {
	// certificateRefs name Secrets of type kubernetes.io/tls. Several are
	// for several kinds of key of the same hostname.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	CertificateRefs []SecretObjectReference `json:"certificateRefs,omitempty"`
}

// AllowedRoutes says which GatewayRoutes may attach to a listener.
type AllowedRoutes struct {
	// namespaces says in which namespaces they may be.
	//
	// +required
	Namespaces RouteNamespaces `json:"namespaces,omitzero"`
}

// FromRouteNamespaces says which namespaces' routes may attach.
//
// +kubebuilder:validation:Enum=All;Same;Selector
type FromRouteNamespaces string

const (
	// RoutesFromAll means every namespace.
	RoutesFromAll FromRouteNamespaces = "All"
	// RoutesFromSame means the gateway's own namespace.
	RoutesFromSame FromRouteNamespaces = "Same"
	// RoutesFromSelector means the namespaces that a label selector selects.
	RoutesFromSelector FromRouteNamespaces = "Selector"
)

// RouteNamespaces is the set of namespaces whose routes may attach.
//
// +kubebuilder:validation:XValidation:rule="(self.from == 'Selector') == has(self.selector)",message="set selector exactly when from is Selector"
type RouteNamespaces struct {
	// from is All, Same (the gateway's own namespace) or Selector.
	//
	// +required
	From FromRouteNamespaces `json:"from,omitempty"`

	// selector selects namespaces by their labels. It goes with from:
	// Selector and with nothing else.
	//
	// +optional
	// +kubebuilder:validation:XValidation:rule="(!has(self.matchLabels) || self.matchLabels.size() <= 16) && (!has(self.matchExpressions) || self.matchExpressions.size() <= 16)",message="at most 16 matchLabels and 16 matchExpressions are allowed"
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// IngressGatewayStatus is what was observed of a gateway.
type IngressGatewayStatus struct {
	// conditions are Accepted, ResolvedRefs, Programmed, Paired and Ready;
	// Reconciling and Stalled while true.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// addresses are where clients reach the gateway.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Addresses []GatewayAddress `json:"addresses,omitempty"`

	// identity is who the gateway is in the mesh, as observed on its pods.
	//
	// +optional
	Identity *WorkloadIdentity `json:"identity,omitempty"`

	// pairing says how the gateway takes part in its mesh.
	//
	// +optional
	Pairing *PairingStatus `json:"pairing,omitempty"`

	// install is how far the installation of the gateway's workload has come.
	// Only the installer writes it; it is absent where somebody else runs it.
	//
	// +optional
	Install *InstallState `json:"install,omitempty"`
}

// AddressType says what an address is.
//
// +kubebuilder:validation:Enum=IPAddress;Hostname
type AddressType string

const (
	// AddressIP is an IPv4 or IPv6 address.
	AddressIP AddressType = "IPAddress"
	// AddressHostname is a DNS name.
	AddressHostname AddressType = "Hostname"
)

// GatewayAddress is where clients reach a gateway.
type GatewayAddress struct {
	// type is IPAddress or Hostname.
	//
	// +required
	Type AddressType `json:"type,omitempty"`

	// value is the address.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Value string `json:"value,omitempty"`
}

// WorkloadIdentity is a service account that workloads run under.
type WorkloadIdentity struct {
	// namespace is the service account's namespace.
	//
	// +required
	Namespace Namespace `json:"namespace,omitempty"`

	// serviceAccount is the service account's name.
	//
	// +required
	ServiceAccount ObjectName `json:"serviceAccount,omitempty"`
}

// PairingMode says who carries what of the mesh's configuration.
//
// +kubebuilder:validation:Enum=Thin;Inlined;Mixed
type PairingMode string

const (
	// PairingThin means that the mesh applies splits and policies to what
	// the gateway sends.
	PairingThin PairingMode = "Thin"
	// PairingInlined means that the gateway's routes carry them.
	PairingInlined PairingMode = "Inlined"
	// PairingMixed means that both have a part.
	PairingMixed PairingMode = "Mixed"
)

// PairingMTLS says whether the gateway speaks mutual TLS to members.
//
// +kubebuilder:validation:Enum=Mutual;Plaintext;Unknown
type PairingMTLS string

const (
	// PairingMTLSMutual means that it does.
	PairingMTLSMutual PairingMTLS = "Mutual"
	// PairingMTLSPlaintext means that it does not.
	PairingMTLSPlaintext PairingMTLS = "Plaintext"
	// PairingMTLSUnknown means that it was not observed yet.
	PairingMTLSUnknown PairingMTLS = "Unknown"
)

// PairingStatus says how a gateway takes part in its mesh.
type PairingStatus struct {
	// mode is Thin, Inlined or Mixed.
	//
	// +required
	Mode PairingMode `json:"mode,omitempty"`

	// mtls says whether the gateway speaks mutual TLS to members: Mutual,
	// Plaintext or Unknown.
	//
	// +optional
	MTLS PairingMTLS `json:"mtls,omitempty"`

	// notes say what is particular about this pairing.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=1024
	Notes []string `json:"notes,omitempty"`
}
