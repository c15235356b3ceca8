package linkerd

import (
	"slices"
	"strings"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/gatewayapi"
)

// mutationSearches is how many units a planted defect may hide from.
const mutationSearches = 400

// inRules changes every rule of the routes.
func inRules(change func(*gatewayv1.HTTPRouteRule)) alter {
	return func(routes []*gatewayv1.HTTPRoute) {
		for _, r := range routes {
			for i := range r.Spec.Rules {
				change(&r.Spec.Rules[i])
			}
		}
	}
}

// inMatches changes every match of the routes.
func inMatches(change func(*gatewayv1.HTTPRouteMatch)) alter {
	return inRules(func(r *gatewayv1.HTTPRouteRule) {
		for i := range r.Matches {
			change(&r.Matches[i])
		}
	})
}

// Defects that a translation to routes could have are planted one by one; the
// property has to find each.
func TestPlantedDefectsAreFound(t *testing.T) {
	defects := map[string]alter{
		"a header is not compared": inMatches(func(m *gatewayv1.HTTPRouteMatch) { m.Headers = m.Headers[:min(0, len(m.Headers))] }),
		"a method is not compared": inMatches(func(m *gatewayv1.HTTPRouteMatch) { m.Method = nil }),
		"a parameter is not compared": inMatches(func(m *gatewayv1.HTTPRouteMatch) {
			m.QueryParams = nil
		}),
		"a prefix is a whole path": inMatches(func(m *gatewayv1.HTTPRouteMatch) {
			if typ := gatewayv1.PathMatchExact; *m.Path.Type == gatewayv1.PathMatchPathPrefix && *m.Path.Value != "/" {
				m.Path.Type = &typ
			}
		}),
		"expressions are not anchored": inMatches(func(m *gatewayv1.HTTPRouteMatch) {
			for i := range m.Headers {
				if *m.Headers[i].Type == gatewayv1.HeaderMatchRegularExpression {
					m.Headers[i].Value = strings.TrimSuffix(m.Headers[i].Value, "$") + "x?y"
				}
			}
		}),
		"weights are alike": inRules(func(r *gatewayv1.HTTPRouteRule) {
			for i := range r.BackendRefs {
				one := int32(1)
				r.BackendRefs[i].Weight = &one
			}
		}),
		"a subset is the whole Service": inRules(func(r *gatewayv1.HTTPRouteRule) {
			for i := range r.BackendRefs {
				if strings.HasPrefix(string(r.BackendRefs[i].Name), "reviews-") && len(r.BackendRefs[i].Name) == len("reviews-")+8 {
					r.BackendRefs[i].Name = "reviews"
				}
			}
		}),
		"what does not resolve is left out": inRules(func(r *gatewayv1.HTTPRouteRule) {
			r.BackendRefs = slices.DeleteFunc(r.BackendRefs, func(b gatewayv1.HTTPBackendRef) bool { return b.Name == gatewayapi.NoService })
		}),
		"filters are left out": inRules(func(r *gatewayv1.HTTPRouteRule) { r.Filters = nil }),
		"filters of backends are left out": inRules(func(r *gatewayv1.HTTPRouteRule) {
			for i := range r.BackendRefs {
				r.BackendRefs[i].Filters = nil
			}
		}),
		"a filter that is not read": func(routes []*gatewayv1.HTTPRoute) {
			rule := &routes[0].Spec.Rules[0]
			rule.Filters = append(rule.Filters, gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterURLRewrite, URLRewrite: &gatewayv1.HTTPURLRewriteFilter{}})
		},
		"no catch-all":      inRules(func(r *gatewayv1.HTTPRouteRule) { r.Matches = slices.DeleteFunc(r.Matches, matchesAll); orNothing(r) }),
		"another port":      parentPort(81),
		"timeouts are lost": withoutAnnotation(timeoutRequest),
		"retries are lost":  withoutAnnotation(retryHTTP),
		"retries are counted as tries": func(routes []*gatewayv1.HTTPRoute) {
			for _, r := range routes {
				if r.Annotations[retryLimit] != "" {
					r.Annotations[retryLimit] += "0"
				}
			}
		},
		"all policies in one object": func(routes []*gatewayv1.HTTPRoute) {
			for _, r := range routes {
				r.Annotations = routes[0].Annotations
			}
		},
		"the first rule last": func(routes []*gatewayv1.HTTPRoute) {
			for _, r := range routes {
				slices.Reverse(r.Spec.Rules)
			}
		},
	}
	for name, defect := range defects {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(mutationSearches) {
				trial := trial{seed: seed, change: defect}
				if trial.differs(trial.unit()) != "" {
					return
				}
			}
			t.Errorf("not found in %d units", mutationSearches)
		})
	}
}

func matchesAll(m gatewayv1.HTTPRouteMatch) bool {
	return *m.Path.Value == "/" && *m.Path.Type == gatewayv1.PathMatchPathPrefix && len(m.Headers) == 0 && len(m.QueryParams) == 0 && m.Method == nil
}

// orNothing keeps a rule without matches from matching everything.
func orNothing(r *gatewayv1.HTTPRouteRule) {
	if len(r.Matches) > 0 {
		return
	}
	typ, nowhere := gatewayv1.PathMatchExact, "/nowhere/at/all"
	r.Matches = []gatewayv1.HTTPRouteMatch{{Path: &gatewayv1.HTTPPathMatch{Type: &typ, Value: &nowhere}}}
}

func parentPort(port int32) alter {
	return func(routes []*gatewayv1.HTTPRoute) {
		for _, r := range routes {
			r.Spec.ParentRefs[0].Port = &port
		}
	}
}

func withoutAnnotation(key string) alter {
	return func(routes []*gatewayv1.HTTPRoute) {
		for _, r := range routes {
			delete(r.Annotations, key)
		}
	}
}
