package traffic

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
)

// Status returns a copy of a route, split, policy or external service with the
// status that follows from the subject; nil for other kinds. It is pure.
func Status(s status.Subject) client.Object {
	switch o := s.Object.(type) {
	case *v1alpha1.TrafficSplit:
		next := o.DeepCopy()
		fill(s, &next.Status.TargetedStatus)
		return next
	case *v1alpha1.GatewayRoute:
		next := o.DeepCopy()
		fill(s, &next.Status.TargetedStatus)
		return next
	case *v1alpha1.TrafficPolicy:
		next := o.DeepCopy()
		fill(s, &next.Status.TargetedStatus)
		return next
	case *v1alpha1.AccessPolicy:
		next := o.DeepCopy()
		fill(s, &next.Status.TargetedStatus)
		return next
	case *v1alpha1.ExternalService:
		next := o.DeepCopy()
		fill(s, &next.Status.TargetedStatus)
		return next
	}
	return nil
}

// fill replaces a status by what the subject says, and keeps the times of what
// has not changed.
func fill(s status.Subject, out *v1alpha1.TargetedStatus) {
	old := *out
	entries := targets(s)
	generation := s.Object.GetGeneration()
	next := v1alpha1.TargetedStatus{
		ObservedGeneration: generation, Conditions: summary(generation, entries), Targets: entries,
	}
	if omitted := len(entries) - v1alpha1.MaxTargets; omitted > 0 {
		next.Targets, next.TargetsOmitted = entries[:v1alpha1.MaxTargets], int32(omitted) //nolint:gosec // A count of targets.
	}
	status.Inherit(old.Conditions, next.Conditions, s.Now)
	for i := range next.Targets {
		var before []metav1.Condition
		for _, t := range old.Targets {
			if compare(t, next.Targets[i]) == 0 {
				before = t.Conditions
			}
		}
		status.Inherit(before, next.Targets[i].Conditions, s.Now)
	}
	*out = next
}

// summary is what tools wait for: the worst target speaks for all.
func summary(generation int64, entries []v1alpha1.TargetStatus) []metav1.Condition {
	if len(entries) == 0 {
		none := status.New(v1alpha1.ConditionProgrammed, false, v1alpha1.ReasonPending, "no mesh and no gateway has taken this object up yet")
		return status.Sum(generation, []metav1.Condition{none})
	}
	sum := status.Sum(generation, entries[0].Conditions)
	bad := 0
	for _, entry := range entries {
		if severity(entry) < severityPartial {
			bad++
		}
	}
	if len(entries) > 1 && bad > 0 {
		for i := range sum {
			sum[i].Message = fmt.Sprintf("%d of %d targets: %s", bad, len(entries), sum[i].Message)
		}
	}
	return sum
}

// Severities below those of levels, which are their indexes.
const (
	severityPartial = 3
	severityNone    = 4
)

// levels are the conditions of a target, those that are worst to lack first.
var levels = []v1alpha1.ConditionType{v1alpha1.ConditionAccepted, v1alpha1.ConditionResolvedRefs, v1alpha1.ConditionProgrammed}

// severity says how bad a target is; the lower, the worse.
func severity(t v1alpha1.TargetStatus) int {
	worst := severityNone
	for _, c := range t.Conditions {
		switch {
		case c.Type == string(v1alpha1.ConditionPartiallySupported):
			worst = min(worst, severityPartial)
		case c.Status != metav1.ConditionTrue:
			worst = min(worst, slices.Index(levels, v1alpha1.ConditionType(c.Type)))
		}
	}
	return worst
}

// compare orders targets by what they are, not by how they are.
func compare(a, b v1alpha1.TargetStatus) int {
	on := func(t v1alpha1.TargetStatus) v1alpha1.ProgrammerReference {
		if t.On == nil {
			return v1alpha1.ProgrammerReference{}
		}
		return *t.On
	}
	x, y := on(a), on(b)
	return cmp.Or(
		cmp.Compare(a.Ref.Kind, b.Ref.Kind), cmp.Compare(a.Ref.Name, b.Ref.Name), cmp.Compare(a.Ref.SectionName, b.Ref.SectionName),
		cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name), cmp.Compare(x.SectionName, y.SectionName),
	)
}

// worstFirst sorts targets for the list, which is cut at its end.
func worstFirst(entries []v1alpha1.TargetStatus) {
	slices.SortFunc(entries, func(a, b v1alpha1.TargetStatus) int {
		return cmp.Or(severity(a)-severity(b), compare(a, b))
	})
}
