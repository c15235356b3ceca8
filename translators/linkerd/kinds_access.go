package linkerd

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// policyGroup is the group of Linkerd's own kinds.
const policyGroup = "policy.linkerd.io"

// The kinds of access and egress.
var (
	meshTLSAuthenticationKind = schema.GroupVersionKind{Group: policyGroup, Version: "v1alpha1", Kind: "MeshTLSAuthentication"}
	networkAuthenticationKind = schema.GroupVersionKind{Group: policyGroup, Version: "v1alpha1", Kind: "NetworkAuthentication"}
	authorizationPolicyKind   = schema.GroupVersionKind{Group: policyGroup, Version: "v1alpha1", Kind: "AuthorizationPolicy"}
	tlsRouteKind              = schema.GroupVersionKind{Group: gatewayv1.GroupName, Version: "v1alpha2", Kind: "TLSRoute"}
	egressNetworkKind         = schema.GroupVersionKind{Group: policyGroup, Version: "v1alpha1", Kind: "EgressNetwork"}
	serverKind                = schema.GroupVersionKind{Group: policyGroup, Version: "v1beta3", Kind: "Server"}
	rateLimitKind             = schema.GroupVersionKind{Group: policyGroup, Version: "v1alpha1", Kind: "HTTPLocalRateLimitPolicy"}
)

// accessKinds are applied in this order: a Server, and an EgressNetwork that
// denies, refuses whatever is not admitted by then. They go first for the same
// reason. A limit needs the Server that it is of.
var accessKinds = []schema.GroupVersionKind{
	meshTLSAuthenticationKind, networkAuthenticationKind, authorizationPolicyKind,
	httpRouteKind, tlsRouteKind, egressNetworkKind, serverKind, rateLimitKind,
}
