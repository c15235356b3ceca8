package linkerd

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// routeKinds are the kinds of routes that Linkerd reads for a Service. It uses one
// of them for a port, so that one kind takes another out of force.
var routeKinds = []schema.GroupKind{
	httpRouteKind.GroupKind(), grpcRouteKind.GroupKind(), linkerdHTTPRouteKind.GroupKind(),
}

// rivals returns keys that are equal for objects that speak for the same Service:
// its routes, whatever their port, because one that names none speaks for all;
// and ServiceProfiles, which take every route of theirs out of force. Typed and
// unstructured objects give the same keys.
func rivals(obj client.Object) []string {
	kind := obj.GetObjectKind().GroupVersionKind().GroupKind()
	switch {
	case kind == serviceProfileKind.GroupKind():
		return profileKeys(obj)
	case slices.Contains(routeKinds, kind):
		return routeKeys(obj)
	}
	return accessRivals(obj)
}

func serviceKey(namespace, name string) string { return "linkerd/Service/" + namespace + "/" + name }

// profileKeys has the Service that a ServiceProfile is named after, by its host.
// A profile with neither routes nor other destinations leaves requests alone.
func profileKeys(obj client.Object) []string {
	spec := nested(obj, "spec")
	if empty(spec["routes"]) && empty(spec["dstOverrides"]) {
		return nil
	}
	labels := strings.Split(obj.GetName(), ".")
	if len(labels) < 3 || labels[2] != "svc" {
		return nil
	}
	return []string{serviceKey(labels[1], labels[0])}
}

func empty(list any) bool {
	items, _ := list.([]any)
	return len(items) == 0
}

// routeKeys has each Service that the route is attached to.
func routeKeys(obj client.Object) []string {
	var keys []string
	add := func(group, kind, namespace, name string) {
		if namespace == "" {
			namespace = obj.GetNamespace()
		}
		if kind == "Service" && (group == "" || group == "core") {
			keys = append(keys, serviceKey(namespace, name))
		}
	}
	if route, ok := obj.(*gatewayv1.HTTPRoute); ok {
		for _, p := range route.Spec.ParentRefs {
			add(value(p.Group, gatewayv1.GroupName), value(p.Kind, "Gateway"), value(p.Namespace, ""), string(p.Name))
		}
	}
	parents, _ := nested(obj, "spec")["parentRefs"].([]any)
	for _, item := range parents {
		p, _ := item.(map[string]any)
		text := func(key, otherwise string) string {
			if s, ok := p[key].(string); ok {
				return s
			}
			return otherwise
		}
		add(text("group", gatewayv1.GroupName), text("kind", "Gateway"), text("namespace", ""), text("name", ""))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// value is what p points to, as text.
func value[T ~string](p *T, otherwise string) string {
	if p == nil {
		return otherwise
	}
	return string(*p)
}

// nested is a field of an unstructured object; nil of any other.
func nested(obj client.Object, field string) map[string]any {
	u, ok := obj.(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	out, _ := u.Object[field].(map[string]any)
	return out
}
