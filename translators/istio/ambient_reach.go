package istio

import (
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// classes are the sets of targets that govern the workloads, each once, by their
// places in the unit.
func (a *ambientAccess) classes(workloads []ir.Workload) [][]int {
	var out [][]int
	for i := range workloads {
		var class []int
		for j := range a.unit.Targets {
			if eval.Selects(a.unit.Targets[j].Service.Selector, workloads[i].Labels) {
				class = append(class, j)
			}
		}
		if !slices.ContainsFunc(out, func(c []int) bool { return slices.Equal(c, class) }) {
			out = append(out, class)
		}
	}
	return out
}

// sum returns rules that deny what the targets of any class deny, and admit only
// whom those of every class admit; alike is false where the classes differ.
// The rules of the namespace, which hold of all of them, are left out.
func (a *ambientAccess) sum(classes [][]int) (rules ir.AccessRules, alike bool) {
	var common []int
	alike = true
	for i, class := range classes {
		alike = alike && slices.Equal(class, classes[0])
		allows := slices.DeleteFunc(slices.Clone(class), func(t int) bool { return !a.unit.Targets[t].Rules.AllowSelected })
		switch {
		case len(allows) == 0 && !a.closed():
		case !rules.AllowSelected:
			rules.AllowSelected, common = true, allows
		default:
			common = slices.DeleteFunc(common, func(t int) bool { return !slices.Contains(allows, t) })
		}
		for _, t := range class {
			if slices.ContainsFunc(classes[:i], func(earlier []int) bool { return slices.Contains(earlier, t) }) {
				continue
			}
			target := &a.unit.Targets[t].Rules
			rules.Deny = append(rules.Deny, target.Deny...)
			rules.DenyAll = rules.DenyAll || target.DenyAll
			rules.Policies = append(rules.Policies, target.Policies...)
		}
	}
	for _, t := range common {
		rules.Allow = append(rules.Allow, a.unit.Targets[t].Rules.Allow...)
	}
	if len(rules.Policies) == 0 {
		// Nothing of the unit is about these pods.
		return ir.AccessRules{}, true
	}
	return rules, alike
}

// closed says whether pods that no policy targets admit only whom the namespace
// says.
func (a *ambientAccess) closed() bool {
	return a.unit.Default == ir.AccessDeny || a.unit.NamespaceRules != nil && a.unit.NamespaceRules.AllowSelected
}

// front keeps those from a Service whose TrafficSplits lead to pods of targets
// that the targets do not admit: on their way there nobody asks again. Who is
// admitted by what a request says cannot be told from who is not.
func (a *ambientAccess) front(front *ir.Front) {
	classes := a.classes(front.Workloads)
	classes = slices.DeleteFunc(classes, func(class []int) bool { return len(class) == 0 })
	rules, _ := a.sum(classes)
	if len(rules.Policies) == 0 {
		return
	}
	scope := a.scope("by "+front.Service+" to "+a.unit.Targets[0].Service.Name, front.Service)
	denied := ir.AccessRules{Deny: anyPort(rules.Deny), DenyAll: rules.DenyAll, Policies: rules.Policies}
	part := scope.ambient(&denied)
	part.Issues = nil
	if principals, some := a.connecting(scope, rules.Allow); rules.AllowSelected && some {
		policy := scope.policy(security.AuthorizationPolicy_DENY, scope.name, "others")
		policy.Spec.Rules = []*security.Rule{{}}
		if len(principals) > 0 {
			policy.Spec.Rules[0].From = []*security.Rule_From{source(&security.Source{NotPrincipals: principals})}
		}
		part.Objects = append(part.Objects, object(policy, rules.Policies, waypointRef(a.unit.Namespace)))
	}
	a.add(part)
	a.report(rules.Policies, "TrafficSplits of Service %s send requests to pods that the policy governs, and Istio asks only the policies of the Service that was dialled: Service %s refuses all whom the policy does not admit, or admits by method, path or port; use subsets of one Service, or target both Services", front.Service, front.Service)
}

// connecting are the principals that the rules admit whatever they ask for; some
// is false where that is everybody.
func (a *ambientAccess) connecting(scope accessScope, allow []ir.AccessRule) (principals []string, some bool) {
	if a.unit.NamespaceRules != nil {
		allow = slices.Concat(allow, a.unit.NamespaceRules.Allow)
	}
	for i := range allow {
		if len(allow[i].To) > 0 {
			continue
		}
		from, ok := scope.admitted(allow[i].From)
		if ok && len(from) == 0 {
			return nil, false
		}
		for _, f := range from {
			principals = append(principals, f.Source.Principals...)
		}
	}
	return unique(principals), true
}

// anyPort returns the rules without their ports, which are those of other pods.
func anyPort(rules []ir.AccessRule) []ir.AccessRule {
	out := slices.Clone(rules)
	for i := range out {
		out[i].To = slices.Clone(out[i].To)
		for j := range out[i].To {
			out[i].To[j].Ports = nil
		}
	}
	return out
}

// report tells the owners of policies that more is refused than they say.
func (a *ambientAccess) report(policies []ir.Source, format string, args ...any) {
	for _, source := range policies {
		a.result.Issues = append(a.result.Issues, finding{Source: source, Code: codeDialled}.Issue(ir.EffectPartial, v1alpha1.ReasonEmulated, format, args...))
	}
}
