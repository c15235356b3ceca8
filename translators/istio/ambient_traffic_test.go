package istio

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// waypointReader reads HTTPRoutes as a waypoint does.
func waypointReader(u *ir.ServiceUnit) translatortest.RouteReader {
	return translatortest.RouteReader{
		Retry: func(_ *gatewayv1.HTTPRoute, rule *gatewayv1.HTTPRouteRule) *ir.Retry { return retryOf(rule.Retry) },
		Destination: func(namespace, name string, port int32) (eval.Destination, bool) {
			for _, s := range u.Subsets {
				if gatewayapi.SubsetName(u.Mesh.Name, u.Service.Name, s.Name) == name {
					return eval.Destination{Namespace: namespace, Name: u.Service.Name, Port: port, Subset: s.Name}, true
				}
			}
			return eval.Destination{Namespace: namespace, Name: name, Port: port}, name != gatewayapi.NoService
		},
	}
}

func retryOf(r *gatewayv1.HTTPRouteRetry) *ir.Retry {
	if r == nil {
		return nil
	}
	out := &ir.Retry{}
	if r.Attempts != nil {
		attempts := int32(*r.Attempts)
		out.Attempts = &attempts
	}
	for _, code := range r.Codes {
		out.Codes = append(out.Codes, int32(code))
	}
	if base := translatortest.Duration(r.Backoff); base != nil {
		out.Backoff = &ir.Backoff{}
		out.Backoff.Base.Duration = *base
	}
	return out
}

// ambientWithout are the features that routes of waypoints do not have.
var ambientWithout = map[ir.Feature]bool{
	ir.FaultInjectionDelay: true, ir.FaultInjectionAbort: true, ir.RetryOn: true, ir.RateLimitLocal: true,
}

// ambientRoutesAsMeant compares a random service unit with its HTTPRoutes over
// random requests.
func ambientRoutesAsMeant(g *translatortest.Gen, change alter) string {
	g.Without = ambientWithout
	unit := g.ServiceUnit()
	result := translateAmbientService(ambientEnv, unit.Service)
	if rejected(result.Issues) {
		return ""
	}
	if change != nil {
		change(result.Objects)
	}
	var routes []*gatewayv1.HTTPRoute
	for _, obj := range result.Objects {
		if route, ok := obj.Object.(*gatewayv1.HTTPRoute); ok {
			routes = append(routes, route)
		}
	}
	to := ir.ServiceName{Namespace: unit.Service.Service.Namespace, Name: unit.Service.Service.Name}
	for range requestsPerUnit {
		req := g.Request(unit)
		req.Path = "/" + strings.TrimPrefix(req.Path, "/")
		want, got := eval.Service(unit.Service, req), waypointReader(unit.Service).Decide(routes, to, req)
		if diff := decisionsDiffer(want, got); diff != "" {
			return fmt.Sprintf("%s\nrequest %s\nunit %s\nis %s", diff, text(req), text(unit), text(routes))
		}
	}
	return ""
}

// decisionsDiffer compares what becomes of a request, as far as it takes effect.
func decisionsDiffer(want, got eval.Decision) string {
	if all, ok := meantStatus(&want); ok {
		want = eval.Decision{Status: all}
	}
	if all, ok := meantStatus(&got); ok {
		got = eval.Decision{Status: all}
	}
	if want.Status != got.Status || want.Location != got.Location || fmt.Sprint(want.Headers) != fmt.Sprint(got.Headers) {
		return fmt.Sprintf("answer: want %d %s %v, got %d %s %v", want.Status, want.Location, want.Headers, got.Status, got.Location, got.Headers)
	}
	if want.Status != 0 {
		return ""
	}
	if diff := partsDiffer(unescaped(meantOutcomes(&want)), unescaped(meantOutcomes(&got))); diff != "" {
		return diff
	}
	if diff := partsDiffer(meantCopies(&want, true), meantCopies(&got, true)); diff != "" {
		return "mirrors: " + diff
	}
	if w, g := meantLimits(&want), meantLimits(&got); fmt.Sprintf("%+v", w) != fmt.Sprintf("%+v", g) {
		return fmt.Sprintf("limits: want %+v, got %+v", w, g)
	}
	return ""
}

// unescaped reads doubled % as Envoy does.
func unescaped(parts map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for name, part := range parts {
		out[strings.ReplaceAll(name, "%%", "%")] += part
	}
	return out
}

func TestWaypointsRouteAsMeant(t *testing.T) {
	said := 0
	for seed := range uint64(propertyUnits) {
		g := translatortest.NewGen(seed)
		if diff := ambientRoutesAsMeant(g, nil); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		g = translatortest.NewGen(seed)
		g.Without = ambientWithout
		if !rejected(translateAmbientService(ambientEnv, g.ServiceUnit().Service).Issues) {
			said++
		}
	}
	if said*requestsPerUnit < 10000 {
		t.Errorf("only %d of %d units could be said: the property says little", said, propertyUnits)
	}
}

func eachHTTPRoute(change func(*gatewayv1.HTTPRouteRule)) alter {
	return func(objects []translators.Object) {
		for _, obj := range objects {
			if route, ok := obj.Object.(*gatewayv1.HTTPRoute); ok {
				for i := range route.Spec.Rules {
					change(&route.Spec.Rules[i])
				}
			}
		}
	}
}

// oneOff changes the proportions of a rule.
func oneOff(rule *gatewayv1.HTTPRouteRule) {
	if len(rule.BackendRefs) > 1 {
		*rule.BackendRefs[0].Weight++
	}
}

func retriesLost(rule *gatewayv1.HTTPRouteRule) {
	rule.Retry = nil
}

// unmatched forgets a method, which makes a match lose to others.
func unmatched(rule *gatewayv1.HTTPRouteRule) {
	for i := range rule.Matches {
		rule.Matches[i].Method = nil
	}
}

// unparted sends a rule's requests to its first backend alone.
func unparted(rule *gatewayv1.HTTPRouteRule) {
	rule.BackendRefs = slices.Clone(rule.BackendRefs[:min(1, len(rule.BackendRefs))])
}
