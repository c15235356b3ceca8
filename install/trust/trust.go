// Package trust says which authority the control plane of a mesh shall have
// now: it makes roots, signs by them what control planes issue with, and leads
// from one root to the next so that no handshake is ever refused.
//
// A rotation goes through four stages. Each begins with one write of the
// Secret that the control plane reads, and lasts until every workload's
// certificate was issued anew since then:
//
//	stage        workloads trust   certificates are issued by
//	Steady       old               old
//	Introducing  old and new       old
//	Signing      old and new       new
//	Retiring     new               new
//	Steady       new               new
//
// Workloads of two stages that follow each other meet at any time, as each
// learns of the next one when its own certificate is issued anew. In no two
// neighbouring rows does one side present what the other does not trust.
//
// The stage is read off what the control plane has, never off a status, so
// that nothing is lost when a process dies between two writes.
package trust

import (
	"io"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// Request is what a decision about trust depends on.
type Request struct {
	Wanted install.Wanted
	Seen   install.TrustSeen
	// State is what the status says; nil before the first decision.
	State *v1alpha1.TrustState
	// Running says that a control plane of the mesh is there already, so that
	// workloads may hang on a root that is not known here.
	Running bool
	// Lifetime and Propagation are the provider's: how long certificates of
	// workloads live, and until when every control plane has what is written.
	Lifetime, Propagation time.Duration
	// Untaught names somebody who does not trust yet what he shall, and who does
	// not learn it with time; the next root does not sign until it is empty.
	Untaught string
	Now      time.Time
	// Rand is where keys come from.
	Rand io.Reader
}

// Decision says what to do about trust now.
type Decision struct {
	// Step is StepKeepTrust, StepWriteTrust, StepRefuse, or StepDone with the
	// time of the next look. A refusal leaves what runs as it is, and nothing
	// else has to wait for its end once there is an authority.
	Step install.Step
	// State is how things stand before the step; nil while Meshloom has given
	// the control plane nothing.
	State *v1alpha1.TrustState
}

// horizon bounds how long nobody looks.
const horizon = 12 * time.Hour

// Next decides. It fails only when no key can be made.
func Next(r Request) (Decision, error) {
	in, refusal := read(r)
	if refusal != nil {
		return Decision{Step: *refusal, State: in.state()}, nil
	}
	if r.Wanted.Deleting || in.handsOff() {
		return Decision{Step: install.Step{Kind: install.StepDone}, State: in.state()}, nil
	}
	step, err := in.next()
	return Decision{Step: step, State: in.state()}, err
}

// next returns the first step that is due: a root to hang on, then what the
// control plane has, then the end of a rotation, then the begin of one.
func (in input) next() (install.Step, error) {
	if in.target == nil {
		return in.keep(nil)
	}
	if in.issued == nil {
		return in.first()
	}
	if in.issued.Since.IsZero() {
		again := in.issued.Authority
		again.Since = in.Now
		return writeStep(again, "since when the control plane has its authority was lost"), nil
	}
	if step, err := in.rotate(); err != nil || step.Kind != install.StepDone {
		return step, err
	}
	if in.promotable() {
		return keepStep(install.KeptTrust{Root: *in.Seen.Kept.Next, Asked: in.Seen.Kept.Asked}, "the rotation of the root is complete"), nil
	}
	if in.rotationDue() {
		return in.keep(&in.Seen.Kept.Root)
	}
	if step, err := in.renew(); err != nil || step.Kind != install.StepDone {
		return step, err
	}
	return in.rest(), nil
}

// keep returns the step that keeps a new root: the first one, or the one that
// is to follow another.
func (in input) keep(before *install.Authority) (install.Step, error) {
	root, err := NewRoot(in.Rand, in.Wanted.Name, in.Now)
	if err != nil {
		return install.Step{}, err
	}
	kept := install.KeptTrust{Root: root, Asked: in.asked()}
	message := "a root of trust is generated"
	if before != nil {
		kept.Root, kept.Next = *before, &root
		message = "the next root of trust is generated"
	}
	return keepStep(kept, message), nil
}

func keepStep(kept install.KeptTrust, message string) install.Step {
	return install.Step{
		Kind: install.StepKeepTrust, Keep: &kept,
		Reason: v1alpha1.ReasonReconciling, Message: message,
	}
}

func writeStep(a install.Authority, message string) install.Step {
	return install.Step{
		Kind: install.StepWriteTrust, Authority: &a,
		Reason: v1alpha1.ReasonReconciling, Message: message,
	}
}

// rest says when to look again.
func (in input) rest() install.Step {
	if in.asked() != "" && in.given() && in.asked() != in.answered() {
		return refuse(v1alpha1.ReasonInvalid, "metadata.annotations[%s]: the root is given by spec.trust.rootSecretRef, so that none is generated: put the new root into that Secret, and remove the annotation",
			v1alpha1.AnnotationRotateRoot)
	}
	after := horizon
	for _, at := range []time.Time{in.stageEnd(), in.renewal(), in.rootRotation()} {
		if left := at.Sub(in.Now); left > 0 {
			after = min(after, left)
		}
	}
	return install.Step{Kind: install.StepDone, After: after}
}
