package install

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Next returns the one thing to do next for a mesh, and what to record of it.
// Record it before the step is done, on top of the state that was seen: a
// process that dies in between then goes on where it was, and a view of the
// cluster that lags behind never starts more than was decided. A step that is
// done twice does no harm.
//
// Of a mesh that is Adopted nothing is done, and nothing is to be recorded.
func Next(p *Planner, w Wanted, s Seen) (Step, v1alpha1.InstallState) {
	if w.Spec.Mode != v1alpha1.ModeManaged {
		return Step{Kind: StepDone}, s.State
	}
	l := newLife(p, w, s)
	step := l.next()
	l.describe(step)
	return step, l.state
}

// life is one decision about the life of a mesh.
type life struct {
	p *Planner
	w Wanted
	s Seen
	// state is what to record.
	state v1alpha1.InstallState
	// target is what shall run, and inPlace what does.
	target, inPlace place
	// retry says that what failed is to be tried again.
	retry bool
	// held is a refusal that does not keep the rest from going on.
	held *Step
	// after is when to look again if nothing else is to be done; 0 for never.
	after time.Duration
	// progress is how far the wave has come.
	progress progress
}

// place is a control plane: a version under a name.
type place struct{ version, revision string }

func newLife(p *Planner, w Wanted, s Seen) *life {
	l := &life{p: p, w: w, s: takenOver(p, w, s), state: *s.State.DeepCopy()}
	if asked := w.Annotations[v1alpha1.AnnotationRetry]; w.Generation != l.state.ObservedGeneration || asked != l.state.Retried {
		l.retry = true
	}
	l.inPlace = l.serving()
	return l
}

// next goes through the phases; the first that has something to do speaks.
func (l *life) next() Step {
	if l.w.Deleting {
		return l.leave()
	}
	for _, phase := range []func() *Step{
		l.aim, l.admit, l.home, l.trust, l.pin, l.controlPlane, l.members, l.gateways, l.retire,
	} {
		if step := phase(); step != nil {
			return *step
		}
	}
	return l.rest()
}

// home makes the namespace of the control plane.
func (l *life) home() *Step {
	if l.s.Home.Exists {
		return nil
	}
	return &Step{
		Kind: StepEnsureNamespace, Namespace: l.w.Namespace,
		Reason: v1alpha1.ReasonReconciling, Message: "making namespace " + l.w.Namespace,
	}
}

// trust does what is due for the root of trust. A refusal leaves what runs as
// it is, so that only a first installation has to wait for its end.
func (l *life) trust() *Step {
	due := l.s.Trust.Due
	if stage := l.s.Trust.Stage; stage != nil {
		l.state.Trust = stage.DeepCopy()
	}
	switch due.Kind {
	case StepKeepTrust, StepWriteTrust:
		return &due
	case StepRefuse:
		if l.s.Trust.Issued == nil {
			return &due
		}
		l.held = &due
	default:
		l.look(due.After)
	}
	return nil
}

// look has Next called again after the time at the latest.
func (l *life) look(after time.Duration) {
	if after > 0 && (l.after == 0 || after < l.after) {
		l.after = after
	}
}

// rest says how things stand once nothing is left to do.
func (l *life) rest() Step {
	l.answer()
	switch {
	case l.held != nil:
		step := *l.held
		step.Kind, step.After = StepRefuse, l.after
		return step
	case l.progress.behind > 0:
		step := l.progress.left()
		step.After = l.after
		return step
	}
	return Step{Kind: StepDone, After: l.after, Reason: v1alpha1.ReasonInstalled, Message: l.running(Step{})}
}

// answer records that what was asked of this generation was tried.
func (l *life) answer() {
	l.state.ObservedGeneration = l.w.Generation
	l.state.Retried = l.w.Annotations[v1alpha1.AnnotationRetry]
}

// owner is whom the releases of the mesh belong to.
func (l *life) owner() string { return ownerOf(l.w.Name) }

func ownerOf(mesh string) string { return "Mesh/" + mesh }

// now is the time to record, in the form that it will be read back.
func (l *life) now() *metav1.Time {
	t := metav1.NewTime(l.s.Now.Truncate(time.Second))
	return &t
}

// list joins names for people, at most so many of them.
func list(names []string, most int) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and more"
	}
	return strings.Join(names, ", ")
}
