package translatortest

import (
	"bytes"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
)

// builtIn says whether the kind is one of Kubernetes itself that translations
// make: it has no CustomResourceDefinition.
func builtIn(gvk schema.GroupVersionKind) bool {
	return gvk == corev1.SchemeGroupVersion.WithKind("Service")
}

// invalidBuiltIn returns what an API server would refuse of a Service, as far as
// translations can go wrong with it.
func invalidBuiltIn(obj *unstructured.Unstructured) []string {
	data, err := json.Marshal(obj.Object)
	if err != nil {
		return []string{err.Error()}
	}
	var service corev1.Service
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&service); err != nil {
		return []string{err.Error()}
	}
	out := validation.IsDNS1035Label(service.Name)
	for key, value := range service.Spec.Selector {
		out = append(out, validation.IsQualifiedName(key)...)
		out = append(out, validation.IsValidLabelValue(value)...)
	}
	if len(service.Spec.Ports) == 0 {
		out = append(out, "it has no ports")
	}
	names := map[string]bool{}
	for _, p := range service.Spec.Ports {
		if names[p.Name] || p.Name == "" && len(service.Spec.Ports) > 1 {
			out = append(out, fmt.Sprintf("port name %q is missing or not unique", p.Name))
		}
		names[p.Name] = true
		out = append(out, validation.IsValidPortNum(int(p.Port))...)
	}
	return out
}
