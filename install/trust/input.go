package trust

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// input is a Request with its certificates parsed.
type input struct {
	Request
	// target is the root that the mesh shall hang on in the end; nil while it
	// is not generated yet.
	target *signer
	// kept is the generated root in force, also while target is another.
	kept *signer
	// issued is what the control plane has; nil before the first time.
	issued *signer
}

// read parses what was seen, and refuses what nobody may build on.
func read(r Request) (input, *install.Step) {
	in := input{Request: r}
	var err error
	if in.issued, err = parse(r.Seen.Issued); err != nil {
		return in, broken("what the control plane was given", err)
	}
	if step := in.unsafe(); step != nil {
		return in, step
	}
	if r.Seen.Kept != nil {
		if in.kept, err = parseRoot(r.Seen.Kept.Root); err != nil {
			return in, broken("the root that is kept", err)
		}
		in.target = in.kept
		if next := r.Seen.Kept.Next; next != nil {
			if in.target, err = parseRoot(*next); err != nil {
				return in, broken("the root that is to follow", err)
			}
		}
	}
	if in.given() {
		return in.readGiven()
	}
	return in, nil
}

// unsafe refuses what would take over from somebody else, or from what is lost.
func (in input) unsafe() *install.Step {
	var step install.Step
	switch {
	case in.handsOff() && in.asked() == "":
		return nil
	case in.handsOff():
		step = refuse(v1alpha1.ReasonConflicted, "metadata.annotations[%s]: the control plane that runs issues by a root that Meshloom does not have, so that it cannot be rotated: remove the annotation",
			v1alpha1.AnnotationRotateRoot)
	case len(in.Seen.Foreign) > 0:
		step = refuse(v1alpha1.ReasonConflicted, "%s", strings.Join(in.Seen.Foreign, "; "))
	case in.lost():
		step = refuse(v1alpha1.ReasonConflicted, "the Secrets with the root of trust are gone while workloads hang on it: bring them back from a backup, or set the annotation %s to a new value to begin with another root, which workloads refuse until they are restarted",
			v1alpha1.AnnotationRotateRoot)
	default:
		return nil
	}
	return &step
}

// lost says that a control plane runs by a generated root that nobody has any
// more.
func (in input) lost() bool {
	return in.Running && in.Seen.Kept == nil && in.Seen.Issued == nil && !in.given() &&
		in.State != nil && in.asked() == in.State.Asked
}

// readGiven has the mesh hang on the user's root.
func (in input) readGiven() (input, *install.Step) {
	why := in.Seen.GivenError
	if why == "" && in.Seen.Given == nil {
		why = "it was not found: create it with the entries tls.crt and tls.key"
	}
	target, err := parse(in.Seen.Given)
	if why == "" && err != nil {
		why = err.Error()
	}
	if why != "" {
		step := refuse(v1alpha1.ReasonInvalid, "spec.trust.rootSecretRef: Secret %s/%s: %s", in.Wanted.Namespace, in.Wanted.Spec.Trust.RootSecretRef.Name, why)
		return in, &step
	}
	in.target = target
	if in.issued == nil && in.Running && !in.known() {
		step := refuse(v1alpha1.ReasonConflicted, "spec.trust.rootSecretRef: the control plane that runs issues by a root that Meshloom does not have, and workloads would refuse each other: remove rootSecretRef, or move to another Mesh (meshctl plan)")
		return in, &step
	}
	return in, nil
}

// given says that the user names a root.
func (in input) given() bool {
	return in.Wanted.Spec.Trust != nil && in.Wanted.Spec.Trust.RootSecretRef != nil
}

// handsOff says that a control plane runs by a root that somebody else made
// and that nobody asked to replace, as one that was adopted does.
func (in input) handsOff() bool {
	return in.Running && in.Seen.Issued == nil && in.Seen.Kept == nil && !in.given() && in.State == nil
}

// known says that workloads hang on the target already, as far as is known.
func (in input) known() bool {
	return in.State != nil && in.State.Fingerprint == in.target.fingerprint()
}

// asked is what the annotation that asks for another root says.
func (in input) asked() string {
	return in.Wanted.Annotations[v1alpha1.AnnotationRotateRoot]
}

// answered is the question that was answered last.
func (in input) answered() string {
	if in.Seen.Kept == nil {
		return ""
	}
	return in.Seen.Kept.Asked
}

// state is how things stand.
func (in input) state() *v1alpha1.TrustState {
	if in.issued == nil {
		return in.State
	}
	since, until := metav1.NewTime(in.issued.Since), metav1.NewTime(in.issued.root.NotAfter)
	state := &v1alpha1.TrustState{
		Stage: in.stage(), NotAfter: &until, Fingerprint: in.issued.fingerprint(), Asked: in.answered(),
	}
	if !in.issued.Since.IsZero() {
		state.Since = &since
	}
	return state
}

func refuse(reason v1alpha1.ConditionReason, format string, args ...any) install.Step {
	return install.Step{Kind: install.StepRefuse, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func broken(what string, err error) *install.Step {
	step := refuse(v1alpha1.ReasonInvalid, "%s cannot be read: %v: bring its Secret back from a backup", what, err)
	return &step
}
