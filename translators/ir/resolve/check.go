package resolve

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Check says what is wrong with an object of the unified API before it has a
// part in any unit: targets that do not exist or cannot be targets, namespaces
// without a mesh, parents that do not let a route in. Each participant stands
// for a target that is in no unit because of it; targets that are in a unit are
// left to Resolve. Rechecks tells when to ask again.
func (s *Store) Check(ref ir.Ref) (participants []ir.Participant, issues []ir.Issue) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	obj := s.objects[ref]
	if obj == nil || unifiedKind(obj) == "" {
		return nil, nil
	}
	c := &check{view: s.view(), source: sourceOf(obj)}
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		c.installed(o.Spec.Mode, string(o.Spec.Provider))
	case *v1alpha1.IngressController:
		c.installed(o.Spec.Mode, string(o.Spec.Provider))
	case *v1alpha1.IngressGateway:
		c.gateway(o)
	case *v1alpha1.TrafficSplit:
		c.split(o)
	case *v1alpha1.TrafficPolicy:
		c.policy(o)
	case *v1alpha1.AccessPolicy:
		c.access(o)
	case *v1alpha1.GatewayRoute:
		c.route(o)
	case *v1alpha1.ExternalService:
		if c.meshOf(o.Namespace) == "" {
			c.noMesh(o.Namespace, externalTarget(o, ""), "")
		}
	}
	c.note(topic{ofObject, ref})
	s.watchCheck(ref, c.reads)
	return sortParticipants(c.participants), ir.SortIssues(c.issues)
}

func (s *Store) watchCheck(ref ir.Ref, reads map[topic]struct{}) {
	s.graph.Lock()
	n := s.checks[ref]
	if n == nil {
		n = &node{subject: ref}
		s.checks[ref] = n
	}
	s.graph.Unlock()
	s.subscribe(n, reads)
}

func (s *Store) dropCheck(ref ir.Ref) {
	delete(s.stale, ref)
	s.graph.Lock()
	n := s.checks[ref]
	delete(s.checks, ref)
	s.graph.Unlock()
	if n != nil {
		s.forget(n)
	}
}

type check struct {
	*view
	source       ir.Source
	participants []ir.Participant
}

// refuse says that a target is in no unit, and why. Where the mesh is known, it
// is named.
func (c *check) refuse(f finding, namespace, format string, args ...any) {
	var on ir.Target
	if mesh := c.meshOf(namespace); mesh != "" && namespace != "" {
		on = onMesh(mesh)
	}
	c.participants = append(c.participants, ir.Participant{
		Object: c.source.Ref, Generation: c.source.Generation, Target: f.target, On: on,
	})
	c.report(f, format, args...)
}

func (c *check) noMesh(namespace string, target ir.Target, field string) {
	f := finding{effect: ir.EffectRejected, code: CodeNoMesh, source: c.source, target: target}
	if field != "" {
		f.source = c.source.At(field)
	}
	if m, _ := c.value(namespaceRef(namespace)).(membership); m.reserved {
		c.refuse(f, "", "namespace %s runs a control plane, a controller or the system itself and can be no member of a mesh: use another namespace", namespace)
		return
	}
	c.refuse(f, "", "namespace %s is in no mesh: label it so that a Mesh selects it", namespace)
}

// service says whether a Service can be a target, and reports why not.
func (c *check) serviceTarget(ref ir.Ref, target ir.Target, field string, pods bool) {
	f := finding{effect: ir.EffectRejected, code: CodeTargetNotFound, source: c.source.At(field), target: target}
	svc := c.service(ref)
	switch {
	case svc == nil:
		c.refuse(f, ref.Namespace, "Service %s does not exist in namespace %s: create it, or correct the name", ref.Name, ref.Namespace)
	case svc.Spec.Type == corev1.ServiceTypeExternalName:
		f.code = CodeInvalidTarget
		c.refuse(f, ref.Namespace, "Service %s is of type ExternalName and has no pods: target the Service that has them, or use an ExternalService", ref.Name)
	case pods && len(svc.Spec.Selector) == 0:
		f.code = CodeInvalidTarget
		c.refuse(f, ref.Namespace, "Service %s has no selector, so which pods it stands for is not known: target a Service with a selector", ref.Name)
	case c.meshOf(ref.Namespace) == "":
		c.noMesh(ref.Namespace, target, field)
	}
}

func (c *check) split(split *v1alpha1.TrafficSplit) {
	c.serviceTarget(splitService(split), splitTarget(split), "spec.service.name", false)
}

func (c *check) access(policy *v1alpha1.AccessPolicy) {
	if len(policy.Spec.TargetRefs) == 0 && c.meshOf(policy.Namespace) == "" {
		c.noMesh(policy.Namespace, namespaceTarget, "")
	}
	for i, t := range policy.Spec.TargetRefs {
		ref := serviceRef(policy.Namespace, string(t.Name))
		c.serviceTarget(ref, ir.Target{Kind: kindService, Name: ref.Name}, fmt.Sprintf("spec.targetRefs[%d]", i), true)
	}
}

func (c *check) policy(policy *v1alpha1.TrafficPolicy) {
	for i, t := range policy.Spec.TargetRefs {
		field := fmt.Sprintf("spec.targetRefs[%d]", i)
		target := ir.Target{Kind: string(t.Kind), Name: string(t.Name), SectionName: string(t.SectionName)}
		ref := ir.Ref{Kind: target.Kind, Namespace: policy.Namespace, Name: target.Name}
		if t.Kind == v1alpha1.PolicyTargetService {
			c.serviceTarget(ref, target, field, false)
			continue
		}
		c.objectTarget(ref, target, field)
	}
}

// objectTarget reports a target that is a TrafficSplit or a GatewayRoute, or a
// rule of one, and is in no unit.
func (c *check) objectTarget(ref ir.Ref, target ir.Target, field string) {
	f := finding{effect: ir.EffectRejected, code: CodeTargetNotFound, source: c.source.At(field), target: target}
	var rules []string
	switch o := c.read(ref).(type) {
	case *v1alpha1.TrafficSplit:
		rules = splitRules(o)
	case *v1alpha1.GatewayRoute:
		rules = routeRules(o)
	default:
		c.refuse(f, ref.Namespace, "%s %s does not exist in namespace %s: create it, or correct the name", ref.Kind, ref.Name, ref.Namespace)
		return
	}
	if target.SectionName != "" && !contains(rules, target.SectionName) {
		f.code = CodeSectionNotFound
		c.refuse(f, ref.Namespace, "%s %s has no rule called %s: name the rule, or correct sectionName", ref.Kind, ref.Name, target.SectionName)
		return
	}
	if !c.inForce(ref) {
		f.effect, f.code = ir.EffectWithheld, CodePolicyIdle
		c.refuse(f, ref.Namespace, "%s %s is in force nowhere, so neither is this policy: look at its status", ref.Kind, ref.Name)
	}
}

// inForce says whether an object gives existence to any unit. That follows from
// its targets, whose checks are read for it.
func (c *check) inForce(ref ir.Ref) bool {
	switch o := c.read(ref).(type) {
	case *v1alpha1.TrafficSplit:
		return len(c.deriveSplit(ref).keys) > 0
	case *v1alpha1.GatewayRoute:
		return o != nil && len(c.deriveRoute(ref).keys) > 0
	}
	return false
}

func (c *check) route(route *v1alpha1.GatewayRoute) {
	for i, parent := range route.Spec.ParentRefs {
		f := finding{
			effect: ir.EffectRejected, source: c.source.At(fmt.Sprintf("spec.parentRefs[%d]", i)), target: parentTarget(parent),
		}
		c.attach(route, parent, func(code, format string, args ...any) {
			f.code = code
			c.refuse(f, "", format, args...)
		})
	}
}

// installed refuses to take care of an installation that nobody does: version,
// values and trust would have no effect.
func (c *check) installed(mode v1alpha1.Mode, provider string) {
	installs := c.store.options.Installs
	if mode != v1alpha1.ModeManaged || installs == nil || installs(provider) {
		return
	}
	c.report(finding{effect: ir.EffectRejected, code: CodeNotInstalled, source: c.source.At("spec.mode")},
		"this version of Meshloom does not install provider %s, so nothing here that speaks of an installation has an effect: install it yourself, and set mode to Adopted", provider)
}

func (c *check) gateway(gateway *v1alpha1.IngressGateway) {
	if c.controllerOf(gateway) != nil {
		return
	}
	name := gateway.Spec.ControllerRef.Name
	f := finding{
		effect: ir.EffectRejected, code: CodeControllerMissing, source: c.source.At("spec.controllerRef"),
		target: ir.Target{Kind: v1alpha1.KindIngressGateway, Namespace: gateway.Namespace, Name: gateway.Name},
	}
	c.refuse(f, "", "IngressController %s does not exist: create it, or correct controllerRef", name)
}
