package istio

import (
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

// The kinds that this package writes.
var (
	virtualServiceKind      = networkingv1.SchemeGroupVersion.WithKind("VirtualService")
	destinationRuleKind     = networkingv1.SchemeGroupVersion.WithKind("DestinationRule")
	gatewayKind             = networkingv1.SchemeGroupVersion.WithKind("Gateway")
	serviceEntryKind        = networkingv1.SchemeGroupVersion.WithKind("ServiceEntry")
	sidecarKind             = networkingv1.SchemeGroupVersion.WithKind("Sidecar")
	authorizationPolicyKind = securityv1.SchemeGroupVersion.WithKind("AuthorizationPolicy")
	peerAuthenticationKind  = securityv1.SchemeGroupVersion.WithKind("PeerAuthentication")

	// waypointKind is the Gateway of the Gateway API.
	waypointKind = gatewayapi.HTTPRouteKind.GroupVersion().WithKind("Gateway")
	// grpcRouteKind is read, and never written: HTTPRoutes say all there is.
	grpcRouteKind = gatewayapi.HTTPRouteKind.GroupVersion().WithKind("GRPCRoute")
)

// kinds are all of them, in the order in which they are applied.
var kinds = []schema.GroupVersionKind{
	gatewayapi.ServiceKind, waypointKind,
	serviceEntryKind, destinationRuleKind, sidecarKind, gatewayKind, virtualServiceKind, gatewayapi.HTTPRouteKind,
	authorizationPolicyKind, peerAuthenticationKind,
}

func typeMeta(kind schema.GroupVersionKind) metav1.TypeMeta {
	apiVersion, k := kind.ToAPIVersionAndKind()
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: k}
}

func objectMeta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

// unsigned converts a port, a status or a count. Negative ones, which no API
// admits, become 0.
func unsigned(n int32) uint32 {
	if n < 0 {
		return 0
	}
	return uint32(n)
}

// object wraps a native object with where it came from and what must exist
// before it.
func object(obj client.Object, sources []ir.Source, after ...translators.ObjectRef) translators.Object {
	return translators.Object{Object: obj, Sources: ir.Origins(sources...), After: after}
}
