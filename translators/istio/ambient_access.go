package istio

import (
	"slices"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateAmbientAccess writes the rules of each target twice. For ztunnel they
// select the pods of the target, and admit, beside the callers that it can tell
// by the connection alone, nobody but the waypoint. For the waypoint they target
// every Service by which those pods are reached: a waypoint asks the policies
// of the Service that was dialled, whichever pods its routes lead to.
func translateAmbientAccess(_ translators.Env, u *ir.AccessUnit) translators.Result {
	a := ambientAccess{unit: u}
	for i := range u.Targets {
		target := &u.Targets[i]
		if len(target.Service.Selector) == 0 {
			a.result.Issues = append(a.result.Issues, translators.Unselectable(target, codeNoSelector)...)
			continue
		}
		pods := accessScope{mesh: u.Mesh, namespace: u.Namespace, name: target.Service.Name, selector: target.Service.Selector}
		a.add(pods.ambient(&target.Rules))
		a.service(target)
	}
	for i := range u.Others {
		a.service(&u.Others[i])
	}
	for i := range u.Fronts {
		a.front(&u.Fronts[i])
	}
	a.result.Issues = ir.SortIssues(a.result.Issues)
	return a.result
}

// ambientAccess gathers what an access unit comes to.
type ambientAccess struct {
	unit   *ir.AccessUnit
	result translators.Result
}

func (a *ambientAccess) add(part translators.Result) {
	a.result.Objects = append(a.result.Objects, part.Objects...)
	a.result.Issues = append(a.result.Issues, part.Issues...)
}

// service writes for the waypoint what holds of all that is sent to a Service.
func (a *ambientAccess) service(service *ir.AccessTarget) {
	name := service.Service.Name
	classes := a.classes(slices.Concat(service.Workloads, service.Routed))
	if own := a.index(name); own >= 0 && len(service.Workloads) == 0 {
		classes = append(classes, []int{own})
	}
	rules, alike := a.sum(classes)
	if !alike {
		a.report(rules.Policies, "Service %s leads to pods that not all the same AccessPolicies govern, and Istio asks the policies of a Service, not of a pod: who calls it is admitted only where all pods would; give pods with policies of their own a Service of their own", name)
	}
	scope := a.scope("to "+name, name)
	a.add(scope.ambient(dialled(&rules, &service.Service)))
}

// scope is all that comes by the waypoint for a Service.
func (a *ambientAccess) scope(name, service string) accessScope {
	return accessScope{mesh: a.unit.Mesh, namespace: a.unit.Namespace, name: name, target: serviceTarget(service)}
}

// index is the place of a Service among the targets; -1 where it is none.
func (a *ambientAccess) index(service string) int {
	return slices.IndexFunc(a.unit.Targets, func(t ir.AccessTarget) bool { return t.Service.Name == service })
}

// dialled are rules with the ports of a Service in place of those of containers:
// the waypoint sees what was dialled. What names ports that the Service does not
// lead to matches nothing there. A Deny keeps the container ports beside.
func dialled(rules *ir.AccessRules, service *ir.Service) *ir.AccessRules {
	out := *rules
	out.Allow = withPorts(rules.Allow, func(ports []int32) []int32 {
		return servicePorts(service, func(targets []int32) bool {
			return len(targets) > 0 && !slices.ContainsFunc(targets, func(t int32) bool { return !slices.Contains(ports, t) })
		})
	})
	out.Deny = withPorts(rules.Deny, func(ports []int32) []int32 {
		return append(servicePorts(service, func(targets []int32) bool {
			return len(targets) == 0 || slices.ContainsFunc(targets, func(t int32) bool { return slices.Contains(ports, t) })
		}), ports...)
	})
	return &out
}

// servicePorts are the ports of a Service whose container ports are as wanted.
func servicePorts(service *ir.Service, wanted func([]int32) bool) []int32 {
	var out []int32
	for _, p := range service.Ports {
		if wanted(p.Targets) {
			out = append(out, p.Number)
		}
	}
	return out
}

// withPorts returns the rules with other ports in operations that name any.
// Operations, and rules, that are left without are left out.
func withPorts(rules []ir.AccessRule, ports func([]int32) []int32) []ir.AccessRule {
	var out []ir.AccessRule
	for _, rule := range rules {
		said := len(rule.To) == 0
		rule.To = slices.Clone(rule.To)
		for i := range rule.To {
			if op := &rule.To[i]; len(op.Ports) > 0 {
				op.Ports = ports(op.Ports)
				slices.Sort(op.Ports)
				op.Ports = slices.Compact(op.Ports)
				if len(op.Ports) == 0 {
					op.Ports = []int32{nowhere}
				}
			}
		}
		rule.To = slices.DeleteFunc(rule.To, func(op ir.Operation) bool { return slices.Equal(op.Ports, []int32{nowhere}) })
		if said || len(rule.To) > 0 {
			out = append(out, rule)
		}
	}
	return out
}

// nowhere is no port.
const nowhere = -1
