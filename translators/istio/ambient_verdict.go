package istio

import (
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
)

// routeController is what istiod calls itself in the status of routes.
const routeController = "istio.io/gateway-controller"

// verdict reads what istiod says of routes, waypoints and, in ambient mode,
// AuthorizationPolicies. Of other kinds it says nothing.
func verdict(live *unstructured.Unstructured) translators.Verdict {
	switch live.GroupVersionKind().GroupKind() {
	case gatewayapi.HTTPRouteKind.GroupKind():
		return sumUp(live, routeConditions(live), map[string]bool{"Accepted": true, "ResolvedRefs": true})
	case waypointKind.GroupKind():
		return sumUp(live, conditionsAt(live.Object, "status", "conditions"), map[string]bool{"Accepted": true, "Programmed": true})
	case authorizationPolicyKind.GroupKind():
		return sumUp(live, conditionsAt(live.Object, "status", "conditions"), map[string]bool{"ZtunnelAccepted": true, "WaypointAccepted": true})
	}
	return translators.Verdict{}
}

// sumUp joins the conditions of the types: one that does not hold, or holds in
// part, refuses. A waypoint that is not programmed yet is still on its way.
func sumUp(live *unstructured.Unstructured, conditions []condition, types map[string]bool) translators.Verdict {
	var out translators.Verdict
	for _, c := range conditions {
		switch {
		case !types[c.kind] || c.generation != 0 && c.generation != live.GetGeneration():
		case c.status == "True" && !c.partly():
			if out.State == translators.VerdictNone {
				out.State = translators.VerdictAccepted
			}
		case c.kind == "Programmed":
			return translators.Verdict{}
		default:
			return translators.Verdict{State: translators.VerdictRefused, Reason: c.reason, Message: c.message}
		}
	}
	return out
}

// condition is a condition of a status.
type condition struct {
	kind, status, reason, message string
	generation                    int64
}

// partly says whether the condition holds although a part of the object does
// not: istiod says so by the reason alone.
func (c condition) partly() bool {
	return slices.Contains([]string{"PartiallyInvalid", "UnsupportedValue", "AncestorNotBound"}, c.reason)
}

// routeConditions are what istiod says of a route, whatever others say.
func routeConditions(live *unstructured.Unstructured) []condition {
	parents, _, err := unstructured.NestedSlice(live.Object, "status", "parents")
	if err != nil {
		return nil
	}
	var out []condition
	for _, parent := range parents {
		if fields, ok := parent.(map[string]any); ok && fields["controllerName"] == routeController {
			out = append(out, conditionsAt(fields, "conditions")...)
		}
	}
	return out
}

func conditionsAt(fields map[string]any, path ...string) []condition {
	list, _, err := unstructured.NestedSlice(fields, path...)
	if err != nil {
		return nil
	}
	var out []condition
	for _, item := range list {
		if c, ok := item.(map[string]any); ok {
			out = append(out, condition{
				kind: stringAt(c, "type"), status: stringAt(c, "status"), reason: stringAt(c, "reason"),
				message: stringAt(c, "message"), generation: generationOf(c),
			})
		}
	}
	return out
}

func stringAt(fields map[string]any, key string) string {
	s, _ := fields[key].(string)
	return s
}

// generationOf reads the generation that a condition is about; 0 where it does not
// say. Istio's own types write numbers as text.
func generationOf(fields map[string]any) int64 {
	switch n := fields["observedGeneration"].(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	case string:
		parsed, err := strconv.ParseInt(n, 10, 64)
		if err == nil {
			return parsed
		}
	}
	return 0
}
