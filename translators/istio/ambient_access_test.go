package istio

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

var ambientEnv = translators.Env{Variant: VariantAmbient, GatewayAPI: translators.GatewayAPI{Channel: "experimental"}}

// ambientCase is a unit, with the ways to the pods that it is about.
type ambientCase struct {
	unit    *ir.Unit
	objects []translators.Object
	exact   bool
}

// newAmbientCase translates a random unit: ports that are dialled differ from those
// of containers, further Services select some of the pods, and one leads there.
func newAmbientCase(g *translatortest.Gen, change alter) ambientCase {
	c := ambientCase{unit: g.AccessUnit(), exact: true}
	access := c.unit.Access
	for i := range access.Targets {
		twist(g, &access.Targets[i].Rules)
		dialledApart(&access.Targets[i].Service)
	}
	if access.NamespaceRules != nil && g.IntN(4) > 0 {
		portless(access.NamespaceRules)
	}
	surroundings(g, access)
	namespace := &ir.NamespaceUnit{Mesh: access.Mesh, Name: access.Namespace, AccessDefault: access.Default, Access: access.NamespaceRules}
	c.objects = slices.Concat(translateAmbientAccess(ambientEnv, access).Objects, translateAmbientNamespace(ambientEnv, namespace).Objects)
	if change != nil {
		change(c.objects)
	}
	for _, rules := range append(rulesOf(access), access.NamespaceRules) {
		c.exact = c.exact && (rules == nil || expressible(rules))
	}
	c.exact = c.exact && (access.NamespaceRules == nil || !namesPorts(access.NamespaceRules))
	return c
}

// portless takes the ports out of rules: those of a namespace have none, because
// ports are a Service's. Some are left, to see that nothing is widened by them.
func portless(rules *ir.AccessRules) {
	for _, list := range [][]ir.AccessRule{rules.Allow, rules.Deny} {
		for i := range list {
			for j := range list[i].To {
				list[i].To[j].Ports = nil
			}
			list[i].To = slices.DeleteFunc(list[i].To, func(op ir.Operation) bool { return !ofRequests(op) })
		}
	}
}

func namesPorts(rules *ir.AccessRules) bool {
	ports := func(r ir.AccessRule) bool {
		return slices.ContainsFunc(r.To, func(op ir.Operation) bool { return len(op.Ports) > 0 })
	}
	return slices.ContainsFunc(rules.Allow, ports) || slices.ContainsFunc(rules.Deny, ports)
}

// dialledApart gives a Service port numbers of its own.
func dialledApart(service *ir.Service) {
	for i := range service.Ports {
		service.Ports[i].Number = int32(80 + i)
	}
}

// surroundings adds Services that no policy targets.
func surroundings(g *translatortest.Gen, access *ir.AccessUnit) {
	all := access.Targets[0]
	if g.IntN(2) == 0 {
		other := ir.AccessTarget{Service: all.Service, Workloads: all.Workloads[g.IntN(2):]}
		other.Service.Name = "everything"
		access.Others = append(access.Others, other)
	}
	if g.IntN(2) == 0 {
		access.Fronts = append(access.Fronts, ir.Front{Service: "front", Workloads: all.Workloads[g.IntN(2):]})
	}
}

// services are all Services by which the pods are reached, and for each whether it
// leads to pods of one kind alone.
func (c *ambientCase) services() map[string]*ir.AccessTarget {
	out := map[string]*ir.AccessTarget{}
	access := c.unit.Access
	for _, list := range [][]ir.AccessTarget{access.Targets, access.Others} {
		for i := range list {
			out[list[i].Service.Name] = &list[i]
		}
	}
	for _, f := range access.Fronts {
		front := &ir.AccessTarget{Service: access.Targets[0].Service, Workloads: f.Workloads}
		front.Service.Name = f.Service
		out[f.Service] = front
	}
	return out
}

// ambientAdmits compares all ways to the pods with what the policies mean. Nothing
// is admitted that is denied. By a Service that leads to one kind of pods the
// answers are the same, and past the waypoint for what is no request.
func ambientAdmits(g *translatortest.Gen, change alter) string {
	c := newAmbientCase(g, change)
	access := c.unit.Access
	for range requestsPerUnit {
		req := g.Request(c.unit)
		for _, labels := range []map[string]string{{"app": "ratings", "version": "v1"}, {"app": "ratings", "version": "v2"}} {
			want := eval.Access(access, labels, req)
			direct := ztunnelAdmits(c.objects, labels, req)
			if diff := c.differs(want, direct, c.exact && req.Opaque); diff != "" {
				return fmt.Sprintf("past the waypoint: %s\nrequest %s\nlabels %v\nunit %s\nis %s", diff, text(req), labels, text(access), text(c.objects))
			}
			for name, service := range c.services() {
				if req.Caller == nil || !slices.ContainsFunc(service.Workloads, func(w ir.Workload) bool { return eval.Selects(w.Labels, labels) }) {
					continue
				}
				exact := c.exact && name != "front" && c.alike(service)
				if diff := c.differs(want, dial(c.objects, &service.Service, labels, req), exact); diff != "" {
					return fmt.Sprintf("by Service %s: %s\nrequest %s\nlabels %v\nunit %s\nis %s", name, diff, text(req), labels, text(access), text(c.objects))
				}
			}
		}
	}
	return ""
}

// alike says whether the same policies govern all pods that a Service leads to.
func (c *ambientCase) alike(service *ir.AccessTarget) bool {
	a := ambientAccess{unit: c.unit.Access}
	return len(a.classes(service.Workloads)) == 1
}

func (c *ambientCase) differs(want eval.Verdict, got verdictOf, exact bool) string {
	widened := got.admitted && want.Outcome == eval.Denied
	narrowed := !got.admitted && want.Outcome != eval.Denied
	if widened || exact && narrowed {
		return fmt.Sprintf("want %+v, got %+v", want, got)
	}
	return ""
}

func TestAmbientAccessIsNeverWidened(t *testing.T) {
	for seed := range uint64(2 * propertyUnits) {
		if diff := ambientAdmits(translatortest.NewGen(seed), nil); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// TestAmbientPropertiesNoticeMutations plants what a careless translation would
// write and asks that the properties see it.
func TestAmbientPropertiesNoticeMutations(t *testing.T) {
	lost := func(name string) alter {
		return eachPolicy(func(p *securityv1.AuthorizationPolicy) {
			if strings.Contains(p.Name, name) {
				p.Spec.Selector, p.Spec.TargetRefs, p.Namespace = nil, nil, "lost"
				p.Spec.Action, p.Spec.Rules = security.AuthorizationPolicy_DENY, nil
			}
		})
	}
	cases := map[string]struct {
		property func(*translatortest.Gen, alter) string
		change   alter
	}{
		"whoever goes past the waypoint passes": {ambientAdmits, eachPolicy(func(p *securityv1.AuthorizationPolicy) {
			if strings.Contains(p.Name, "by-the-waypoint") {
				p.Spec.Rules = []*security.Rule{{}}
			}
		})},
		"the way past the waypoint is not closed": {ambientAdmits, lost("by-the-waypoint")},
		"the waypoint is denied as its callers are": {ambientAdmits, eachPolicy(func(p *securityv1.AuthorizationPolicy) {
			for _, rule := range p.Spec.Rules {
				for _, from := range rule.From {
					from.Source.NotPrincipals = slices.DeleteFunc(from.Source.NotPrincipals, func(s string) bool { return strings.HasSuffix(s, waypointName) })
				}
			}
		})},
		"a Service that leads to the same pods is open": {ambientAdmits, lost("to-everything")},
		"a Service that routes to the pods is open":     {ambientAdmits, lost("by-front")},
		"ports are those of containers": {ambientAdmits, eachPolicy(func(p *securityv1.AuthorizationPolicy) {
			for _, rule := range p.Spec.Rules {
				for _, to := range rule.To {
					to.Operation.Ports = slices.DeleteFunc(to.Operation.Ports, func(port string) bool { return len(p.Spec.TargetRefs) > 0 && len(port) == 2 })
				}
			}
		})},
		"a route of the first port is one of all": {ambientRoutesAsMeant, eachHTTPRoute(unparted)},
		"a weight is one off":                     {ambientRoutesAsMeant, eachHTTPRoute(oneOff)},
		"retries of none become the default":      {ambientRoutesAsMeant, eachHTTPRoute(retriesLost)},
		"methods of matches are forgotten":        {ambientRoutesAsMeant, eachHTTPRoute(unmatched)},
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
