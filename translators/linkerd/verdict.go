package linkerd

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
)

// policyController is the name by which Linkerd signs the status of routes.
const policyController = "linkerd.io/policy-controller"

// verdict reads what Linkerd says of a route: whether it took it, and knows its
// backends. That says nothing of filters, and other kinds say nothing at all.
func verdict(live *unstructured.Unstructured) translators.Verdict {
	if live.GroupVersionKind().GroupKind() != httpRouteKind.GroupKind() {
		return translators.Verdict{}
	}
	parents, _, _ := unstructured.NestedSlice(live.Object, "status", "parents")
	var out translators.Verdict
	for _, item := range parents {
		parent, _ := item.(map[string]any)
		if parent["controllerName"] != policyController {
			continue
		}
		conditions, _ := parent["conditions"].([]any)
		for _, item := range conditions {
			condition, _ := item.(map[string]any)
			v := conditionVerdict(live, condition)
			if v.State == translators.VerdictRefused {
				return v
			}
			if condition["type"] == "Accepted" {
				out = v
			}
		}
	}
	return out
}

// conditionVerdict reads one condition. A backend that cannot exist is meant not
// to be found.
func conditionVerdict(live *unstructured.Unstructured, condition map[string]any) translators.Verdict {
	generation, _, _ := unstructured.NestedInt64(condition, "observedGeneration")
	if typ := condition["type"]; typ != "Accepted" && typ != "ResolvedRefs" || generation != 0 && generation < live.GetGeneration() {
		return translators.Verdict{}
	}
	reason, _ := condition["reason"].(string)
	if condition["status"] == "True" || reason == "BackendNotFound" && namesNoService(live) {
		return translators.Verdict{State: translators.VerdictAccepted}
	}
	if condition["status"] != "False" {
		return translators.Verdict{}
	}
	message, _ := condition["message"].(string)
	return translators.Verdict{State: translators.VerdictRefused, Reason: reason, Message: message}
}

// namesNoService says whether the route sends requests to the backend that
// cannot exist.
func namesNoService(live *unstructured.Unstructured) bool {
	rules, _, _ := unstructured.NestedSlice(live.Object, "spec", "rules")
	for _, rule := range rules {
		fields, _ := rule.(map[string]any)
		refs, _ := fields["backendRefs"].([]any)
		for _, ref := range refs {
			if backend, _ := ref.(map[string]any); backend["name"] == gatewayapi.NoService {
				return true
			}
		}
	}
	return false
}
