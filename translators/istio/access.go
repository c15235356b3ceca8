package istio

import (
	"slices"

	security "istio.io/api/security/v1beta1"
	apitype "istio.io/api/type/v1beta1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateAccess writes AuthorizationPolicies that select the pods of each
// target. They add up in Istio as AccessPolicies do: a matching DENY denies,
// and where any ALLOW selects a workload only a matching ALLOW admits.
func translateAccess(_ translators.Env, u *ir.AccessUnit) translators.Result {
	var result translators.Result
	for i := range u.Targets {
		target := &u.Targets[i]
		scope := accessScope{mesh: u.Mesh, namespace: u.Namespace, name: target.Service.Name, selector: target.Service.Selector}
		if len(scope.selector) == 0 {
			// A policy without a selector would govern the whole namespace.
			result.Issues = append(result.Issues, translators.Unselectable(target, codeNoSelector)...)
			continue
		}
		part := scope.policies(&target.Rules)
		result.Objects = append(result.Objects, part.Objects...)
		result.Issues = append(result.Issues, part.Issues...)
	}
	result.Issues = ir.SortIssues(result.Issues)
	return result
}

// accessScope is a set of workloads that rules are written for.
type accessScope struct {
	mesh      ir.Mesh
	namespace string
	// name tells the scope's objects from those of others in the namespace.
	name string
	// selector is empty for every workload of the namespace.
	selector map[string]string
	// target is nil where workloads are selected: in its stead, for what comes by
	// a waypoint.
	target *apitype.PolicyTargetReference
}

// policies writes the rules: one object per AccessPolicy and action, and one
// that closes the scope where no ALLOW is left that would.
func (s accessScope) policies(rules *ir.AccessRules) translators.Result {
	var result translators.Result
	closed := inexpressible(rules.Allow)
	allows := 0
	for _, group := range byPolicy(rules.Allow) {
		if closed[group[0].Source.Ref] {
			continue
		}
		allows++
		policy := s.policy(security.AuthorizationPolicy_ALLOW, group[0].Source.Name, s.name, "allow")
		for i := range group {
			policy.Spec.Rules = append(policy.Spec.Rules, s.allow(&group[i])...)
		}
		result.Objects = append(result.Objects, object(policy, ruleSources(group)))
	}
	if rules.AllowSelected && allows == 0 {
		result.Objects = append(result.Objects, object(s.closing(), rules.Policies))
	}
	for _, group := range byPolicy(rules.Deny) {
		policy := s.policy(security.AuthorizationPolicy_DENY, group[0].Source.Name, s.name, "deny")
		for i := range group {
			policy.Spec.Rules = append(policy.Spec.Rules, deny(&group[i])...)
		}
		if len(policy.Spec.Rules) > 0 {
			result.Objects = append(result.Objects, object(policy, ruleSources(group)))
		}
	}
	if rules.DenyAll {
		policy := s.policy(security.AuthorizationPolicy_DENY, s.name, "deny-all")
		policy.Spec.Rules = []*security.Rule{{}}
		result.Objects = append(result.Objects, object(policy, rules.Policies))
	}
	result.Issues = append(patternIssues(rules.Allow, true), patternIssues(rules.Deny, false)...)
	return result
}

// closing returns the policy that admits nobody and, by being an ALLOW, leaves
// the workloads of the scope to what other ALLOWs admit.
func (s accessScope) closing() *securityv1.AuthorizationPolicy {
	return s.policy(security.AuthorizationPolicy_ALLOW, s.name, "closed")
}

// policy returns an AuthorizationPolicy of the scope without rules, which
// matches nothing. The name is made of the parts.
func (s accessScope) policy(action security.AuthorizationPolicy_Action, name ...string) *securityv1.AuthorizationPolicy {
	policy := &securityv1.AuthorizationPolicy{
		TypeMeta:   typeMeta(authorizationPolicyKind),
		ObjectMeta: objectMeta(s.namespace, uniqueName(name...)),
		Spec:       security.AuthorizationPolicy{Action: action},
	}
	if s.target != nil {
		policy.Spec.TargetRefs = []*apitype.PolicyTargetReference{s.target}
	}
	if len(s.selector) > 0 {
		policy.Spec.Selector = &apitype.WorkloadSelector{MatchLabels: s.selector}
	}
	return policy
}

// byPolicy groups rules by the AccessPolicy they came from, in the order in
// which the policies first occur.
func byPolicy(rules []ir.AccessRule) [][]ir.AccessRule {
	var groups [][]ir.AccessRule
	for _, rule := range rules {
		i := slices.IndexFunc(groups, func(g []ir.AccessRule) bool { return g[0].Source.Ref == rule.Source.Ref })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], rule)
	}
	return groups
}

func ruleSources(rules []ir.AccessRule) []ir.Source {
	var sources []ir.Source
	for i := range rules {
		sources = append(sources, rules[i].Source)
	}
	return sources
}
