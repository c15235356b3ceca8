package resolve

import "github.com/meshloom/meshloom/translators/ir"

// topic is something that computations read and events change: the content of
// an object, the members of an index, or a derived value.
type topic struct {
	what what
	ref  ir.Ref
}

// what says what of a reference a topic is.
type what uint8

// Contents of objects. An object fires the topics of those parts that differ.
const (
	// ofObject is everything of an object but its status.
	ofObject what = iota + 1
	// ofIdentity is what ir.Mesh says of a Mesh, but for its Source.
	ofIdentity
	// ofSelector is what decides who is a member of a Mesh.
	ofSelector
	// ofDefaults are the access default and the mTLS mode of a Mesh.
	ofDefaults
	// ofRevision is the revision that is recorded on a Namespace.
	ofRevision
	// ofAddresses are the addresses of a Service.
	ofAddresses
	// ofValue is the value that was derived for an object.
	ofValue
)

// Indexes: the reference is what is looked up, the members are who is found.
const (
	allMeshes     what = iota + 32 // zero Ref -> Meshes
	reservedBy                     // Namespace -> Meshes and IngressControllers that run in it
	membersOf                      // Mesh -> Namespaces
	claimsOf                       // Mesh -> Namespaces that it selects and another mesh has
	splitsOf                       // Service -> TrafficSplits
	splitsTo                       // Service -> TrafficSplits of others that send to it
	policiesOf                     // Service, TrafficSplit, GatewayRoute -> TrafficPolicies
	accessOf                       // Service, Namespace -> AccessPolicies
	routesOf                       // route unit -> GatewayRoutes
	routesTo                       // Service -> GatewayRoutes with it as a backend
	grantsIn                       // Namespace -> ReferenceGrants
	hostsOf                        // host, in lower case -> ExternalServices
	gatewaysOf                     // Service -> IngressGateways that it exposes
	gatewaysIn                     // Namespace -> IngressGateways whose proxies are there
	workloadsOf                    // Service -> Workloads
	servicesOf                     // Workload -> Services
	workloadsIn                    // Namespace -> Workloads
	workloadsAs                    // ServiceAccount -> Workloads
	podsOf                         // workload controller -> Pods
	outsideOf                      // Mesh -> Workloads of members without proxy
	servicesNamed                  // Service, without namespace -> Services of that name; where needed
	servicesIn                     // Namespace -> Services that select pods; where needed
)

// entry makes member a member of an index under a topic.
type entry struct {
	topic  topic
	member ir.Ref
}

func namespaceRef(name string) ir.Ref { return ir.Ref{Kind: kindNamespace, Name: name} }

func serviceRef(namespace, name string) ir.Ref {
	return ir.Ref{Kind: kindService, Namespace: namespace, Name: name}
}
