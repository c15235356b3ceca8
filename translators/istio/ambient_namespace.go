package istio

import (
	security "istio.io/api/security/v1beta1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateAmbientNamespace writes what a member namespace needs: its waypoint, the
// labels that enrol it, the mTLS mode, the default of access and the
// AccessPolicies that speak of the whole namespace. These are said twice: for
// the waypoint, which sees the caller and the request, and for ztunnel, which
// sees the caller of whoever goes past the waypoint.
func translateAmbientNamespace(env translators.Env, u *ir.NamespaceUnit) translators.Result {
	env = ofRevision(env, u.Revision)
	result := translators.Result{
		Contributions: enrolment(u),
		Objects:       []translators.Object{waypoint(env, u.Name, waypointName, []ir.Source{u.Mesh.Source})},
	}
	if u.MTLS != nil && u.MTLS.Mode != ir.MTLSDisabled {
		result.Objects = append(result.Objects, mtls(u)...)
	}
	if u.AccessDefault != ir.AccessDeny && u.Access == nil {
		return result
	}
	ways := []accessScope{{mesh: u.Mesh, namespace: u.Name, name: waypointName, target: waypointTarget()}}
	scopes, issues := namespaceScopes(u)
	result.Issues = issues
	for _, scope := range append(ways, scopes...) {
		rules := u.Access
		if scope.target != nil {
			rules = ofNoService(rules)
		}
		part := scope.ambient(rules)
		if u.AccessDefault == ir.AccessDeny {
			closing := scope.policy(security.AuthorizationPolicy_ALLOW, "default deny", scope.name)
			if scope.target == nil {
				closing.Spec.Rules = []*security.Rule{{From: from(waypointPrincipal(u.Mesh, u.Name))}}
			}
			part.Objects = append(part.Objects, object(closing, []ir.Source{u.Mesh.Source}, waypointRef(u.Name)))
		}
		result.Objects = append(result.Objects, part.Objects...)
		result.Issues = append(result.Issues, part.Issues...)
	}
	result.Issues = ir.SortIssues(result.Issues)
	return result
}

// ofNoService returns rules for all that comes by the waypoint, which sees ports of
// Services where the rules have those of containers: a Deny is of every port, and
// an Allow of certain ones admits nobody.
func ofNoService(rules *ir.AccessRules) *ir.AccessRules {
	if rules == nil {
		return nil
	}
	out := *rules
	out.Deny = anyPort(rules.Deny)
	out.Allow = withPorts(rules.Allow, func([]int32) []int32 { return nil })
	return &out
}

// from are the callers with one of the principals.
func from(principals ...string) []*security.Rule_From {
	return []*security.Rule_From{source(&security.Source{Principals: principals})}
}
