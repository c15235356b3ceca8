package istio

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	networking "istio.io/api/networking/v1alpha3"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// patterned are paths that AuthorizationPolicies would read as patterns.
var patterned = []string{"/a*", "/a/*", "/{a}", "/a/{*}", "/a*b", "/a/{**}"}

// twist puts paths with stars and braces into some of the rules.
func twist(g *translatortest.Gen, rules *ir.AccessRules) {
	for _, list := range [][]ir.AccessRule{rules.Allow, rules.Deny} {
		for i := range list {
			for j := range list[i].To {
				for k := range list[i].To[j].Paths {
					if g.IntN(6) == 0 {
						list[i].To[j].Paths[k].Value = patterned[g.IntN(len(patterned))]
					}
				}
			}
		}
	}
}

// admitsAsMeant compares random access and namespace units with their
// translation over random requests. Where everything could be expressed the
// answers are the same; where not, nothing is admitted that is denied.
func admitsAsMeant(g *translatortest.Gen, change alter) string {
	unit := g.AccessUnit()
	access := unit.Access
	for i := range access.Targets {
		twist(g, &access.Targets[i].Rules)
	}
	namespace := &ir.NamespaceUnit{Mesh: access.Mesh, Name: access.Namespace, AccessDefault: access.Default, Access: access.NamespaceRules}
	result, whole := translateAccess(translators.Env{}, access), translateNamespace(translators.Env{}, namespace)
	objects := slices.Concat(result.Objects, whole.Objects)
	if change != nil {
		change(objects)
	}
	exact := true
	for _, rules := range append(rulesOf(access), access.NamespaceRules) {
		if rules != nil {
			exact = exact && expressible(rules)
		}
	}
	for range requestsPerUnit {
		req := g.Request(unit)
		if g.IntN(3) == 0 && !req.Opaque {
			req.Path = strings.NewReplacer("*", "x", "{", "", "}", "").Replace(patterned[g.IntN(len(patterned))])
		}
		labels := map[string]string{"app": "ratings", "version": []string{"v1", "v2"}[g.IntN(2)]}
		want := eval.Access(access, labels, req)
		got, byDefault := rbacAdmits(objects, labels, &req)
		widened := got && want.Outcome == eval.Denied
		narrowed := !got && want.Outcome != eval.Denied
		if widened || exact && (narrowed || want.Outcome == eval.MeshDefault && !byDefault) {
			return fmt.Sprintf("want %+v, got admitted=%v default=%v\nrequest %s\nlabels %v\nunit %s\nis %s", want, got, byDefault, text(req), labels, text(unit), text(objects))
		}
	}
	return ""
}

func rulesOf(u *ir.AccessUnit) []*ir.AccessRules {
	var out []*ir.AccessRules
	for i := range u.Targets {
		out = append(out, &u.Targets[i].Rules)
	}
	return out
}

// expressible says whether Istio can say all paths of the rules.
func expressible(rules *ir.AccessRules) bool {
	ok := true
	for _, list := range [][]ir.AccessRule{rules.Allow, rules.Deny} {
		for _, rule := range list {
			for _, op := range rule.To {
				for _, path := range op.Paths {
					ok = ok && path.Type != ir.PathRegex && (!strings.ContainsAny(path.Value, "*{}") || path.Value == "/a*b")
				}
			}
		}
	}
	return ok
}

func TestAccessIsNeverWidened(t *testing.T) {
	for seed := range uint64(2 * propertyUnits) {
		if diff := admitsAsMeant(translatortest.NewGen(seed), nil); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// TestPropertiesNoticeMutations plants what a careless translation would write
// and asks that the properties see it.
func TestPropertiesNoticeMutations(t *testing.T) {
	routes := func(g *translatortest.Gen, change alter) string { return routesAsMeant(g, g.ServiceUnit(), change) }
	cases := map[string]struct {
		property func(*translatortest.Gen, alter) string
		change   alter
	}{
		"access prefixes are strings": {admitsAsMeant, eachPolicy(func(p *securityv1.AuthorizationPolicy) {
			eachAccessPath(p, func(path string) string {
				if below, ok := strings.CutSuffix(path, "/*"); ok && below != "" {
					return below + "*"
				}
				return path
			})
		})},
		"a closing policy is lost": {admitsAsMeant, func(objects []translators.Object) {
			for i, obj := range objects {
				if p, ok := obj.Object.(*securityv1.AuthorizationPolicy); ok && len(p.Spec.Rules) == 0 {
					objects[i].Object = &securityv1.PeerAuthentication{}
				}
			}
		}},
		"callers without an identity pass a deny": {admitsAsMeant, eachPolicy(func(p *securityv1.AuthorizationPolicy) {
			for _, rule := range p.Spec.Rules {
				for _, from := range rule.From {
					if len(from.Source.NotPrincipals) > 0 {
						from.Source.NotPrincipals, from.Source.Principals = nil, []string{"nobody"}
					}
				}
			}
		})},
		"route prefixes are strings": {routes, eachRoute(func(r *networking.HTTPRoute) {
			for _, m := range r.Match {
				if below, ok := strings.CutSuffix(m.GetUri().GetPrefix(), "/"); ok && below != "" {
					m.Uri = prefixMatch(below)
				}
			}
		})},
		"retries of none become the default": {routes, eachRoute(func(r *networking.HTTPRoute) {
			if r.GetRetries().GetAttempts() == 0 {
				r.Retries = nil
			}
		})},
		"a weight is one off": {routes, eachRoute(func(r *networking.HTTPRoute) {
			if len(r.Route) > 1 {
				r.Route[0].Weight++
			}
		})},
		"the shares of invalid backends are lost": {routes, eachRoute(func(r *networking.HTTPRoute) { r.Fault = nil })},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(mutationSearches) {
				if c.property(translatortest.NewGen(seed), c.change) != "" {
					return
				}
			}
			t.Errorf("the mutation went unnoticed in %d units", mutationSearches)
		})
	}
}

func eachPolicy(change func(*securityv1.AuthorizationPolicy)) alter {
	return func(objects []translators.Object) {
		for _, obj := range objects {
			if p, ok := obj.Object.(*securityv1.AuthorizationPolicy); ok {
				change(p)
			}
		}
	}
}

func eachAccessPath(p *securityv1.AuthorizationPolicy, change func(string) string) {
	for _, rule := range p.Spec.Rules {
		for _, to := range rule.To {
			for i, path := range to.Operation.Paths {
				to.Operation.Paths[i] = change(path)
			}
		}
	}
}

func eachRoute(change func(*networking.HTTPRoute)) alter {
	return func(objects []translators.Object) {
		for _, route := range virtualServiceOf(objects).Spec.Http {
			change(route)
		}
	}
}

// TestGatewaysAreLeftOut asks that what governs a namespace decides for its
// workloads as without a gateway, and says nothing of the gateway's proxy.
func TestGatewaysAreLeftOut(t *testing.T) {
	proxy := map[string]string{"gateway": "public", "pod-template-hash": "77f9"}
	for seed := range uint64(propertyUnits) {
		g := translatortest.NewGen(seed)
		unit := g.NamespaceUnit()
		unit.Namespace.Gateways = []ir.GatewayWorkload{{Namespace: unit.Namespace.Name, Name: "public", Selector: map[string]string{"gateway": "public"}}}
		objects := translateNamespace(translators.Env{}, unit.Namespace).Objects
		exact := unit.Namespace.Access == nil || expressible(unit.Namespace.Access)
		for range requestsPerUnit {
			req := g.Request(unit)
			if admitted, byDefault := rbacAdmits(objects, proxy, &req); !admitted || !byDefault {
				t.Fatalf("seed %d: the gateway's proxy is governed\nunit %s\nis %s", seed, text(unit), text(objects))
			}
			want := eval.Namespace(unit.Namespace, req)
			got, _ := rbacAdmits(objects, unit.Namespace.Workloads[0].Labels, &req)
			if got && want.Outcome == eval.Denied || exact && !got && want.Outcome != eval.Denied {
				t.Fatalf("seed %d: want %+v, got admitted=%v\nrequest %s\nunit %s\nis %s", seed, want, got, text(req), text(unit), text(objects))
			}
		}
	}
}
