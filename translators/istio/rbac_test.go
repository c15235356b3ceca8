package istio

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// The functions of this file decide with AuthorizationPolicies what istiod's
// RBAC filters decide, one chain for HTTP and one for TCP. They were written
// from Istio's source and share no code with the translation.

// rbacAdmits answers a request to a workload with the labels: DENY before
// ALLOW, and nothing else than what an ALLOW admits where any selects it.
// Default is false where no policy decided.
func rbacAdmits(objects []translators.Object, labels map[string]string, req *eval.Request) (admitted, byDefault bool) {
	allows, matched := false, false
	for _, obj := range objects {
		policy, ok := obj.Object.(*securityv1.AuthorizationPolicy)
		if !ok || !rbacSelects(policy, labels) {
			continue
		}
		deny := policy.Spec.Action == security.AuthorizationPolicy_DENY
		hit := slices.ContainsFunc(policy.Spec.Rules, func(r *security.Rule) bool { return rbacMatches(r, req, deny) })
		if deny && hit {
			return false, false
		}
		allows = allows || !deny
		matched = matched || !deny && hit
	}
	if !allows {
		return true, true
	}
	return matched, false
}

func rbacSelects(policy *securityv1.AuthorizationPolicy, labels map[string]string) bool {
	for k, v := range policy.Spec.GetSelector().GetMatchLabels() {
		if labels[k] != v {
			return false
		}
	}
	return true
}

// rbacMatches evaluates a rule. On a TCP chain a rule of an ALLOW with any HTTP
// field is skipped whole; in a DENY the fields are left out.
func rbacMatches(rule *security.Rule, req *eval.Request, deny bool) bool {
	if req.Opaque && !deny {
		for _, to := range rule.To {
			if len(to.Operation.Methods) > 0 || len(to.Operation.Paths) > 0 {
				return false
			}
		}
	}
	from := len(rule.From) == 0 || slices.ContainsFunc(rule.From, func(f *security.Rule_From) bool { return rbacSource(f.Source, req) })
	to := len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(t *security.Rule_To) bool { return rbacOperation(t.Operation, req) })
	return from && to
}

func rbacSource(s *security.Source, req *eval.Request) bool {
	principal := ""
	if req.Caller != nil {
		principal = "spiffe://cluster.local/ns/" + req.Caller.Namespace + "/sa/" + req.Caller.ServiceAccount
	}
	is := func(pattern string) bool { return principal != "" && rbacString(pattern, "spiffe://", principal) }
	in := func(ns string) bool {
		return regexp.MustCompile(`^.*/ns/` + regexp.QuoteMeta(ns) + `/.*$`).MatchString(principal)
	}
	if len(s.Principals) > 0 && !slices.ContainsFunc(s.Principals, is) || len(s.Namespaces) > 0 && !slices.ContainsFunc(s.Namespaces, in) {
		return false
	}
	return len(s.NotPrincipals) == 0 || !slices.ContainsFunc(s.NotPrincipals, is)
}

func rbacOperation(o *security.Operation, req *eval.Request) bool {
	if len(o.Ports) > 0 && !slices.Contains(o.Ports, strconv.Itoa(int(req.Port))) {
		return false
	}
	if req.Opaque {
		return true
	}
	method := func(p string) bool { return rbacString(p, "", req.Method) }
	path := func(p string) bool { return rbacString(p, "", req.Path) }
	return (len(o.Methods) == 0 || slices.ContainsFunc(o.Methods, method)) && (len(o.Paths) == 0 || slices.ContainsFunc(o.Paths, path))
}

// rbacString compares with a pattern: * alone is any value that is not empty,
// at the beginning it is a suffix, at the end a prefix.
func rbacString(pattern, before, value string) bool {
	switch {
	case pattern == "*":
		return value != ""
	case strings.HasPrefix(pattern, "*"):
		return strings.HasPrefix(value, before) && strings.HasSuffix(value, pattern[1:])
	case strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(value, before+strings.TrimSuffix(pattern, "*"))
	default:
		return value == before+pattern
	}
}
