package eval

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// Outcome is the answer to the question whether a request is admitted.
type Outcome string

// The outcomes.
const (
	Allowed Outcome = "Allowed"
	Denied  Outcome = "Denied"
	// MeshDefault: no policy speaks of the workload and the Mesh leaves its
	// default alone, so the mesh's own decides.
	MeshDefault Outcome = "MeshDefault"
)

// Why says what decided.
type Why string

// The reasons of verdicts.
const (
	// ByDenyRule and ByAllowRule: a rule matched; Source names it.
	ByDenyRule  Why = "DenyRule"
	ByAllowRule Why = "AllowRule"
	// ByClosed: a Deny that could not be resolved closed the target.
	ByClosed Why = "Closed"
	// ByNoAllowRule: an Allow policy selects the workload and none of its rules
	// matched.
	ByNoAllowRule Why = "NoAllowRule"
	// ByDefault: no policy spoke of the request.
	ByDefault Why = "Default"
)

// Verdict says whether a request is admitted, and why.
type Verdict struct {
	Outcome Outcome   `json:"outcome"`
	Why     Why       `json:"why"`
	Source  ir.Source `json:"source,omitzero"`
}

// Access answers a request to a workload with the given labels: the policies
// of every target that selects it, and the untargeted ones of its namespace,
// add up. The address and Service by which it was reached do not matter.
// kubelet's probes are outside of this: they are always answered.
func Access(u *ir.AccessUnit, labels map[string]string, r Request) Verdict {
	var rules []*ir.AccessRules
	for i := range u.Targets {
		if Selects(u.Targets[i].Service.Selector, labels) {
			rules = append(rules, &u.Targets[i].Rules)
		}
	}
	if u.NamespaceRules != nil {
		rules = append(rules, u.NamespaceRules)
	}
	return Decide(rules, u.Default, r)
}

// Namespace answers a request to a workload of a member namespace that no
// targeted policy selects.
func Namespace(u *ir.NamespaceUnit, r Request) Verdict {
	var rules []*ir.AccessRules
	if u.Access != nil {
		rules = append(rules, u.Access)
	}
	return Decide(rules, u.AccessDefault, r)
}

// Selects says whether a Service with the selector selects pods with the
// labels. An empty selector selects none.
func Selects(selector, labels map[string]string) bool {
	for k, v := range selector {
		if value, ok := labels[k]; !ok || value != v {
			return false
		}
	}
	return len(selector) > 0
}

// Decide answers a request by the sum of all rules: a closed target or a
// matching Deny rule denies; else a matching Allow rule admits; else, where any
// Allow policy selects the workload, the request is denied; else the default
// decides. The order of the rules has no part in the outcome.
func Decide(rules []*ir.AccessRules, fallback ir.AccessDefault, r Request) Verdict {
	for _, set := range rules {
		if set.DenyAll {
			return Verdict{Outcome: Denied, Why: ByClosed}
		}
	}
	selected := false
	for _, set := range rules {
		selected = selected || set.AllowSelected || len(set.Allow) > 0
		if rule := find(set.Deny, &r, true); rule != nil {
			return Verdict{Outcome: Denied, Why: ByDenyRule, Source: rule.Source}
		}
	}
	for _, set := range rules {
		if rule := find(set.Allow, &r, false); rule != nil {
			return Verdict{Outcome: Allowed, Why: ByAllowRule, Source: rule.Source}
		}
	}
	switch {
	case selected:
		return Verdict{Outcome: Denied, Why: ByNoAllowRule}
	case fallback == ir.AccessDeny:
		return Verdict{Outcome: Denied, Why: ByDefault}
	case fallback == ir.AccessAllow:
		return Verdict{Outcome: Allowed, Why: ByDefault}
	}
	return Verdict{Outcome: MeshDefault, Why: ByDefault}
}

func find(rules []ir.AccessRule, r *Request, deny bool) *ir.AccessRule {
	for i := range rules {
		if MatchRule(&rules[i], r, deny) {
			return &rules[i]
		}
	}
	return nil
}

// MatchRule says whether the rule, of a Deny or an Allow, matches: any of its
// callers does and, where it names operations, any of those does.
func MatchRule(rule *ir.AccessRule, r *Request, deny bool) bool {
	if !slices.ContainsFunc(rule.From, func(c ir.Caller) bool { return matchCaller(&c, r.Caller, deny) }) {
		return false
	}
	return len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(o ir.Operation) bool { return matchOperation(&o, r, deny) })
}

// matchCaller: all that the caller names must hold. A caller without an
// identity is matched by Anyone alone, and by any Deny that says Unidentified.
// What names nothing at all matches nobody in Allow and everybody in Deny.
func matchCaller(c *ir.Caller, id *ir.Identity, deny bool) bool {
	named := c.Member || c.Identities != nil || c.Namespaces != nil
	switch {
	case deny && c.Unidentified && id == nil:
		return true
	case !named && !c.Anyone:
		return deny && !c.Unidentified
	case id == nil:
		return !named
	}
	return (c.Identities == nil || slices.Contains(c.Identities, *id)) &&
		(c.Namespaces == nil || slices.Contains(c.Namespaces, id.Namespace))
}

// matchOperation: all that the operation names must hold. Of a connection that
// is not HTTP, methods and paths never hold in Allow and always do in Deny.
func matchOperation(o *ir.Operation, r *Request, deny bool) bool {
	if len(o.Ports) > 0 && !slices.Contains(o.Ports, r.Port) {
		return false
	}
	if r.Opaque {
		return deny || len(o.Methods) == 0 && len(o.Paths) == 0
	}
	if len(o.Methods) > 0 && !slices.Contains(o.Methods, r.Method) {
		return false
	}
	return len(o.Paths) == 0 || slices.ContainsFunc(o.Paths, func(p ir.PathMatch) bool { return MatchPath(p, r.Path) })
}
