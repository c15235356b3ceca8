package linkerd

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// decider says whom the rules that hold for some pods admit at one port.
type decider struct {
	port   int32
	rules  []*ir.AccessRules
	base   grant
	strict bool
	// widened are the Deny rules that had to refuse more than they say, twins the
	// paths at which callers are refused because Linkerd cannot tell an exact path
	// from a prefix.
	widened map[ir.Source]ir.Feature
	twins   map[string]bool
}

// http returns whom the rules admit with the requests of the cell.
func (d *decider) http(c cell) grant {
	return d.decide(c.includes)
}

// opaque returns whom they admit with connections that are not HTTP: in Allow
// methods and paths never hold of them, in Deny always. That is never more than
// with requests of any cell.
func (d *decider) opaque() grant {
	return d.decide(func(op *ir.Operation, deny bool) bool {
		return deny || len(op.Methods) == 0 && len(op.Paths) == 0
	})
}

// decide adds up the Allow rules of which an operation matches, and takes out
// whom a Deny rule names.
func (d *decider) decide(matches func(op *ir.Operation, deny bool) bool) grant {
	var out grant
	if slices.ContainsFunc(d.rules, func(r *ir.AccessRules) bool { return r.DenyAll }) {
		return out
	}
	holds := func(rule *ir.AccessRule, deny bool) bool {
		return len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(op ir.Operation) bool {
			return concerns(&op, d.port) && matches(&op, deny)
		})
	}
	if !selected(d.rules) {
		out = d.base
	}
	for _, rules := range d.rules {
		closed := inexpressible(rules.Allow)
		for i := range rules.Allow {
			rule := &rules.Allow[i]
			if closed[rule.Source.Ref] || !holds(rule, false) {
				continue
			}
			for j := range rule.From {
				out.add(&rule.From[j])
			}
		}
	}
	if d.strict && out.Anyone {
		// Of members more can be said than of everyone.
		out.Anyone, out.Member = false, true
	}
	for _, rules := range d.rules {
		for i := range rules.Deny {
			if rule := &rules.Deny[i]; holds(rule, true) {
				out = d.subtract(out, rule)
			}
		}
	}
	return out.settle(d.strict)
}

func (d *decider) subtract(from grant, rule *ir.AccessRule) grant {
	for i := range rule.From {
		rest, exact := from.without(&rule.From[i])
		if !exact {
			d.widened[rule.From[i].Source] = denyFeature(&rule.From[i])
		}
		from = rest
	}
	return from
}

// selected says whether any Allow policy speaks of the pods, so that nobody is
// admitted by default.
func selected(rules []*ir.AccessRules) bool {
	return slices.ContainsFunc(rules, func(r *ir.AccessRules) bool { return r.AllowSelected || len(r.Allow) > 0 })
}

// silent says whether the rules leave everything to the default.
func silent(rules []*ir.AccessRules) bool {
	return !selected(rules) && !slices.ContainsFunc(rules, func(r *ir.AccessRules) bool { return r.DenyAll || len(r.Deny) > 0 })
}

func denyFeature(c *ir.Caller) ir.Feature {
	switch {
	case c.Identities != nil:
		return ir.DenyIdentity
	case c.Namespaces != nil:
		return ir.DenyNamespace
	case c.Member:
		return ir.DenyMember
	}
	return ir.DenyAnyone
}

// inexpressible are the policies of Allow rules with a path that no route can
// say: they admit nobody.
func inexpressible(rules []ir.AccessRule) map[ir.Ref]bool {
	closed := map[ir.Ref]bool{}
	for i := range rules {
		for j := range rules[i].To {
			if slices.ContainsFunc(rules[i].To[j].Paths, func(p ir.PathMatch) bool { return !sayable(p) }) {
				closed[rules[i].Source.Ref] = true
			}
		}
	}
	return closed
}

// decision is what a cell comes to.
type decision struct {
	cell
	admitted grant
	// kubelet is true where the match is for what kubelet sends alone.
	kubelet bool
}

// routes returns the decisions that need a route of their own, those that match
// less well first: a request without a route is refused. It is nil where all of
// them are what the connection as such is granted.
func (d *decider) routes(connection grant, probes []ir.Probe) []decision {
	g := newGrid()
	for _, rules := range d.rules {
		for _, list := range [][]ir.AccessRule{rules.Allow, rules.Deny} {
			for i := range list {
				for j := range list[i].To {
					if op := &list[i].To[j]; concerns(op, d.port) {
						g.add(op)
					}
				}
			}
		}
	}
	plain := d.kept(g, nil)
	if !slices.ContainsFunc(plain, func(x decision) bool { return x.admitted.key() != connection.key() }) {
		return nil
	}
	for i := range probes {
		op := probeOperation(&probes[i])
		g.add(&op)
	}
	return d.kept(g, probes)
}

// kept decides the cells and leaves out those whose requests are decided the
// same way without them.
func (d *decider) kept(g grid, probes []ir.Probe) []decision {
	var out []decision
	for _, x := range d.decisions(g, probes) {
		var otherwise grant
		best := -1
		for i := range out {
			if !out[i].kubelet && x.falls(out[i].cell) && (best < 0 || out[i].better(out[best].cell)) {
				best, otherwise = i, out[i].admitted
			}
		}
		if x.admitted.key() != otherwise.key() {
			out = append(out, x)
		}
	}
	return out
}

// decisions decides all cells. Where Linkerd cannot tell an exact path from the
// prefix of the same length, both admit whom either does; but for a probe, which
// kubelet's own header tells.
func (d *decider) decisions(g grid, probes []ir.Probe) []decision {
	var out []decision
	at := map[cell]int{}
	for _, c := range g.cells() {
		x := decision{cell: c, admitted: d.http(c)}
		probed := slices.ContainsFunc(probes, func(p ir.Probe) bool { op := probeOperation(&p); return c.includes(&op, false) })
		prefix, twin := c.twin()
		if i, ok := at[prefix]; twin && ok {
			other := &out[i]
			if other.admitted.key() != x.admitted.key() {
				x.admitted = x.admitted.and(other.admitted)
				other.admitted = x.admitted
				d.twins[c.path.Value] = true
			}
			x.kubelet = probed
		}
		if probed {
			x.admitted.Probes = true
			x.admitted = x.admitted.settle(d.strict)
		}
		at[c] = len(out)
		out = append(out, x)
	}
	return out
}

// grpcHealth is the path of the health service that kubelet's gRPC probes call.
const grpcHealth = "/grpc.health.v1.Health/Check"

// probeOperation is the request of a probe.
func probeOperation(p *ir.Probe) ir.Operation {
	method := "GET"
	if p.Path == grpcHealth {
		method = "POST"
	}
	return ir.Operation{Methods: []string{method}, Paths: []ir.PathMatch{{Type: ir.PathExact, Value: p.Path}}}
}
