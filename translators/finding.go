package translators

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Finding is an issue in the making: all that differs between those of one
// translator.
type Finding struct {
	Source  ir.Source
	Feature ir.Feature
	// Code is documented where the translator declares it.
	Code string
}

// Reject says that what the source asks for cannot be expressed; the engine
// leaves the object, or the field, out.
func (f Finding) Reject(format string, args ...any) ir.Issue {
	return f.Issue(ir.EffectRejected, v1alpha1.ReasonUnsupported, format, args...)
}

// Closed says that access which cannot be expressed closes its targets.
func (f Finding) Closed(format string, args ...any) ir.Issue {
	return f.Issue(ir.EffectClosed, v1alpha1.ReasonUnsupportedClosed, format, args...)
}

// Note says something worth knowing about what is in force.
func (f Finding) Note(format string, args ...any) ir.Issue {
	return f.Issue(ir.EffectNote, v1alpha1.ReasonEmulated, format, args...)
}

// Issue says anything else of the source, in the words of conditions.
func (f Finding) Issue(effect ir.Effect, reason v1alpha1.ConditionReason, format string, args ...any) ir.Issue {
	return ir.Issue{
		Effect: effect, Source: f.Source, Feature: f.Feature, Reason: string(reason), Code: f.Code,
		Message: fmt.Sprintf(format, args...),
	}
}

// Unselectable are the issues of an access target whose Service has no selector:
// nobody can be told to enforce its policies.
func Unselectable(target *ir.AccessTarget, code string) []ir.Issue {
	var issues []ir.Issue
	for _, source := range target.Rules.Policies {
		issue := Finding{Source: source, Code: code}.Issue(ir.EffectRejected, v1alpha1.ReasonInvalidTarget,
			"Service %s/%s has no selector, so no pods can be told to enforce the policy: target a Service with a selector",
			target.Service.Namespace, target.Service.Name)
		issue.Target = ir.Target{Kind: "Service", Name: target.Service.Name}
		issues = append(issues, issue)
	}
	return issues
}
