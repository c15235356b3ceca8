package consul

// The kinds that access, mTLS and egress are said in.
var (
	serviceIntentionsKind  = groupVersion.WithKind("ServiceIntentions")
	proxyDefaultsKind      = groupVersion.WithKind("ProxyDefaults")
	meshKind               = groupVersion.WithKind("Mesh")
	terminatingGatewayKind = groupVersion.WithKind("TerminatingGateway")
)

// The names that Consul's singletons must have.
const (
	meshName          = "mesh"
	proxyDefaultsName = "global"
)

// everyService is the name that stands for every service, as the source and as
// the destination of intentions.
const everyService = "*"

// The actions of intentions.
const (
	actionAllow = "allow"
	actionDeny  = "deny"
)

// serviceIntentions is the spec of a ServiceIntentions: who may call one
// service. Of several sources that match a caller the exact one decides alone.
type serviceIntentions struct {
	Destination intentionDestination `json:"destination"`
	Sources     []intentionSource    `json:"sources"`
}

type intentionDestination struct {
	Name string `json:"name"`
}

// intentionSource has an action, or permissions of which the first that matches
// a request decides. A request that none matches is left to the default of the
// whole of Consul, whatever intentions for every service say.
type intentionSource struct {
	Name        string                `json:"name"`
	Action      string                `json:"action,omitempty"`
	Permissions []intentionPermission `json:"permissions,omitempty"`
}

type intentionPermission struct {
	Action string         `json:"action"`
	HTTP   httpPermission `json:"http"`
}

// httpPermission matches requests: all that is set must match, and at most one
// of the paths is set. A prefix is one of strings.
type httpPermission struct {
	PathExact  string   `json:"pathExact,omitempty"`
	PathPrefix string   `json:"pathPrefix,omitempty"`
	Methods    []string `json:"methods,omitempty"`
}

// proxyDefaults is the spec of the ProxyDefaults.
type proxyDefaults struct {
	MutualTLSMode string `json:"mutualTLSMode,omitempty"`
}

// meshSpec is the spec of the Mesh.
type meshSpec struct {
	AllowEnablingPermissiveMutualTLS bool                  `json:"allowEnablingPermissiveMutualTLS,omitempty"`
	TransparentProxy                 *meshTransparentProxy `json:"transparentProxy,omitempty"`
}

type meshTransparentProxy struct {
	MeshDestinationsOnly bool `json:"meshDestinationsOnly"`
}

// externalDefaults is the spec of the ServiceDefaults of a port of hosts outside
// the mesh.
type externalDefaults struct {
	Protocol    string              `json:"protocol"`
	Destination externalDestination `json:"destination"`
}

type externalDestination struct {
	Addresses []string `json:"addresses"`
	Port      int32    `json:"port"`
}
