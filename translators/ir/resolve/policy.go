package resolve

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// policyField is a top-level field of a TrafficPolicy, which is merged whole.
type policyField struct {
	name string
	set  func(*v1alpha1.TrafficPolicySpec) bool
	// service fields act on Services only.
	service bool
	// http says whether it speaks of requests.
	http func(*v1alpha1.TrafficPolicySpec) bool
}

func always(*v1alpha1.TrafficPolicySpec) bool { return true }
func never(*v1alpha1.TrafficPolicySpec) bool  { return false }

var policyFields = []policyField{
	{"timeouts", func(s *v1alpha1.TrafficPolicySpec) bool { return s.Timeouts != nil }, false, always},
	{"retry", func(s *v1alpha1.TrafficPolicySpec) bool { return s.Retry != nil }, false, always},
	{"fault", func(s *v1alpha1.TrafficPolicySpec) bool { return s.Fault != nil }, false, always},
	{"outlierDetection", func(s *v1alpha1.TrafficPolicySpec) bool { return s.OutlierDetection != nil }, true, never},
	{"connectionPool", func(s *v1alpha1.TrafficPolicySpec) bool { return s.ConnectionPool != nil }, true, never},
	{"loadBalancer", func(s *v1alpha1.TrafficPolicySpec) bool { return s.LoadBalancer != nil }, true, hashesRequests},
	{"rateLimit", func(s *v1alpha1.TrafficPolicySpec) bool { return s.RateLimit != nil }, true, always},
}

func hashesRequests(s *v1alpha1.TrafficPolicySpec) bool {
	h := s.LoadBalancer.ConsistentHash
	return h != nil && (h.Header != nil || h.Cookie != nil)
}

// derivePolicy finds the units that a TrafficPolicy gives existence to: those of
// its Services, and those of access where they are what limits requests. Splits
// and routes that it targets have units without it.
func (v *view) derivePolicy(ref ir.Ref) output {
	policy := read[v1alpha1.TrafficPolicy](v, ref)
	if policy == nil {
		return output{}
	}
	var out output
	for _, t := range policy.Spec.TargetRefs {
		if t.Kind != v1alpha1.PolicyTargetService {
			continue
		}
		service := serviceRef(policy.Namespace, string(t.Name))
		out.add(v.serviceKeys(service))
		if policy.Spec.RateLimit != nil {
			out.add(v.limitKeys(service))
		}
	}
	return out
}

// policyLevels are the policies of an object, oldest first: of all of it, and
// of its rules by their names.
type policyLevels struct {
	object   []*v1alpha1.TrafficPolicy
	sections map[string][]*v1alpha1.TrafficPolicy
}

// levels finds the policies of an object with the given rules.
func (v *view) levels(ref ir.Ref, rules []string) policyLevels {
	levels := policyLevels{sections: map[string][]*v1alpha1.TrafficPolicy{}}
	for _, policy := range byAge[v1alpha1.TrafficPolicy](v, policiesOf, ref) {
		for _, t := range policy.Spec.TargetRefs {
			switch section := string(t.SectionName); {
			case string(t.Kind) != ref.Kind || string(t.Name) != ref.Name:
			case section == "":
				levels.object = append(levels.object, policy)
			case slices.Contains(rules, section):
				levels.sections[section] = append(levels.sections[section], policy)
			}
		}
	}
	return levels
}

// each visits the levels by target, in order.
func (l policyLevels) each(ref ir.Ref, visit func(ir.Target, []*v1alpha1.TrafficPolicy)) {
	target := ir.Target{Kind: ref.Kind, Name: ref.Name}
	visit(target, l.object)
	sections := make([]string, 0, len(l.sections))
	for name := range l.sections {
		sections = append(sections, name)
	}
	slices.Sort(sections)
	for _, name := range sections {
		target.SectionName = name
		visit(target, l.sections[name])
	}
}

// splitPolicies finds and checks the policies of a split and its rules.
func (r *serviceResolution) splitPolicies(split *v1alpha1.TrafficSplit) policyLevels {
	ref := sourceOf(split).Ref
	levels := r.levels(ref, splitRules(split))
	levels.each(ref, func(target ir.Target, policies []*v1alpha1.TrafficPolicy) {
		for _, policy := range policies {
			r.participate(sourceOf(policy), target)
		}
		r.checkPolicies(policies, target, true)
	})
	return levels
}

// idle says of the policies of a split that is not in force that they are not
// either.
func (r *serviceResolution) idle(levels policyLevels, split *v1alpha1.TrafficSplit) {
	levels.each(sourceOf(split).Ref, func(target ir.Target, policies []*v1alpha1.TrafficPolicy) {
		for _, policy := range policies {
			r.report(finding{ir.EffectWithheld, CodePolicyIdle, sourceOf(policy).At("spec.targetRefs"), target},
				"TrafficSplit %s is not in force, so neither is this policy: look at the status of the split", split.Name)
		}
	})
}

func splitRules(split *v1alpha1.TrafficSplit) []string {
	var names []string
	for _, r := range split.Spec.Rules {
		names = append(names, string(r.Name))
	}
	return names
}

// checkPolicies reports what is wrong with the policies of one target, oldest
// first, and leaves out what cannot be in force.
func (v *view) checkPolicies(policies []*v1alpha1.TrafficPolicy, target ir.Target, http bool) {
	for i, policy := range policies {
		v.checkValues(policy, target)
		v.checkPlace(policy, target, http)
		v.checkConflicts(policies[:i], policy, target)
	}
}

// reject reports a field of a policy that cannot be in force; unless the policy
// says to ignore such fields, it takes the whole policy with it.
func (v *view) reject(policy *v1alpha1.TrafficPolicy, f finding, format string, args ...any) {
	f.effect = ir.EffectRejected
	if policy.Spec.OnUnsupported == v1alpha1.UnsupportedIgnore {
		f.effect = ir.EffectPartial
		v.rejected = v.rejected.With(f.source.Ref, f.source.Field)
	} else {
		v.rejected = v.rejected.With(f.source.Ref, "")
	}
	v.report(f, format, args...)
}

// checkPlace rejects fields that the target cannot carry.
func (v *view) checkPlace(policy *v1alpha1.TrafficPolicy, target ir.Target, http bool) {
	for _, field := range policyFields {
		f := finding{source: sourceOf(policy).At("spec." + field.name), target: target}
		switch {
		case !field.set(&policy.Spec):
		case field.service && target.Kind != kindService:
			f.code = CodePolicyMisplaced
			v.reject(policy, f, "%s acts on Services only: target a Service, in a TrafficPolicy of its own", field.name)
		case !http && field.http(&policy.Spec):
			f.code = CodeProtocolUnknown
			v.reject(policy, f, "%s speaks of requests, and no port of Service %s is known to speak HTTP: set appProtocol on the Service port, or name it http, http2 or grpc",
				field.name, target.Name)
		}
	}
}

// checkConflicts reports the fields of a policy that an older one of the same
// target sets.
func (v *view) checkConflicts(older []*v1alpha1.TrafficPolicy, policy *v1alpha1.TrafficPolicy, target ir.Target) {
	lost, winners := []string{}, map[string]string{}
	set := 0
	for _, field := range policyFields {
		if !field.set(&policy.Spec) {
			continue
		}
		set++
		for _, o := range older {
			if field.set(&o.Spec) {
				lost, winners[field.name] = append(lost, field.name), o.Name
				break
			}
		}
	}
	all := len(lost) == set
	v.stand(sourceOf(policy).Ref, all)
	effect := ir.EffectPartial
	if all {
		effect = ir.EffectRejected
	}
	for _, name := range lost {
		v.report(finding{effect, CodePolicyConflict, sourceOf(policy).At("spec." + name), target},
			"TrafficPolicy %s is older and sets %s for the same target: merge the two, or target a rule to override", winners[name], name)
	}
}

// nearest returns the policy whose field counts: the oldest of the nearest
// level that sets it. Where that one is left out, nobody's counts.
func (v *view) nearest(name string, set func(*v1alpha1.TrafficPolicySpec) bool, levels [][]*v1alpha1.TrafficPolicy) *v1alpha1.TrafficPolicy {
	for _, level := range levels {
		for _, policy := range level {
			if !set(&policy.Spec) {
				continue
			}
			if v.excludes(sourceOf(policy).Ref, name) {
				return nil
			}
			return policy
		}
	}
	return nil
}

// standing counts the targets that a policy has in a unit, and those at which
// it lost all it says.
type standing struct{ targets, lost int }

func (v *view) stand(policy ir.Ref, lost bool) {
	if v.standings == nil {
		v.standings = map[ir.Ref]standing{}
	}
	s := v.standings[policy]
	s.targets++
	if lost {
		s.lost++
	}
	v.standings[policy] = s
}

// relent lets policies stay in the unit that lost all at one target and not at
// another: a rejection is of the whole object.
func (v *view) relent() {
	for i := range v.issues {
		issue := &v.issues[i]
		s := v.standings[issue.Source.Ref]
		if issue.Code == CodePolicyConflict && issue.Effect == ir.EffectRejected && s.lost < s.targets {
			issue.Effect = ir.EffectPartial
		}
	}
}
