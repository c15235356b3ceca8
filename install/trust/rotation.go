package trust

import (
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// stage is how far a rotation has come, by what the control plane has.
func (in input) stage() v1alpha1.TrustStage {
	t := in.target
	switch {
	case t == nil:
		return v1alpha1.TrustSteady
	case !in.issued.hangsOn(t):
		if contains(in.issued.roots, t.root) {
			return v1alpha1.TrustIntroducing
		}
		return v1alpha1.TrustSteady
	case len(minus(in.issued.roots, t.roots)) > 0:
		return v1alpha1.TrustSigning
	case in.retiring() && in.Now.Before(in.stageEnd()):
		return v1alpha1.TrustRetiring
	}
	return v1alpha1.TrustSteady
}

// retiring says that the last thing that happened was the end of a root.
func (in input) retiring() bool {
	if !in.given() && in.Seen.Kept != nil && in.Seen.Kept.Next != nil {
		return true
	}
	return in.signed()
}

// stageEnd is when every workload has a certificate, and roots, that were
// issued since the control plane got what it has.
func (in input) stageEnd() time.Time {
	return in.issued.Since.Add(in.Lifetime + in.Propagation)
}

// rotate returns the write that begins the next stage, if it is time.
func (in input) rotate() (install.Step, error) {
	t := in.target
	if missing := minus(t.roots, in.issued.roots); len(missing) > 0 {
		next := in.issued.Authority
		next.Roots = encode(append(in.issued.roots[:len(in.issued.roots):len(in.issued.roots)], missing...))
		next.Since = in.Now
		return writeStep(next, "workloads learn to trust the next root"), nil
	}
	// An authority that ran out holds nothing up: nothing hangs on it any more.
	over := !in.Now.Before(in.stageEnd()) || !in.Now.Before(in.issued.cert.NotAfter)
	switch {
	case !over, !in.issued.hangsOn(t) && in.Untaught != "":
		return install.Step{Kind: install.StepDone}, nil
	case !in.issued.hangsOn(t):
		next, err := t.issue(in.Request)
		next.Roots, next.Since = in.issued.Roots, in.Now
		return writeStep(next, "certificates are issued by the next root"), err
	case len(minus(in.issued.roots, t.roots)) > 0:
		next := in.issued.Authority
		next.Roots, next.Since = encode(t.roots), in.Now
		return writeStep(next, "workloads forget the root before"), nil
	}
	return install.Step{Kind: install.StepDone}, nil
}

// promotable says that the kept root that was to follow is alone now.
func (in input) promotable() bool {
	return !in.given() && in.Seen.Kept != nil && in.Seen.Kept.Next != nil &&
		in.issued.hangsOn(in.target) && !in.Now.Before(in.stageEnd())
}

// rotationDue says that another root shall be generated. One rotation ends
// before the next begins.
func (in input) rotationDue() bool {
	if in.given() || in.Seen.Kept == nil || in.Seen.Kept.Next != nil || in.stage() != v1alpha1.TrustSteady || !in.issued.hangsOn(in.target) {
		return false
	}
	return !in.Now.Before(in.rootRotation()) || in.asked() != "" && in.asked() != in.answered()
}

// rootRotation is when a generated root has a fifth of its time left, or the
// end of one that is given.
func (in input) rootRotation() time.Time {
	root := in.target.root
	if in.given() {
		return root.NotAfter
	}
	return root.NotAfter.Add(-root.NotAfter.Sub(root.NotBefore) / 5)
}

// first returns the authority of a control plane that has none. When one was
// lost in the middle of a rotation, both roots are trusted and the one signs
// that workloads knew at the time.
func (in input) first() (install.Step, error) {
	by := in.target
	roots := in.target.roots
	if !in.given() && in.target != in.kept {
		roots = append(roots[:len(roots):len(roots)], in.kept.roots...)
		if !in.known() && !in.signed() {
			by = in.kept
		}
	}
	a, err := by.issue(in.Request)
	a.Roots, a.Since = encode(roots), in.Now
	return writeStep(a, "the control plane gets its authority"), err
}

// signed says that the status last spoke of a stage in which the next root
// signs.
func (in input) signed() bool {
	return in.State != nil && (in.State.Stage == v1alpha1.TrustSigning || in.State.Stage == v1alpha1.TrustRetiring)
}

// renewal is when the authority of the control plane has a third of its time
// left.
func (in input) renewal() time.Time {
	cert := in.issued.cert
	return cert.NotAfter.Add(-cert.NotAfter.Sub(cert.NotBefore) / 3)
}

// renew returns a write of the same roots with an authority that lasts longer,
// or that the user replaced.
func (in input) renew() (install.Step, error) {
	done := install.Step{Kind: install.StepDone}
	for _, by := range []*signer{in.target, in.kept} {
		if by == nil || !in.issued.hangsOn(by) {
			continue
		}
		lasts := earlier(in.Now.Add(authorityLifetime), by.cert.NotAfter)
		due := !in.Now.Before(in.renewal()) && lasts.After(in.issued.cert.NotAfter)
		if by.direct() {
			due = !by.cert.Equal(in.issued.cert)
		}
		if !due {
			return done, nil
		}
		next, err := by.issue(in.Request)
		next.Roots, next.Since = in.issued.Roots, in.issued.Since
		return writeStep(next, "the control plane's authority is renewed"), err
	}
	return done, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
