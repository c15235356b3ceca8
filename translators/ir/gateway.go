package ir

// Controller is what units need to know of an IngressController.
type Controller struct {
	Name string `json:"name"`
	// Provider is the value of spec.provider.
	Provider     string `json:"provider"`
	Namespace    string `json:"namespace,omitempty"`
	GatewayClass string `json:"gatewayClass,omitempty"`
	Adopted      bool   `json:"adopted,omitempty"`
	Source       Source `json:"source,omitzero"`
}

// GatewayUnit is one IngressGateway.
type GatewayUnit struct {
	Namespace  string     `json:"namespace"`
	Name       string     `json:"name"`
	Controller Controller `json:"controller"`
	// Mesh that the gateway is paired with; nil for a plain ingress.
	Mesh      *Mesh      `json:"mesh,omitempty"`
	Listeners []Listener `json:"listeners"`
	// Workload that serves it, nil while there is none.
	Workload *GatewayWorkload `json:"workload,omitempty"`
	// ServiceType, ServiceAnnotations, ExternalTrafficPolicy and Replicas say
	// how a managed gateway is exposed; zero leaves the provider's default.
	ServiceType           string            `json:"serviceType,omitempty"`
	ServiceAnnotations    map[string]string `json:"serviceAnnotations,omitempty"`
	ExternalTrafficPolicy string            `json:"externalTrafficPolicy,omitempty"`
	Replicas              *int32            `json:"replicas,omitempty"`
	Source                Source            `json:"source"`
}

// GatewayWorkload is the proxy that serves an IngressGateway, as observed: the
// Service of the IngressGateway's name in its namespace or, where the controller
// is Adopted, in that one's.
type GatewayWorkload struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Selector of that Service, which selects the proxy's pods.
	Selector map[string]string `json:"selector"`
	// Identity of the pods; zero while there are none.
	Identity Identity `json:"identity,omitzero"`
	// Ports of that Service.
	Ports []Port `json:"ports,omitempty"`
	// Addresses of that Service: hostnames or IPs, sorted.
	Addresses []string `json:"addresses,omitempty"`
}

// ListenerProtocol is what clients speak to a listener.
type ListenerProtocol string

// The listener protocols.
const (
	ListenerHTTP ListenerProtocol = "HTTP"
	// ListenerHTTPS terminates TLS with the listener's certificates.
	ListenerHTTPS ListenerProtocol = "HTTPS"
)

// Listener is one listener of a gateway.
type Listener struct {
	Name     string           `json:"name"`
	Port     int32            `json:"port"`
	Protocol ListenerProtocol `json:"protocol"`
	// Hostname restricts the hosts; "*" is every host, "*.x" any name below x.
	Hostname     string        `json:"hostname"`
	Certificates []Certificate `json:"certificates,omitempty"`
	Source       Source        `json:"source"`
}

// Certificate is a TLS Secret that a listener serves. Its key is never read.
type Certificate struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Source    Source `json:"source"`
}

// RouteUnit is what one hostname on one listener serves.
type RouteUnit struct {
	Gateway  GatewayUnit `json:"gateway"`
	Listener Listener    `json:"listener"`
	// Hostname as in Key.
	Hostname string `json:"hostname"`
	// Routes are sorted: the first whose Match matches decides; a request that
	// none matches is answered 404.
	Routes []Route `json:"routes"`
	// Backends describe what stands behind each Service that Routes name, by
	// namespace and name, for routes that must carry what the mesh would do.
	Backends []RouteBackend `json:"backends,omitempty"`
}

// RouteBackend is what the mesh does with requests to a Service: the unit that
// in-mesh callers would meet.
type RouteBackend struct {
	Service Service `json:"service"`
	// Member is true where the Service's namespace is in the gateway's mesh.
	Member bool `json:"member"`
	// Split is nil where no TrafficSplit and no TrafficPolicy speaks of it.
	Split *ServiceUnit `json:"split,omitempty"`
}
