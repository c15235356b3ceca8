package linkerd

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/gatewayapi"
)

// The kinds of traffic. Services stand for subsets.
var (
	serviceKind   = gatewayapi.ServiceKind
	httpRouteKind = gatewayapi.HTTPRouteKind
)

// kinds are all that this package writes, in the order in which they are
// applied: routes need the Services they name, and HTTPRoutes are among the kinds
// of access.
var kinds = slices.Concat([]schema.GroupVersionKind{serviceKind}, accessKinds)

// contributed are the kinds of others' objects that annotations are written to.
var contributed = []schema.GroupVersionKind{corev1.SchemeGroupVersion.WithKind("Service")}

// The kinds that are never written, and take effect on what is.
var (
	serviceProfileKind   = schema.GroupVersionKind{Group: "linkerd.io", Version: "v1alpha2", Kind: "ServiceProfile"}
	grpcRouteKind        = schema.GroupVersionKind{Group: gatewayv1.GroupName, Version: "v1", Kind: "GRPCRoute"}
	linkerdHTTPRouteKind = schema.GroupVersionKind{Group: policyGroup, Version: "v1beta3", Kind: "HTTPRoute"}
)

var foreign = []schema.GroupVersionKind{serviceProfileKind, grpcRouteKind, linkerdHTTPRouteKind, serverAuthorizationKind}
