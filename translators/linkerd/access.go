package linkerd

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// FactProbeNetworks is the fact that names the networks that kubelet sends its
// probes from, as CIDRs with commas between them.
const FactProbeNetworks = "probeNetworks"

// translateAccess writes a Server for every known port of the pods of each
// region of the targets, and authorizations and routes that admit to it whom
// the policies of the region's targets, added up, admit; and the limits of
// requests at those Servers.
func translateAccess(env translators.Env, u *ir.AccessUnit) translators.Result {
	var result translators.Result
	var selectors []map[string]string
	var targets []*ir.AccessTarget
	for i := range u.Targets {
		target := &u.Targets[i]
		if len(target.Service.Selector) == 0 {
			// A Server without a selector would govern the whole namespace.
			result.Issues = append(result.Issues, translators.Unselectable(target, codeSelectorless)...)
			continue
		}
		selectors, targets = append(selectors, target.Service.Selector), append(targets, target)
		result.Issues = append(result.Issues, pathIssues(&target.Rules)...)
	}
	if len(targets) == 0 {
		return result
	}
	g := &governor{
		writer:    writer{namespace: u.Namespace, scope: targets[0].Service.Name, probers: probeNetworks(env)},
		byDefault: u.Default, strict: u.Strict, inbound: defaultOf(env, u), widened: map[ir.Source]ir.Feature{},
	}
	parts := regions(selectors)
	if parts == nil {
		parts = coarse(selectors)
		result.Issues = append(result.Issues, overlapping(targets)...)
		g.closed = true
	}
	for _, r := range parts {
		if len(r.in) == 0 && !g.closed {
			continue
		}
		s := surrounding(u, targets, r)
		if g.closed {
			s.limits = nil
		}
		if u.Gateways || g.inbound == "" && silent(s.rules) {
			g.withholdLimits(s.limits, u.Gateways)
			s.limits = nil
		}
		g.region(r, s)
	}
	result.Objects = g.objects
	result.Issues = append(result.Issues, g.issues...)
	result.Issues = ir.SortIssues(append(result.Issues, widenedIssues(g.widened)...))
	if u.Default != ir.AccessDeny {
		for _, target := range targets {
			ports := portsOf(target.Workloads, []ir.Service{target.Service})
			result.Issues = append(result.Issues, openPorts(target.Rules.Policies, targetRef(target), ports)...)
		}
	}
	return result
}

func targetRef(target *ir.AccessTarget) ir.Target {
	return ir.Target{Kind: "Service", Name: target.Service.Name}
}

// probeNetworks are the networks that the fact names.
func probeNetworks(env translators.Env) []string {
	var out []string
	for cidr := range strings.SplitSeq(env.Facts[FactProbeNetworks], ",") {
		if cidr = strings.TrimSpace(cidr); cidr != "" {
			out = append(out, cidr)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// surrounding is what there is to know of the pods of a region: the rules and
// limits of the targets that select them, the rules of the namespace, and the
// ports by which they are reached.
func surrounding(u *ir.AccessUnit, targets []*ir.AccessTarget, r region) scope {
	var s scope
	var workloads []ir.Workload
	var services []ir.Service
	for i, target := range targets {
		if slices.Contains(r.in, i) || len(r.in) == 0 {
			s.rules = append(s.rules, &target.Rules)
			services = append(services, target.Service)
			if limit, ok := limitOf(target); ok {
				s.limits = append(s.limits, limit)
			}
		}
		workloads = append(workloads, target.Workloads...)
	}
	if u.NamespaceRules != nil {
		s.rules = append(s.rules, u.NamespaceRules)
	}
	for i := range u.Others {
		services = append(services, u.Others[i].Service)
	}
	s.ports = portsOf(slices.DeleteFunc(workloads, func(w ir.Workload) bool { return !r.has(w.Labels) }), services)
	return s
}

func overlapping(targets []*ir.AccessTarget) []ir.Issue {
	var issues []ir.Issue
	for _, target := range targets {
		for _, source := range target.Rules.Policies {
			issue := finding{Source: source, Code: codeTooManyOverlaps}.Closed(
				"the pods of Service %s and of others overlap in more than %d ways, which Linkerd would need a Server each for: until their selectors are simpler, all of them refuse everything but probes",
				target.Service.Name, maxRegions)
			issue.Target = targetRef(target)
			issues = append(issues, issue)
		}
		if limit, ok := limitOf(target); ok {
			issues = append(issues, limit.issue(ir.EffectWithheld, codeTooManyOverlaps,
				"the pods of Service %s and of others overlap in more than %d ways, which Linkerd would need a Server each for: until their selectors are simpler no limit is in force",
				target.Service.Name, maxRegions))
		}
	}
	return issues
}
