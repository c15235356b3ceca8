package istio

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators/gatewayapi"
)

// rivals returns keys that are equal for objects which speak for the same host
// or the same workloads, so that one of them would be ignored or, for access,
// would grant more. Typed and unstructured objects give the same keys.
func rivals(obj client.Object) []string {
	if u, ok := obj.(*unstructured.Unstructured); ok {
		if keys, isRoute := routeKeys(u); isRoute {
			return keys
		}
		if obj = typed(u); obj == nil {
			return nil
		}
	}
	switch o := obj.(type) {
	case *networkingv1.VirtualService:
		return virtualServiceKeys(o)
	case *networkingv1.DestinationRule:
		return []string{key("DestinationRule", hostKey(o.Spec.Host, o.Namespace))}
	case *networkingv1.Gateway:
		return gatewayKeys(o)
	case *networkingv1.ServiceEntry:
		return serviceEntryKeys(o)
	case *networkingv1.Sidecar:
		return []string{key("Sidecar", o.Namespace, labelText(o.Spec.GetWorkloadSelector().GetLabels()))}
	case *securityv1.PeerAuthentication:
		return []string{key("PeerAuthentication", o.Namespace, labelText(o.Spec.GetSelector().GetMatchLabels()))}
	case *securityv1.AuthorizationPolicy:
		return authorizationKeys(o)
	}
	return nil
}

// routeKeys has a key for each Service that a route of the Gateway API is attached
// to: that of a VirtualService for the sidecars, beside which nobody can say
// what happens. The second result is false for other kinds.
func routeKeys(u *unstructured.Unstructured) (keys []string, isRoute bool) {
	kind := u.GroupVersionKind().GroupKind()
	if kind != gatewayapi.HTTPRouteKind.GroupKind() && kind != grpcRouteKind.GroupKind() {
		return nil, false
	}
	parents, _, err := unstructured.NestedSlice(u.Object, "spec", "parentRefs")
	if err != nil {
		return nil, true
	}
	for _, parent := range parents {
		ref, ok := parent.(map[string]any)
		if !ok || stringAt(ref, "kind") != "Service" {
			continue
		}
		service := stringAt(ref, "name") + "." + cmp.Or(stringAt(ref, "namespace"), u.GetNamespace()) + ".svc"
		keys = append(keys, key("VirtualService", meshGateway, service))
	}
	return unique(keys), true
}

func key(parts ...string) string { return strings.Join(parts, "/") }

// typed decodes an unstructured object, or returns nil for other kinds and for
// what cannot be decoded: Istio cannot read that either.
func typed(u *unstructured.Unstructured) client.Object {
	kinds := map[schema.GroupKind]client.Object{
		virtualServiceKind.GroupKind():      &networkingv1.VirtualService{},
		destinationRuleKind.GroupKind():     &networkingv1.DestinationRule{},
		gatewayKind.GroupKind():             &networkingv1.Gateway{},
		serviceEntryKind.GroupKind():        &networkingv1.ServiceEntry{},
		sidecarKind.GroupKind():             &networkingv1.Sidecar{},
		peerAuthenticationKind.GroupKind():  &securityv1.PeerAuthentication{},
		authorizationPolicyKind.GroupKind(): &securityv1.AuthorizationPolicy{},
	}
	out, ok := kinds[u.GroupVersionKind().GroupKind()]
	if !ok {
		return nil
	}
	data, err := json.Marshal(u.Object)
	if err != nil {
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return nil
	}
	return out
}

// hostKey resolves a host as Istio does: a name without dots is a Service of
// the object's own namespace. The cluster's domain is left out, because it is
// not known here.
func hostKey(host, namespace string) string {
	if !strings.Contains(host, ".") && host != "*" {
		return host + "." + namespace + ".svc"
	}
	if service, _, ok := strings.Cut(host, ".svc."); ok {
		return service + ".svc"
	}
	return host
}

// virtualServiceKeys has a key for each host at each gateway; the sidecars are
// the default gateway.
func virtualServiceKeys(o *networkingv1.VirtualService) []string {
	gateways := o.Spec.Gateways
	if len(gateways) == 0 {
		gateways = []string{meshGateway}
	}
	var keys []string
	for _, gateway := range gateways {
		if gateway != meshGateway && !strings.Contains(gateway, "/") {
			gateway = o.Namespace + "/" + gateway
		}
		for _, host := range o.Spec.Hosts {
			keys = append(keys, key("VirtualService", gateway, hostKey(host, o.Namespace)))
		}
	}
	return unique(keys)
}

// gatewayKeys has a key for each host on each port of the same pods.
func gatewayKeys(o *networkingv1.Gateway) []string {
	var keys []string
	for _, server := range o.Spec.Servers {
		for _, host := range server.Hosts {
			if _, name, ok := strings.Cut(host, "/"); ok {
				host = name
			}
			port := strconv.Itoa(int(server.GetPort().GetNumber()))
			keys = append(keys, key("Gateway", o.Namespace, labelText(o.Spec.Selector), port, host))
		}
	}
	return unique(keys)
}

func serviceEntryKeys(o *networkingv1.ServiceEntry) []string {
	var keys []string
	for _, host := range o.Spec.Hosts {
		keys = append(keys, key("ServiceEntry", o.Namespace, host))
	}
	return unique(keys)
}

// authorizationKeys has keys for policies that admit: those that deny take
// nothing away from ours.
func authorizationKeys(o *securityv1.AuthorizationPolicy) []string {
	if o.Spec.Action != security.AuthorizationPolicy_ALLOW || len(o.Spec.Rules) == 0 {
		return nil
	}
	selector := labelText(o.Spec.GetSelector().GetMatchLabels())
	targets := []string{}
	for _, ref := range o.Spec.TargetRefs {
		targets = append(targets, ref.GetKind()+" "+ref.GetName())
	}
	slices.Sort(targets)
	return []string{key("AuthorizationPolicy", o.Namespace, selector, strings.Join(targets, ","))}
}
