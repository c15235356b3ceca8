// Package kinds lists the kinds that Meshloom reads, with their schemas: the
// unified API, and the kinds of Kubernetes and Gateway API that Resolve looks
// at.
package kinds

import (
	"bytes"
	"encoding/pem"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Scheme returns a scheme with every kind that Meshloom reads. It is made once
// and must not be changed.
var Scheme = sync.OnceValue(func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, appsv1.AddToScheme,
		gatewayv1.Install, gatewayv1beta1.Install,
	} {
		utilruntime.Must(add(scheme))
	}
	return scheme
})

// Unified are the kinds of the unified API, in the order in which they are
// shown.
func Unified() []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, kind := range []string{
		v1alpha1.KindMesh, v1alpha1.KindIngressController, v1alpha1.KindIngressGateway, v1alpha1.KindTrafficSplit,
		v1alpha1.KindGatewayRoute, v1alpha1.KindTrafficPolicy, v1alpha1.KindAccessPolicy, v1alpha1.KindExternalService,
	} {
		out = append(out, v1alpha1.GroupVersion.WithKind(kind))
	}
	return out
}

// ReferenceGrant is the kind that lets references cross namespaces.
var ReferenceGrant = schema.GroupVersion(gatewayv1beta1.GroupVersion).WithKind("ReferenceGrant")

// RefOf returns the reference to an object whose type meta is set.
func RefOf(obj client.Object) ir.Ref {
	return ir.Ref{Kind: obj.GetObjectKind().GroupVersionKind().Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

// Names are the names of the unified kinds, in their order.
func Names() []string {
	var out []string
	for _, gvk := range Unified() {
		out = append(out, gvk.Kind)
	}
	return out
}

// ClusterScoped says whether objects of the kind live outside namespaces.
func ClusterScoped(gvk schema.GroupVersionKind) bool {
	switch gvk.GroupKind() {
	case v1alpha1.GroupVersion.WithKind(v1alpha1.KindMesh).GroupKind(),
		v1alpha1.GroupVersion.WithKind(v1alpha1.KindIngressController).GroupKind(),
		corev1.SchemeGroupVersion.WithKind("Namespace").GroupKind(),
		corev1.SchemeGroupVersion.WithKind("Node").GroupKind(),
		schema.GroupVersion(gatewayv1.GroupVersion).WithKind("GatewayClass").GroupKind():
		return true
	}
	return false
}

// Redact removes from a Secret everything but its name, metadata and public
// certificates, in place: nothing of ours ever holds a key.
func Redact(secret *corev1.Secret) {
	kept := map[string][]byte{}
	for _, key := range []string{corev1.TLSCertKey, "ca.crt"} {
		if certs := certificates(secret.Data[key]); len(certs) > 0 {
			kept[key] = certs
		} else if certs := certificates([]byte(secret.StringData[key])); len(certs) > 0 {
			kept[key] = certs
		}
	}
	secret.Data, secret.StringData = kept, nil
	delete(secret.Annotations, corev1.LastAppliedConfigAnnotation)
	secret.ManagedFields = nil
}

// certificates returns the CERTIFICATE blocks of PEM data.
func certificates(data []byte) []byte {
	var out bytes.Buffer
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return out.Bytes()
		}
		if block.Type == "CERTIFICATE" {
			out.Write(pem.EncodeToMemory(block))
		}
	}
}
