package translatortest

import (
	"fmt"

	"github.com/meshloom/meshloom/translators/ir"
)

// identities are those of callers, in several namespaces and under like names.
var identities = []ir.Identity{
	{Namespace: "batch", ServiceAccount: "cron"},
	{Namespace: "batch", ServiceAccount: "report"},
	{Namespace: "edge", ServiceAccount: "public"},
	{Namespace: Namespace, ServiceAccount: "cron"},
	{Namespace: Namespace, ServiceAccount: "productpage"},
}

var callerNamespaces = []string{"batch", "edge", Namespace}

// AccessUnit returns a random unit of the Services shop/ratings and
// shop/ratings-v1, of which the second selects a part of the pods of the first.
func (g *Gen) AccessUnit() *ir.Unit {
	u := &ir.AccessUnit{
		Mesh: mesh(), Namespace: Namespace,
		Default: one(g, []ir.AccessDefault{"", ir.AccessAllow, ir.AccessDeny}),
	}
	v1, v2 := workload(), workload()
	v1.Labels["version"], v2.Labels["version"] = "v1", "v2"
	u.Targets = []ir.AccessTarget{{Service: service("ratings"), Workloads: []ir.Workload{v1, v2}, Rules: g.accessRules()}}
	if g.chance(2) {
		part := service("ratings-v1")
		part.Selector = map[string]string{"app": "ratings", "version": "v1"}
		u.Targets = append(u.Targets, ir.AccessTarget{Service: part, Workloads: []ir.Workload{v1}, Rules: g.accessRules()})
	}
	if g.chance(3) {
		rules := g.accessRules()
		u.NamespaceRules = &rules
	}
	return g.known(&ir.Unit{
		Key:          ir.Key{Kind: ir.KindAccess, Mesh: u.Mesh.Name, Namespace: Namespace, Name: "ratings"},
		Participants: []ir.Participant{participant("AccessPolicy", "ratings")},
		Access:       u,
	})
}

// NamespaceUnit returns a random unit of the namespace shop.
func (g *Gen) NamespaceUnit() *ir.Unit {
	u := &ir.NamespaceUnit{Mesh: mesh(), Name: Namespace, Workloads: []ir.Workload{workload()}}
	if g.chance(2) {
		u.MTLS = &ir.MTLS{Mode: one(g, []ir.MTLSMode{ir.MTLSStrict, ir.MTLSPermissive}), Source: u.Mesh.Source.At("spec.mtls")}
	}
	u.AccessDefault = one(g, []ir.AccessDefault{"", ir.AccessAllow, ir.AccessDeny})
	u.EgressDefault = one(g, []ir.EgressDefault{"", ir.EgressAllow, ir.EgressDeny})
	if g.chance(2) {
		rules := g.accessRules()
		u.Access = &rules
	}
	return g.known(&ir.Unit{Key: ir.Key{Kind: ir.KindNamespace, Mesh: u.Mesh.Name, Namespace: Namespace}, Namespace: u})
}

func (g *Gen) accessRules() ir.AccessRules {
	rules := ir.AccessRules{Policies: []ir.Source{source("AccessPolicy", "ratings", "")}, DenyAll: g.chance(20)}
	for i := range g.IntN(3) {
		rules.Allow = append(rules.Allow, g.accessRule(fmt.Sprintf("spec.rules[%d]", i), false))
	}
	if !g.Without[ir.DenyIdentity] {
		for i := range g.IntN(3) {
			rules.Deny = append(rules.Deny, g.accessRule(fmt.Sprintf("spec.rules[%d]", i), true))
		}
	}
	rules.AllowSelected = len(rules.Allow) > 0 || g.chance(4)
	return rules
}

func (g *Gen) accessRule(field string, deny bool) ir.AccessRule {
	rule := ir.AccessRule{Source: source("AccessPolicy", "ratings", field)}
	for i := range 1 + g.IntN(2) {
		rule.From = append(rule.From, g.caller(rule.Source.At(fmt.Sprintf("from[%d]", i)), deny))
	}
	for i := range g.IntN(3) {
		if to := g.operation(rule.Source.At(fmt.Sprintf("to[%d]", i))); len(to.Methods) > 0 || len(to.Paths) > 0 || len(to.Ports) > 0 {
			rule.To = append(rule.To, to)
		}
	}
	return rule
}

func (g *Gen) caller(at ir.Source, deny bool) ir.Caller {
	c := ir.Caller{Source: at}
	switch g.IntN(6) {
	case 0:
		c.Anyone = true
	case 1:
		c.Member = true
	case 2:
		c.Namespaces = some(g, callerNamespaces)
	case 3:
		c.Namespaces, c.Identities = some(g, callerNamespaces), some(g, identities)
	case 4:
		c.Identities = []ir.Identity{}
	default:
		c.Identities = some(g, identities)
	}
	c.Unidentified = deny && c.Identities != nil && g.may(2, ir.DenyUnidentified)
	return c
}

func (g *Gen) operation(at ir.Source) ir.Operation {
	o := ir.Operation{Source: at}
	if g.may(2, ir.AccessMethods) {
		o.Methods = some(g, methods)
	}
	if g.chance(2) {
		if p := g.path(ir.AccessPathExact, ir.AccessPathPrefix, ir.AccessPathRegex); p != nil {
			o.Paths = []ir.PathMatch{*p}
		}
	}
	if g.may(4, ir.AccessPorts) {
		o.Ports = some(g, []int32{HTTPPort, OpaquePort})
	}
	return o
}
