package linkerd

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// scope is what there is to know of the pods of a region.
type scope struct {
	rules []*ir.AccessRules
	ports []containerPort
	// limits of requests.
	limits []limited
}

// governor writes what governs regions of pods.
type governor struct {
	writer
	// byDefault decides where no rule speaks; empty is not known.
	byDefault ir.AccessDefault
	// origin is whose the default is.
	origin ir.Source
	strict bool
	// inbound is the inbound policy that stands for the default; empty where that
	// is not known. It is needed only where requests are limited.
	inbound string
	// closed refuses everything.
	closed  bool
	widened map[ir.Source]ir.Feature
	issues  []ir.Issue
}

// region governs the known ports of its pods. Where the rules leave everything
// to a default that admits, or there are no policies, the pods are left to it, but
// for limits of requests.
func (g *governor) region(r region, s scope) {
	var policies []ir.Source
	for _, rules := range s.rules {
		policies = append(policies, rules.Policies...)
	}
	if silent(s.rules) && (g.byDefault != ir.AccessDeny || len(policies) == 0) {
		g.limitAlone(r, s)
		return
	}
	g.sources = append(slices.Clone(policies), g.origin)
	unknown := !selected(s.rules) && g.byDefault == ""
	for _, port := range s.ports {
		if unknown && !g.refusesAll(s.rules, port) {
			g.unknownDefault(s.rules)
			unknown = false
		}
		g.port(r, s, port, policies)
	}
}

// unknownDefault says that what rules leave to the mesh's default is refused:
// a Server takes the place of the default, and nobody says what it was.
func (g *governor) unknownDefault(rules []*ir.AccessRules) {
	for _, set := range rules {
		for i := range set.Deny {
			g.issues = append(g.issues, finding{Source: set.Deny[i].Source, Code: codeDefaultUnknown}.Closed(
				"Linkerd asks the mesh's default no more once a policy governs a port, and the Mesh leaves that default alone: until it sets access.default, whom this Deny leaves over is refused, too"))
		}
	}
}

// refusesAll says whether the rules leave nothing at the port to a default.
func (g *governor) refusesAll(rules []*ir.AccessRules, port containerPort) bool {
	d := &decider{port: port.number, rules: rules, base: grant{Anyone: true}, widened: map[ir.Source]ir.Feature{}, twins: map[string]bool{}}
	return d.opaque().empty() && d.routes(grant{}, nil) == nil && len(d.widened)+len(d.twins) == 0
}

func (g *governor) port(r region, s scope, port containerPort, policies []ir.Source) {
	rules, name := s.rules, g.serverFor(r, port, "")
	if g.closed {
		return
	}
	if limit := g.limitAt(s.limits, port); limit != nil {
		g.limitServer(name, limit)
	}
	d := &decider{port: port.number, rules: rules, strict: g.strict, widened: g.widened, twins: map[string]bool{}}
	d.base.Anyone = g.byDefault == ir.AccessAllow
	connection := d.opaque()
	g.admit(targetOf(serverKind, name), connection)
	if !port.http() {
		return
	}
	if routes := d.routes(connection, port.probes); len(routes) > 0 {
		g.routesFor(name, connection, routes)
		g.issues = append(g.issues, g.probeIssues(policies, port)...)
	}
	g.issues = append(g.issues, twinIssues(rules, d.twins)...)
}
