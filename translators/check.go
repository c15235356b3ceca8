package translators

import (
	"fmt"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Check answers every feature that the unit uses from the capability matrix:
// an unsupported one rejects the object that asks for it (or closes its
// targets, for access), an emulated one is noted. A feature that the matrix
// forgets is rejected too, because a translator that has never heard of it
// would lose it without a word; the harness keeps that from happening.
func Check(u *ir.Unit, supports map[ir.Feature]Support) []ir.Issue {
	var issues []ir.Issue
	for _, use := range ir.Uses(u) {
		support, declared := supports[use.Feature]
		switch {
		case !declared:
			issues = append(issues, refuse(use, "Meshloom does not know whether it is supported here, which is a defect of Meshloom"))
		case support.Level == Native:
		case support.Level == Emulated:
			issues = append(issues, ir.Issue{
				Effect: ir.EffectNote, Source: use.Source, Feature: use.Feature,
				Reason: string(v1alpha1.ReasonEmulated), Code: CodeEmulated,
				Message: fmt.Sprintf("%s works, with a difference: %s", use.Feature, support.Note),
			})
		default:
			issues = append(issues, refuse(use, support.Note))
		}
	}
	return ir.SortIssues(issues)
}

// refuse says that a feature cannot be had, why, and what can be done.
func refuse(use ir.FeatureUse, why string) ir.Issue {
	issue := ir.Issue{
		Effect: ir.EffectRejected, Source: use.Source, Feature: use.Feature,
		Reason: string(v1alpha1.ReasonUnsupported), Code: CodeUnsupported,
	}
	if why == "" {
		why = "it has no counterpart here"
	}
	remedy := "remove it, or choose a mesh or ingress that supports it (see meshctl capabilities)"
	switch use.Source.Kind {
	case "AccessPolicy":
		issue.Effect, issue.Reason = ir.EffectClosed, string(v1alpha1.ReasonUnsupportedClosed)
		remedy = "until it is changed the policy's targets stay closed to what it cannot tell apart"
	case "TrafficPolicy":
		remedy += ", or set onUnsupported: Ignore to have the rest of the policy"
	}
	issue.Message = fmt.Sprintf("%s is not supported: %s; %s", use.Feature, strings.TrimSuffix(why, "."), remedy)
	return issue
}
