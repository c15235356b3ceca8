package consul

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// ruleSet is a sum of AccessPolicies that governs a destination.
type ruleSet struct {
	*ir.AccessRules
	// whole is true where they govern every pod of the destination. Otherwise
	// what they admit is not admitted, because other pods are behind it too.
	whole bool
	// target is what the policies have the destination through; nil where
	// another unit says what is wrong with them.
	target *ir.Target
}

// clause is one rule in Consul's words.
type clause struct {
	who  whom
	what requests
}

// verdicts are all rules of a destination in Consul's words: the first of deny
// that matches denies, else the first of allow admits, else rest decides.
type verdicts struct {
	deny, allow []clause
	// rest is an action, or empty where it is left to the mesh.
	rest string
}

// compiler says the rules of a destination in Consul's words.
type compiler struct {
	in       inbound
	known    known
	fallback ir.AccessDefault
	issues   []ir.Issue
}

// compile sums the rule sets up.
func (c *compiler) compile(sets []ruleSet) verdicts {
	var v verdicts
	selected := false
	for i := range sets {
		selected = selected || sets[i].AllowSelected || len(sets[i].Allow) > 0
	}
	switch {
	case selected || c.fallback == ir.AccessDeny:
		v.rest = actionDeny
	case c.fallback == ir.AccessAllow:
		v.rest = actionAllow
	}
	for i := range sets {
		set := &sets[i]
		if set.DenyAll {
			v.deny = append(v.deny, clause{whom{everyone: true}, everyRequest()})
		}
		for j := range set.Deny {
			v.deny = append(v.deny, c.denying(set, &set.Deny[j], v.rest))
		}
		closed := c.inexpressible(set)
		for j := range set.Allow {
			rule := &set.Allow[j]
			admitted := c.admitting(set, rule)
			if set.whole && !closed[rule.Source.Ref] {
				v.allow = append(v.allow, admitted)
			}
		}
	}
	return v
}

// admitting says an Allow rule.
func (c *compiler) admitting(set *ruleSet, rule *ir.AccessRule) clause {
	from := c.known.admitted(rule.From)
	for _, s := range from.shared {
		c.report(set, callerShared(s))
	}
	for _, m := range from.missing {
		c.report(set, nobodyAdmitted(m))
	}
	return clause{from.whom, c.in.admitted(rule.To)}
}

// denying says a Deny rule. Where the rest is left to the mesh it denies its
// callers every request: Consul leaves requests that no permission matches to
// its default alone, and not to the intentions for every service, which may
// deny them.
func (c *compiler) denying(set *ruleSet, rule *ir.AccessRule, rest string) clause {
	from := c.known.denied(rule.From)
	for _, s := range from.shared {
		c.report(set, othersDenied(s))
	}
	for _, m := range from.missing {
		c.report(set, everybodyDenied(m))
	}
	what := c.in.denied(rule.To)
	if rest == "" && !what.all && len(what.some) > 0 {
		c.report(set, denyWidened(rule.Source))
		what = everyRequest()
	}
	for i := range rule.To {
		op := &rule.To[i]
		if !sayable(op) && !slices.ContainsFunc(op.Paths, isRegex) {
			c.report(set, pathRefused(op, false))
		}
	}
	return clause{from.whom, what}
}

// inexpressible are the policies of Allow rules that Consul cannot say: they
// admit nobody. Expressions are the capability matrix's to answer.
func (c *compiler) inexpressible(set *ruleSet) map[ir.Ref]bool {
	closed := map[ir.Ref]bool{}
	for i := range set.Allow {
		rule := &set.Allow[i]
		for j := range rule.To {
			op := &rule.To[j]
			if !sayable(op) {
				closed[rule.Source.Ref] = true
				if !slices.ContainsFunc(op.Paths, isRegex) {
					c.report(set, pathRefused(op, true))
				}
			}
			if c.in.perhaps(op.Ports) && !c.in.only(op.Ports) {
				closed[rule.Source.Ref] = true
				c.report(set, portUnknown(op, c.in.ports))
			}
		}
	}
	return closed
}

func isRegex(p ir.PathMatch) bool { return p.Type == ir.PathRegex }

// report adds an issue, unless another unit says it.
func (c *compiler) report(set *ruleSet, issue ir.Issue) {
	if set.target != nil {
		issue.Target = *set.target
		c.issues = append(c.issues, issue)
	}
}
