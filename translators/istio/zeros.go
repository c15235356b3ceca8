package istio

import (
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators"
)

// withZeros writes out the zeros of a translation's objects that mean something
// of their own. Istio's types leave every zero out, so that "no retries" would
// be read as an empty object: right for Istio, and a riddle for people.
func withZeros(result translators.Result) translators.Result {
	for i := range result.Objects {
		result.Objects[i].Object = zeros(result.Objects[i].Object)
	}
	return result
}

// zeros returns the object as it is where it has no such zero.
func zeros(obj client.Object) client.Object {
	switch o := obj.(type) {
	case *networkingv1.VirtualService:
		return retryZeros(o)
	case *networkingv1.Sidecar:
		if o.Spec.OutboundTrafficPolicy.GetMode() == networking.OutboundTrafficPolicy_REGISTRY_ONLY {
			return written(o, func(u *unstructured.Unstructured) error {
				return unstructured.SetNestedField(u.Object, "REGISTRY_ONLY", "spec", "outboundTrafficPolicy", "mode")
			})
		}
	}
	return obj
}

func retryZeros(vs *networkingv1.VirtualService) client.Object {
	var off []int
	for i, route := range vs.Spec.Http {
		if route.Retries != nil && route.Retries.Attempts == 0 {
			off = append(off, i)
		}
	}
	if len(off) == 0 {
		return vs
	}
	return written(vs, func(u *unstructured.Unstructured) error {
		routes, _, err := unstructured.NestedSlice(u.Object, "spec", "http")
		if err != nil {
			return err
		}
		for _, i := range off {
			route, ok := routes[i].(map[string]any)
			if !ok {
				continue
			}
			if err := unstructured.SetNestedField(route, int64(0), "retries", "attempts"); err != nil {
				return err
			}
		}
		return unstructured.SetNestedSlice(u.Object, routes, "spec", "http")
	})
}

// written changes the unstructured form of the object. Should that fail, which
// no value of its types makes it, the object says the same without zeros.
func written(obj client.Object, change func(*unstructured.Unstructured) error) client.Object {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return obj
	}
	u := &unstructured.Unstructured{Object: content}
	unstructured.RemoveNestedField(u.Object, "status")
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	if err := change(u); err != nil {
		return obj
	}
	return u
}
