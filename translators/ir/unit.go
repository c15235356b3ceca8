package ir

// Unit is one resolved unit. Of the parts that follow Participants only the one
// that Key.Kind names is set; none is where all that it is made of is rejected.
type Unit struct {
	Key Key `json:"key"`
	// Participants are sorted by object, target and On.
	Participants []Participant `json:"participants,omitempty"`

	Service   *ServiceUnit   `json:"service,omitempty"`
	Access    *AccessUnit    `json:"access,omitempty"`
	Namespace *NamespaceUnit `json:"namespace,omitempty"`
	Mesh      *MeshUnit      `json:"mesh,omitempty"`
	Gateway   *GatewayUnit   `json:"gateway,omitempty"`
	Route     *RouteUnit     `json:"route,omitempty"`
	External  *ExternalUnit  `json:"external,omitempty"`
}

// Empty says that nothing of the unit is to be programmed: what it is made of
// is rejected. It still exists, and its participants have a status.
func (u *Unit) Empty() bool {
	return u.Service == nil && u.Access == nil && u.Namespace == nil && u.Mesh == nil &&
		u.Gateway == nil && u.Route == nil && u.External == nil
}

// ServiceUnit says how in-mesh requests to one Service are treated.
type ServiceUnit struct {
	Mesh    Mesh    `json:"mesh"`
	Service Service `json:"service"`
	// Ports hold a route table for each port that a TrafficSplit or a
	// TrafficPolicy speaks of, by port number. Ports that are absent are left
	// to the mesh.
	Ports []PortRoutes `json:"ports,omitempty"`
	// Subsets used by any backend of Ports, by name.
	Subsets []Subset `json:"subsets,omitempty"`
	// Destination applies to every connection to the Service, whatever the route.
	Destination DestinationPolicy `json:"destination,omitzero"`
	// Callers are all other Services with a selector in the member namespaces of
	// the mesh, by name; only where the provider needs Callers, and Destination
	// has an OutlierDetection or a ConnectionPool.
	Callers []ServiceName `json:"callers,omitempty"`
	// Serving are the Workloads behind the Service and behind its backends, by
	// the names of those Services; only where the provider needs Serving.
	Serving []ServingWorkloads `json:"serving,omitempty"`
}

// ServingWorkloads are the pods that a Service selects.
type ServingWorkloads struct {
	ServiceName
	Workloads []Workload `json:"workloads,omitempty"`
}

// PortRoutes is the route table of one Service port.
type PortRoutes struct {
	Port Port `json:"port"`
	// Routes are sorted: the first whose Match matches decides. The last one
	// matches everything.
	Routes []Route `json:"routes"`
}

// NamespaceUnit is a member namespace of a mesh.
type NamespaceUnit struct {
	Mesh Mesh   `json:"mesh"`
	Name string `json:"name"`
	// MarksAlone is true where the marks of members are not to be written: the
	// namespace is a member by marks that others wrote, or it is leaving.
	MarksAlone bool `json:"marksAlone,omitempty"`
	// Arriving is true while the namespace moves here from a mesh of another
	// provider, whose proxy some of its pods still carry: until they are restarted
	// the units of both meshes hold.
	Arriving bool `json:"arriving,omitempty"`
	// Recorded is true where the membership is to be remembered on the namespace,
	// whoever installed the mesh: there is a mesh of another provider that it
	// could move to.
	Recorded bool `json:"recorded,omitempty"`
	// Revision is the control plane that new pods of the namespace belong to,
	// where one is recorded on it; empty means the mesh's own.
	Revision string `json:"revision,omitempty"`
	// MTLS is nil where the Mesh leaves it alone.
	MTLS *MTLS `json:"mtls,omitempty"`
	// AccessDefault is empty where the Mesh leaves it alone.
	AccessDefault AccessDefault `json:"accessDefault,omitempty"`
	// EgressDefault is empty where the Mesh leaves it alone.
	EgressDefault EgressDefault `json:"egressDefault,omitempty"`
	// Access holds the AccessPolicies without targetRefs: they govern every
	// workload of the namespace that is not the proxy of an IngressGateway.
	Access *AccessRules `json:"access,omitempty"`
	// Workloads of the namespace, deduplicated by pod template, without the
	// proxies of IngressGateways.
	Workloads []Workload `json:"workloads,omitempty"`
	// Gateways are IngressGateway workloads in the namespace, which defaults
	// and untargeted policies never concern.
	Gateways []GatewayWorkload `json:"gateways,omitempty"`
	// Services of the namespace that select pods, by name, without those of
	// IngressGateways; only where the provider needs Services.
	Services []Service `json:"services,omitempty"`
	// Targeted are the names of those Services that an AccessPolicy targets, or,
	// where the provider needs RateLimit, a TrafficPolicy with one: their access
	// units have Access among their rules. Only where the provider needs Services.
	Targeted []string `json:"targeted,omitempty"`
	// Callers as those of AccessUnit, for the rules of Access.
	Callers []CallerService `json:"callers,omitempty"`
}

// MeshUnit is what a mesh has once, whatever its members.
type MeshUnit struct {
	Mesh Mesh `json:"mesh"`
	// Members are the member namespaces, sorted.
	Members []string `json:"members,omitempty"`
	// MTLS is nil, AccessDefault and EgressDefault are empty, where the Mesh
	// leaves them alone. They are those of every NamespaceUnit too: a provider
	// says them in one place.
	MTLS          *MTLS         `json:"mtls,omitempty"`
	AccessDefault AccessDefault `json:"accessDefault,omitempty"`
	EgressDefault EgressDefault `json:"egressDefault,omitempty"`
}

// ExternalUnit is one host outside the mesh that members may reach.
type ExternalUnit struct {
	Mesh      Mesh   `json:"mesh"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Hosts are DNS names, in lower case and sorted; "*.example.com" matches
	// any number of labels.
	Hosts      []string           `json:"hosts"`
	Ports      []ExternalPort     `json:"ports"`
	Resolution ExternalResolution `json:"resolution"`
	// Endpoints are IP addresses, of Static resolution only.
	Endpoints []string `json:"endpoints,omitempty"`
	// MeshWide is true where every member may use it, false where only its
	// own namespace may.
	MeshWide bool   `json:"meshWide,omitempty"`
	Source   Source `json:"source"`
}

// ExternalPort is a port of an external host.
type ExternalPort struct {
	Port     int32    `json:"port"`
	Protocol Protocol `json:"protocol"`
	Source   Source   `json:"source"`
}

// ExternalResolution says how addresses of external hosts are found.
type ExternalResolution string

// The ways to find the addresses of an external host.
const (
	ResolutionDNS    ExternalResolution = "DNS"
	ResolutionStatic ExternalResolution = "Static"
	// ResolutionNone goes to the address that the caller dialled.
	ResolutionNone ExternalResolution = "None"
)
