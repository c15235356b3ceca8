package resolve

import (
	"fmt"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// accessScope is what the rules of AccessPolicies are resolved for: a Service,
// or a namespace, where service is nil.
type accessScope struct {
	*view
	mesh    string
	target  ir.Target
	service *ir.Service
	records []*record
	sum     ir.AccessRules
	// named are the callers of all rules, also of those that are left out.
	named []ir.Caller
}

// accessTarget sums up the policies of a Service. The second result are the
// callers that they name.
func (v *view) accessTarget(ref ir.Ref, policies []*v1alpha1.AccessPolicy, mesh ir.Mesh) (ir.AccessTarget, []ir.Caller) {
	service := v.irService(v.service(ref))
	s := &accessScope{
		view: v, mesh: mesh.Name, target: ir.Target{Kind: kindService, Name: ref.Name},
		service: &service, records: v.records(workloadsOf, ref),
	}
	for _, policy := range sortedByName(policies) {
		probe, covered := coveredProbe(policy, s.records, &service)
		s.add(policy, probe, covered)
	}
	v.reportOutside(policies, s.target, s.records, mesh.Provider)
	return ir.AccessTarget{Service: service, Workloads: workloadsOfRecords(s.records), Rules: s.sum}, s.named
}

// namespaceRules sums up the policies without targets; nil where there are none.
// The second result are the callers that they name.
func (v *view) namespaceRules(policies []*v1alpha1.AccessPolicy, mesh string) (*ir.AccessRules, []ir.Caller) {
	if len(policies) == 0 {
		return nil, nil
	}
	s := &accessScope{view: v, mesh: mesh, target: namespaceTarget}
	for _, policy := range sortedByName(policies) {
		state, _ := v.value(sourceOf(policy).Ref).(accessState)
		s.add(policy, state.probe, state.probe != "")
	}
	return &s.sum, s.named
}

func sortedByName(policies []*v1alpha1.AccessPolicy) []*v1alpha1.AccessPolicy {
	return slices.SortedFunc(slices.Values(policies), func(a, b *v1alpha1.AccessPolicy) int {
		return sourceOf(a).Compare(sourceOf(b).Ref)
	})
}

// add sums one more policy up. What cannot be said, or is excluded because the
// mesh cannot say it, closes.
func (s *accessScope) add(policy *v1alpha1.AccessPolicy, probe string, covered bool) {
	source := sourceOf(policy)
	s.sum.Policies = append(s.sum.Policies, source)
	deny := policy.Spec.Action == v1alpha1.AccessDeny
	closed := s.ex.Has(source.Ref, "")
	if covered {
		closed = true
		s.report(finding{ir.EffectClosed, CodeProbeCovered, source.At("spec.rules"), s.target},
			"a path of the policy covers the kubelet probe %s, which must stay open: give the probe a path that no policy covers, or a port of its own", probe)
	}
	var rules []ir.AccessRule
	for i := range policy.Spec.Rules {
		rule, ok := s.rule(policy, i)
		s.named = append(s.named, rule.From...)
		if !ok {
			closed = true
			continue
		}
		if len(rule.From) > 0 {
			rules = append(rules, rule)
		}
	}
	switch {
	case deny:
		s.sum.Deny = append(s.sum.Deny, rules...)
		s.sum.DenyAll = s.sum.DenyAll || closed
	case closed:
		s.sum.AllowSelected = true
	default:
		s.sum.AllowSelected = true
		s.sum.Allow = append(s.sum.Allow, rules...)
	}
}

// rule resolves the i-th rule of a policy; ok is false where it makes the whole
// policy close its target. A rule without callers matches nothing.
func (s *accessScope) rule(policy *v1alpha1.AccessPolicy, i int) (rule ir.AccessRule, ok bool) {
	spec := &policy.Spec.Rules[i]
	rule.Source, ok = sourceOf(policy).At(fmt.Sprintf("spec.rules[%d]", i)), true
	for j := range spec.From {
		caller, known := s.caller(policy, &spec.From[j], rule.Source.At(fmt.Sprintf("from[%d]", j)))
		if !known && policy.Spec.Action == v1alpha1.AccessDeny {
			ok = false
		}
		rule.From = append(rule.From, caller)
	}
	for j := range spec.To {
		operation, said := s.operation(&spec.To[j], rule.Source.At(fmt.Sprintf("to[%d]", j)))
		ok = ok && said
		rule.To = append(rule.To, operation)
	}
	return rule, ok
}

// operation resolves what a rule is about; ok is false where it cannot be said.
func (s *accessScope) operation(to *v1alpha1.AccessOperation, source ir.Source) (operation ir.Operation, ok bool) {
	operation.Source, ok = source, true
	for _, m := range to.Methods {
		operation.Methods = append(operation.Methods, string(m))
	}
	slices.Sort(operation.Methods)
	operation.Methods = slices.Compact(operation.Methods)
	for i := range to.Paths {
		path := accessPath(&to.Paths[i])
		if path.Type == ir.PathRegex {
			ok = false
			s.report(finding{ir.EffectClosed, CodeAccessInvalid, source.At(fmt.Sprintf("paths[%d].type", i)), s.target},
				"meshes read expressions differently, which is no ground for access: use type Exact or PathPrefix")
		}
		operation.Paths = append(operation.Paths, path)
	}
	http := len(to.Methods) > 0 || len(to.Paths) > 0
	if len(to.Ports) == 0 {
		return operation, s.someHTTP(http, source) && ok
	}
	if s.service == nil {
		s.report(finding{ir.EffectClosed, CodeAccessInvalid, source.At("ports"), s.target},
			"ports are a Service's ports, and a policy without targetRefs has no Service: name the Services in targetRefs, or remove ports")
		return operation, false
	}
	for i, number := range to.Ports {
		port, found := s.port(int32(number), http, source.At(fmt.Sprintf("ports[%d]", i)))
		ok = ok && found
		operation.Ports = append(operation.Ports, port.Targets...)
	}
	slices.Sort(operation.Ports)
	operation.Ports = slices.Compact(operation.Ports)
	return operation, ok
}

// someHTTP says whether a rule with methods or paths, and without ports, has a
// port to act on.
func (s *accessScope) someHTTP(http bool, source ir.Source) bool {
	if !http || s.service == nil || slices.ContainsFunc(s.service.Ports, func(p ir.Port) bool { return p.Protocol.HTTP() }) {
		return true
	}
	s.report(finding{ir.EffectClosed, CodeAccessProtocol, source, s.target},
		"methods and paths are of HTTP, and no port of Service %s is known to speak it: set appProtocol on the Service port, or remove methods and paths", s.service.Name)
	return false
}

// port resolves a Service port to container ports.
func (s *accessScope) port(number int32, http bool, source ir.Source) (ir.Port, bool) {
	f := finding{ir.EffectClosed, CodeAccessPort, source, s.target}
	port, ok := s.service.Port(number)
	switch {
	case !ok:
		s.report(f, "Service %s has no port %d: name one of %s", s.service.Name, number, portNames(s.service.Ports))
		return port, false
	case len(port.Targets) == 0:
		s.report(f, "port %s of Service %s leads to no container port: name that port in the pods, or give targetPort a number", portName(port), s.service.Name)
		return port, false
	case http && !port.Protocol.HTTP():
		f.code = CodeAccessProtocol
		s.report(f, "methods and paths are of HTTP, and port %s of Service %s is %s: set appProtocol on the Service port, or remove methods and paths",
			portName(port), s.service.Name, speaks(port.Protocol))
		return port, false
	}
	return port, true
}

func accessPath(p *v1alpha1.HTTPPathMatch) ir.PathMatch {
	value := orElse(p.Value, "/")
	switch p.Type {
	case v1alpha1.PathMatchExact:
		return ir.PathMatch{Type: ir.PathExact, Value: value}
	case v1alpha1.PathMatchRegularExpression:
		return ir.PathMatch{Type: ir.PathRegex, Value: value}
	default:
		return ir.PathMatch{Type: ir.PathPrefix, Value: trimPrefixPath(value)}
	}
}
