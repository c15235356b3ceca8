package install

import (
	"cmp"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// maxMessage is what the message of a condition may be long.
const maxMessage = 4096

// describe says in the words of conditions how things stand.
func (l *life) describe(step Step) {
	before := l.state.Conditions
	l.state.Conditions = nil
	for _, c := range []*metav1.Condition{l.installed(step), l.upgrading(step), reconciling(step), l.stalled(step)} {
		if c != nil {
			c.ObservedGeneration = l.w.Generation
			c.LastTransitionTime = since(before, c, l.s.Now)
			l.state.Conditions = append(l.state.Conditions, *c)
		}
	}
}

func condition(kind v1alpha1.ConditionType, status metav1.ConditionStatus, reason v1alpha1.ConditionReason, message string) *metav1.Condition {
	return &metav1.Condition{
		Type: string(kind), Status: status,
		Reason:  string(cmp.Or(reason, v1alpha1.ReasonReconciling)),
		Message: message[:min(len(message), maxMessage)],
	}
}

// installed says whether a control plane is in place, whichever is asked for.
func (l *life) installed(step Step) *metav1.Condition {
	if l.inPlace.revision != "" && l.deployed(l.inPlace.revision) {
		return condition(v1alpha1.ConditionInstalled, metav1.ConditionTrue, v1alpha1.ReasonInstalled, l.running(step))
	}
	return condition(v1alpha1.ConditionInstalled, metav1.ConditionFalse, step.Reason, step.Message)
}

// upgrading is present while a version or a control plane takes over. Pods that
// have no proxy yet join, which is no upgrade.
func (l *life) upgrading(step Step) *metav1.Condition {
	if l.inPlace.revision == "" || l.w.Deleting {
		return nil
	}
	reason, message := v1alpha1.ReasonUpgrading, step.Message
	if waitsForOthers(step) {
		reason = step.Reason
	}
	moves := measure(l.rollout(), l.s.Members)
	switch {
	case l.target != l.inPlace:
		message = fmt.Sprintf("from %s to %s: %s", l.inPlace.version, l.target.version, message)
	case moves.behind > moves.bare || l.gatewaysBehind() != "" || len(l.formerRevisions()) > 0:
		message = fmt.Sprintf("to %s, %d of %d pods have moved: %s", l.inPlace.version, moves.pods-moves.behind, moves.pods, message)
	default:
		return nil
	}
	return condition(v1alpha1.ConditionUpgrading, metav1.ConditionTrue, reason, message)
}

// waitsForOthers reports whether the step leaves something to somebody else,
// without which everything works.
func waitsForOthers(step Step) bool {
	return step.Reason == v1alpha1.ReasonRestartRequired || step.Reason == v1alpha1.ReasonWorkloadsImmovable
}

// reconciling is present while work goes on by itself.
func reconciling(step Step) *metav1.Condition {
	if step.Kind == StepDone || step.Kind == StepRefuse || waitsForOthers(step) {
		return nil
	}
	return condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, step.Reason, step.Message)
}

// stalled is present while only an edit helps.
func (l *life) stalled(step Step) *metav1.Condition {
	if l.held != nil && step.Kind != StepRefuse {
		return stalled(*l.held)
	}
	return stalled(step)
}

// immovable is the list for the status.
func (l *life) immovable() []string {
	all := Immovable(l.s.Members)
	for i := range all {
		all[i] = all[i][:min(len(all[i]), maxEntry)]
	}
	return all[:min(len(all), maxImmovable)]
}
