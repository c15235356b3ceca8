package resolve

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// The kinds that are not of the unified API.
const (
	kindService        = "Service"
	kindNamespace      = "Namespace"
	kindPod            = "Pod"
	kindDeployment     = "Deployment"
	kindStatefulSet    = "StatefulSet"
	kindDaemonSet      = "DaemonSet"
	kindSecret         = "Secret"
	kindReferenceGrant = "ReferenceGrant"
	// kindServiceAccount is only ever referred to: identities need not exist.
	kindServiceAccount = "ServiceAccount"
	// kindWorkload is no kind of a cluster: it stands for pods that are alike.
	kindWorkload = "Workload"
)

// RefOf returns the reference to an object of a kind that a Store holds, and
// whether it is one. The Go type decides; TypeMeta is often empty.
func RefOf(obj client.Object) (ir.Ref, bool) {
	kind := kindOf(obj)
	if kind == "" {
		return ir.Ref{}, false
	}
	return ir.Ref{Kind: kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}, true
}

// generated says whether an object is a Service that a unit of ours made, which
// is an outcome of resolving and no input.
func generated(obj client.Object) bool {
	_, service := obj.(*corev1.Service)
	labels := obj.GetLabels()
	return service && labels["app.kubernetes.io/managed-by"] == "meshloom" && labels["meshloom.io/unit"] != ""
}

func kindOf(obj client.Object) string {
	switch obj.(type) {
	case *corev1.Service:
		return kindService
	case *corev1.Namespace:
		return kindNamespace
	case *corev1.Pod:
		return kindPod
	case *appsv1.Deployment:
		return kindDeployment
	case *appsv1.StatefulSet:
		return kindStatefulSet
	case *appsv1.DaemonSet:
		return kindDaemonSet
	case *corev1.Secret:
		return kindSecret
	case *gatewayv1.ReferenceGrant, *gatewayv1beta1.ReferenceGrant:
		return kindReferenceGrant
	}
	return unifiedKind(obj)
}

// unifiedKind returns the kind of an object of the unified API, "" for others.
func unifiedKind(obj client.Object) string {
	switch obj.(type) {
	case *v1alpha1.Mesh:
		return v1alpha1.KindMesh
	case *v1alpha1.IngressController:
		return v1alpha1.KindIngressController
	case *v1alpha1.IngressGateway:
		return v1alpha1.KindIngressGateway
	case *v1alpha1.TrafficSplit:
		return v1alpha1.KindTrafficSplit
	case *v1alpha1.GatewayRoute:
		return v1alpha1.KindGatewayRoute
	case *v1alpha1.TrafficPolicy:
		return v1alpha1.KindTrafficPolicy
	case *v1alpha1.AccessPolicy:
		return v1alpha1.KindAccessPolicy
	case *v1alpha1.ExternalService:
		return v1alpha1.KindExternalService
	}
	return ""
}
