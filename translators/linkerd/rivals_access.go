package linkerd

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// serverAuthorizationKind is what admitted to Servers before AuthorizationPolicy,
// and still does. It is never written.
var serverAuthorizationKind = schema.GroupVersionKind{Group: policyGroup, Version: "v1beta1", Kind: "ServerAuthorization"}

// accessRivals returns keys that are equal for objects of which one takes effect
// on what the other governs: Servers of the same pods and port, of which one
// holds; authorizations and limits of others at a Server, authorizations at all of
// a namespace; and the EgressNetworks of a namespace.
func accessRivals(obj client.Object) []string {
	spec, namespace := nested(obj, "spec"), obj.GetNamespace()
	all := "linkerd/Servers/" + namespace
	switch obj.GetObjectKind().GroupVersionKind().GroupKind() {
	case serverKind.GroupKind():
		pods, err := json.Marshal(spec["podSelector"])
		if err != nil { // what comes from JSON always marshals
			return nil
		}
		return []string{all, serverNameKey(namespace, obj.GetName()), fmt.Sprintf("linkerd/port/%s/%v/%s", namespace, spec["port"], pods)}
	case authorizationPolicyKind.GroupKind():
		target, _ := spec["targetRef"].(map[string]any)
		switch target["kind"] {
		case "Namespace":
			return []string{all}
		case serverKind.Kind:
			return []string{serverNameKey(namespace, fmt.Sprint(target["name"]))}
		}
	case rateLimitKind.GroupKind():
		target, _ := spec["targetRef"].(map[string]any)
		return []string{serverNameKey(namespace, fmt.Sprint(target["name"]))}
	case serverAuthorizationKind.GroupKind():
		servers, _ := spec["server"].(map[string]any)
		if name, ok := servers["name"].(string); ok {
			return []string{serverNameKey(namespace, name)}
		}
		return []string{all}
	case egressNetworkKind.GroupKind():
		return []string{"linkerd/EgressNetwork/" + namespace}
	}
	return nil
}

func serverNameKey(namespace, name string) string { return "linkerd/Server/" + namespace + "/" + name }
