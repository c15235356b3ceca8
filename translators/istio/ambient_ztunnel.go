package istio

import (
	"slices"

	security "istio.io/api/security/v1beta1"
	apitype "istio.io/api/type/v1beta1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// ambient writes the rules for one of the two places that decide: as they are
// for a waypoint, and for ztunnel, where the scope selects pods, as far as they
// are of connections. Nil rules are none.
func (s accessScope) ambient(rules *ir.AccessRules) translators.Result {
	switch {
	case rules == nil:
		return translators.Result{}
	case s.target != nil:
		result := s.policies(rules)
		for i := range result.Objects {
			result.Objects[i].After = []translators.ObjectRef{waypointRef(s.namespace)}
		}
		return result
	}
	return translators.Result{Objects: s.connections(rules)}
}

// connections writes what ztunnel can decide. What comes by the waypoint has been
// decided there and passes; what comes past it is admitted by rules that
// speak of no request alone, and denied by whatever might deny it.
func (s accessScope) connections(rules *ir.AccessRules) []translators.Object {
	seen := ofConnections(rules)
	objects := s.policies(seen).Objects
	waypoint := waypointPrincipal(s.mesh, s.namespace)
	for _, obj := range objects {
		if policy, ok := obj.Object.(*securityv1.AuthorizationPolicy); ok && policy.Spec.Action == security.AuthorizationPolicy_DENY {
			spare(policy, waypoint)
		}
	}
	if rules.AllowSelected {
		policy := s.policy(security.AuthorizationPolicy_ALLOW, s.name, "by the waypoint")
		policy.Spec.Rules = []*security.Rule{{From: from(waypoint)}}
		objects = append(objects, object(policy, rules.Policies, waypointRef(s.namespace)))
	}
	return objects
}

// spare takes a principal out of all that a policy denies.
func spare(policy *securityv1.AuthorizationPolicy, principal string) {
	for _, rule := range policy.Spec.Rules {
		if len(rule.From) == 0 {
			rule.From = []*security.Rule_From{source(&security.Source{})}
		}
		for _, from := range rule.From {
			from.Source.NotPrincipals = append(from.Source.NotPrincipals, principal)
		}
	}
}

// ofConnections returns what of the rules holds of a connection whatever requests
// it carries. An Allow that Istio cannot say admits nobody here either. The
// result selects nothing by itself: the policy that admits the waypoint does.
func ofConnections(rules *ir.AccessRules) *ir.AccessRules {
	out := &ir.AccessRules{DenyAll: rules.DenyAll, Policies: rules.Policies}
	closed := inexpressible(rules.Allow)
	for _, rule := range rules.Allow {
		if closed[rule.Source.Ref] {
			continue
		}
		said := len(rule.To) == 0
		rule.To = slices.DeleteFunc(slices.Clone(rule.To), ofRequests)
		if said || len(rule.To) > 0 {
			out.Allow = append(out.Allow, rule)
		}
	}
	for _, rule := range rules.Deny {
		rule.To = slices.Clone(rule.To)
		for i := range rule.To {
			rule.To[i].Methods, rule.To[i].Paths = nil, nil
		}
		out.Deny = append(out.Deny, rule)
	}
	return out
}

// ofRequests says whether the operation is told by what a request says.
func ofRequests(op ir.Operation) bool { return len(op.Methods) > 0 || len(op.Paths) > 0 }

// waypointTarget is the waypoint of a namespace: all that comes by it.
func waypointTarget() *apitype.PolicyTargetReference {
	return &apitype.PolicyTargetReference{Group: waypointKind.Group, Kind: waypointKind.Kind, Name: waypointName}
}

// serviceTarget is all that comes by a waypoint for a Service.
func serviceTarget(name string) *apitype.PolicyTargetReference {
	return &apitype.PolicyTargetReference{Kind: "Service", Name: name}
}
