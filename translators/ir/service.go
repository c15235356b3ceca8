package ir

// Protocol is what a port speaks.
type Protocol string

// The protocols. ProtocolUnknown ports carry no L7 feature.
const (
	ProtocolHTTP    Protocol = "HTTP"
	ProtocolHTTP2   Protocol = "HTTP2"
	ProtocolGRPC    Protocol = "GRPC"
	ProtocolHTTPS   Protocol = "HTTPS"
	ProtocolTLS     Protocol = "TLS"
	ProtocolTCP     Protocol = "TCP"
	ProtocolUDP     Protocol = "UDP"
	ProtocolUnknown Protocol = "Unknown"
)

// HTTP says whether requests of the protocol can be routed by L7 rules.
func (p Protocol) HTTP() bool {
	return p == ProtocolHTTP || p == ProtocolHTTP2 || p == ProtocolGRPC
}

// Service is a Kubernetes Service as units see it.
type Service struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Host is the fully qualified DNS name.
	Host  string `json:"host"`
	Ports []Port `json:"ports,omitempty"`
	// Selector is empty for Services without one.
	Selector map[string]string `json:"selector,omitempty"`
	// Headless Services have no address of their own.
	Headless bool `json:"headless,omitempty"`
	// Annotations of the Service that providers may have to know, by key;
	// Resolve copies none but those that a provider's marks or needs name.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Namesakes are the other member namespaces of the mesh that have a Service
	// of this name, sorted; only where the provider needs Namesakes.
	Namesakes []string `json:"namesakes,omitempty"`
}

// ServiceName names a Service.
type ServiceName struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Ref returns the reference to the Service.
func (s Service) Ref() Ref { return Ref{Kind: "Service", Namespace: s.Namespace, Name: s.Name} }

// Port returns the port with the number, and whether there is one.
func (s Service) Port(number int32) (Port, bool) {
	for _, p := range s.Ports {
		if p.Number == number {
			return p, true
		}
	}
	return Port{}, false
}

// Port is a Service port.
type Port struct {
	Number   int32    `json:"number"`
	Name     string   `json:"name,omitempty"`
	Protocol Protocol `json:"protocol"`
	// Targets are the container ports that the pods behind the Service serve
	// it on, sorted; several where a named target port differs among pods.
	Targets []int32 `json:"targets,omitempty"`
}

// Subset is a part of a Service's pods, chosen by labels in addition to the
// Service's selector.
type Subset struct {
	// Name depends on the labels alone; it is a DNS label of at most 40 bytes.
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Source Source            `json:"source"`
}

// Identity is the identity of a workload: its ServiceAccount.
type Identity struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
}

// Workload is a set of like pods, deduplicated by pod template; from Pods in a
// cluster, from Deployments, StatefulSets, DaemonSets and Pods offline.
type Workload struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels,omitempty"`
	Identity  Identity          `json:"identity"`
	// Ports are the container ports it declares, sorted by number.
	Ports []ContainerPort `json:"ports,omitempty"`
	// Probes are the HTTP and gRPC probes that kubelet sends, sorted.
	Probes []Probe `json:"probes,omitempty"`
	// Annotations that a provider's marks or needs name.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Containers are the names of all containers and init containers, sorted:
	// providers recognise their proxy by them.
	Containers []string `json:"containers,omitempty"`
	// HostNetwork pods share the node's address; no mesh captures them.
	HostNetwork bool `json:"hostNetwork,omitempty"`
}

// ContainerPort is a declared port of a container.
type ContainerPort struct {
	Name   string `json:"name,omitempty"`
	Number int32  `json:"number"`
}

// Probe is a kubelet probe that reaches a port of the pod by HTTP.
type Probe struct {
	Path string `json:"path"`
	Port int32  `json:"port"`
}
