package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of every kind in this package.
const GroupName = "meshloom.io"

// The kinds of this package, as they appear in `kind:`.
const (
	// KindMesh is the kind of a Mesh.
	KindMesh = "Mesh"
	// KindIngressController is the kind of an IngressController.
	KindIngressController = "IngressController"
	// KindIngressGateway is the kind of an IngressGateway.
	KindIngressGateway = "IngressGateway"
	// KindTrafficSplit is the kind of a TrafficSplit.
	KindTrafficSplit = "TrafficSplit"
	// KindGatewayRoute is the kind of a GatewayRoute.
	KindGatewayRoute = "GatewayRoute"
	// KindTrafficPolicy is the kind of a TrafficPolicy.
	KindTrafficPolicy = "TrafficPolicy"
	// KindAccessPolicy is the kind of an AccessPolicy.
	KindAccessPolicy = "AccessPolicy"
	// KindExternalService is the kind of an ExternalService.
	KindExternalService = "ExternalService"
)

var (
	// GroupVersion is the group and version of every kind in this package.
	GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

	// SchemeBuilder collects the functions that register this package's kinds.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers this package's kinds in a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Resource qualifies a resource name, such as "meshes", with the API group.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Mesh{}, &MeshList{},
		&IngressController{}, &IngressControllerList{},
		&IngressGateway{}, &IngressGatewayList{},
		&TrafficSplit{}, &TrafficSplitList{},
		&GatewayRoute{}, &GatewayRouteList{},
		&TrafficPolicy{}, &TrafficPolicyList{},
		&AccessPolicy{}, &AccessPolicyList{},
		&ExternalService{}, &ExternalServiceList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
