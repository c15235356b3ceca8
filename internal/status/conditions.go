package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/translators/ir"
)

// maxParts is how many messages one condition joins.
const maxParts = 4

// Outcome is all that is known about one target of an object, or about an
// object that has no targets.
type Outcome struct {
	// Issues are those about it.
	Issues  []ir.Issue
	Frozen  []apply.Culprit
	Failure *Failure
}

// Add joins what a unit reported into the outcome. Of issues, only those that
// keep says yes to.
func (o *Outcome) Add(r *Report, keep func(ir.Issue) bool) {
	for _, issue := range r.Issues {
		if keep(issue) {
			o.Issues = append(o.Issues, issue)
		}
	}
	o.Frozen = append(o.Frozen, r.Frozen...)
	if o.Failure == nil {
		o.Failure = r.Failure
	}
}

// Conditions returns Accepted, ResolvedRefs and Programmed, and
// PartiallySupported while it is true. The times are left open.
func (o Outcome) Conditions(generation int64) []metav1.Condition {
	issues := ir.SortIssues(slices.Clone(o.Issues))
	conditions := []metav1.Condition{o.accepted(issues), resolved(issues), o.programmed(issues)}
	if partial := having(issues, ir.EffectPartial); len(partial) > 0 {
		conditions = append(conditions, condition(v1alpha1.ConditionPartiallySupported, true, partial[0].Reason, messages(partial)))
	}
	for i := range conditions {
		conditions[i].ObservedGeneration = generation
	}
	return conditions
}

func (o Outcome) accepted(issues []ir.Issue) metav1.Condition {
	if refused := having(issues, ir.EffectRejected, ir.EffectClosed); len(refused) > 0 {
		return condition(v1alpha1.ConditionAccepted, false, refused[0].Reason, messages(refused))
	}
	return condition(v1alpha1.ConditionAccepted, true, string(v1alpha1.ReasonAccepted), "")
}

func resolved(issues []ir.Issue) metav1.Condition {
	if open := having(issues, ir.EffectUnresolved); len(open) > 0 {
		return condition(v1alpha1.ConditionResolvedRefs, false, open[0].Reason, messages(open))
	}
	return condition(v1alpha1.ConditionResolvedRefs, true, string(v1alpha1.ReasonResolvedRefs), "")
}

// programmed never says more than was seen: nothing is in force as asked for
// while the unit is frozen, the object is refused, or a write is outstanding.
func (o Outcome) programmed(issues []ir.Issue) metav1.Condition {
	no := func(reason, message string) metav1.Condition {
		return condition(v1alpha1.ConditionProgrammed, false, reason, message)
	}
	if len(o.Frozen) > 0 {
		return no(string(v1alpha1.ReasonFrozen), frozen(o.Frozen))
	}
	if out := having(issues, ir.EffectRejected, ir.EffectClosed, ir.EffectWithheld); len(out) > 0 {
		return no(out[0].Reason, messages(out))
	}
	if o.Failure != nil {
		return no(string(o.Failure.Reason), fmt.Sprintf("%s (%s)", o.Failure.Message, o.Failure.Code))
	}
	return condition(v1alpha1.ConditionProgrammed, true, string(v1alpha1.ReasonProgrammed), messages(having(issues, ir.EffectNote)))
}

// frozen names the culprits and what serves until they are mended.
func frozen(culprits []apply.Culprit) string {
	parts := make([]string, 0, len(culprits))
	for _, c := range culprits {
		parts = append(parts, fmt.Sprintf("%s cannot be programmed as it is now, so what was made of its generation %d stays in force and nothing it shares native objects with changes; see its status (%s)",
			c.Ref, c.Serving, apply.CodeFrozen))
	}
	slices.Sort(parts)
	return joined(slices.Compact(parts))
}

// having returns the issues with one of the effects, the worst first.
func having(issues []ir.Issue, effects ...ir.Effect) []ir.Issue {
	var out []ir.Issue
	for _, effect := range effects {
		for _, issue := range issues {
			if issue.Effect == effect {
				out = append(out, issue)
			}
		}
	}
	return out
}

func messages(issues []ir.Issue) string {
	var parts []string
	for _, issue := range issues {
		part := issue.Message
		if issue.Source.Field != "" {
			part = issue.Source.Field + ": " + part
		}
		if issue.Code != "" {
			part += " (" + issue.Code + ")"
		}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return joined(parts)
}

func joined(parts []string) string {
	if len(parts) > maxParts {
		parts = append(parts[:maxParts:maxParts], fmt.Sprintf("and %d more", len(parts)-maxParts))
	}
	return strings.Join(parts, "; ")
}

// condition fills in a message where there is nothing to add: it may be empty
// in none of the conditions of Kubernetes' own kinds, but here it may.
func condition(kind v1alpha1.ConditionType, ok bool, reason, message string) metav1.Condition {
	status := metav1.ConditionFalse
	if ok {
		status = metav1.ConditionTrue
	}
	return metav1.Condition{Type: string(kind), Status: status, Reason: cmp.Or(reason, string(v1alpha1.ReasonPending)), Message: message}
}

// New returns a condition whose time is left open.
func New(kind v1alpha1.ConditionType, ok bool, reason v1alpha1.ConditionReason, message string) metav1.Condition {
	return condition(kind, ok, string(reason), message)
}

// Sum returns the conditions by which tools wait: Ready, with Stalled while
// only an edit helps and Reconciling while waiting does. The conditions are
// those that must all be true, but for Stalled and Reconciling themselves; the
// first that is not as it must be speaks.
func Sum(generation int64, conditions []metav1.Condition) []metav1.Condition {
	ready := New(v1alpha1.ConditionReady, true, v1alpha1.ReasonReady, "")
	out := []metav1.Condition{ready}
	for _, c := range conditions {
		kind := blocks(c)
		if kind == "" {
			continue
		}
		out[0] = condition(v1alpha1.ConditionReady, false, c.Reason, c.Message)
		out = append(out, condition(kind, true, c.Reason, c.Message))
		break
	}
	for i := range out {
		out[i].ObservedGeneration = generation
	}
	return out
}

// waits are the reasons that end without an edit.
var waits = []v1alpha1.ConditionReason{
	v1alpha1.ReasonPending, v1alpha1.ReasonReconciling, v1alpha1.ReasonApplyFailed, v1alpha1.ReasonDeleting, v1alpha1.ReasonNotInstalled,
}

// blocks returns the condition that tells tools why to wait, or why not to;
// empty where there is no reason to.
func blocks(c metav1.Condition) v1alpha1.ConditionType {
	isTrue := c.Status == metav1.ConditionTrue
	switch kind := v1alpha1.ConditionType(c.Type); {
	case kind == v1alpha1.ConditionStalled || kind == v1alpha1.ConditionReconciling:
		if isTrue {
			return kind
		}
		return ""
	case isTrue || kind == v1alpha1.ConditionPartiallySupported:
		return ""
	case slices.Contains(waits, v1alpha1.ConditionReason(c.Reason)):
		return v1alpha1.ConditionReconciling
	}
	return v1alpha1.ConditionStalled
}

// Inherit gives each new condition the time of the old one that says the same,
// and now to the others.
func Inherit(old, next []metav1.Condition, now metav1.Time) {
	for i := range next {
		next[i].LastTransitionTime = now
		for _, o := range old {
			if o.Type == next[i].Type && o.Status == next[i].Status {
				next[i].LastTransitionTime = o.LastTransitionTime
			}
		}
	}
}
