package consul

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rivals returns keys that are equal for objects of which Consul knows one: its
// config entries have a kind and a name, whatever the namespace of the object
// that they are synced from.
func rivals(obj client.Object) []string {
	kind := obj.GetObjectKind().GroupVersionKind()
	if kind.Group != groupVersion.Group {
		return nil
	}
	if kind.Kind == "ServiceIntentions" {
		return intentionKeys(obj, kind)
	}
	if !slices.ContainsFunc(kinds, func(k schema.GroupVersionKind) bool { return k.GroupKind() == kind.GroupKind() }) {
		return nil
	}
	return []string{kind.Kind + "/" + obj.GetName()}
}

// intentionKeys names ServiceIntentions by the service that they are for.
func intentionKeys(obj client.Object, kind schema.GroupVersionKind) []string {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	name, found, err := unstructured.NestedString(u.Object, "spec", "destination", "name")
	if err != nil || !found || name == "" {
		return nil
	}
	return []string{kind.Kind + "/" + name}
}
