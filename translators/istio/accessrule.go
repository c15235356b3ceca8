package istio

import (
	"strconv"

	security "istio.io/api/security/v1beta1"

	"github.com/meshloom/meshloom/translators/ir"
)

// allow says an Allow rule. Operations that name methods or paths get a rule
// of their own: on ports that are not HTTP Istio drops a whole ALLOW rule that
// holds any of them, which would take the others along.
func (s accessScope) allow(rule *ir.AccessRule) []*security.Rule {
	from, ok := s.admitted(rule.From)
	if !ok {
		return nil
	}
	if len(rule.To) == 0 {
		return []*security.Rule{{From: from}}
	}
	var http, other []*security.Rule_To
	for i := range rule.To {
		op := &rule.To[i]
		switch {
		case len(op.Methods) > 0 || len(op.Paths) > 0:
			http = append(http, &security.Rule_To{Operation: operation(op, allowedPaths(op.Paths))})
		case len(op.Ports) > 0:
			other = append(other, &security.Rule_To{Operation: operation(op, nil)})
		default:
			return []*security.Rule{{From: from}}
		}
	}
	var rules []*security.Rule
	if len(http) > 0 {
		rules = append(rules, &security.Rule{From: from, To: http})
	}
	if len(other) > 0 {
		rules = append(rules, &security.Rule{From: from, To: other})
	}
	return rules
}

// deny says a Deny rule, or the least that Istio can say and that denies all
// the rule does.
func deny(rule *ir.AccessRule) []*security.Rule {
	from, ok := refused(rule.From)
	if !ok {
		return nil
	}
	var to []*security.Rule_To
	for i := range rule.To {
		op := &rule.To[i]
		paths := deniedPaths(op.Paths)
		if len(op.Methods) == 0 && len(op.Ports) == 0 && len(paths) == 0 {
			return []*security.Rule{{From: from}}
		}
		to = append(to, &security.Rule_To{Operation: operation(op, paths)})
	}
	return []*security.Rule{{From: from, To: to}}
}

func operation(op *ir.Operation, paths []string) *security.Operation {
	out := &security.Operation{Methods: op.Methods, Paths: paths}
	for _, port := range op.Ports {
		out.Ports = append(out.Ports, strconv.Itoa(int(port)))
	}
	return out
}
