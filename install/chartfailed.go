package install

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// failed returns what is next for a release whose last write did not succeed.
func (r ChartsRequest) failed(c *Chart, rel *Release) Step {
	var (
		wanted  = Digest(*c)
		blocked = r.hasFailed(c)
		// A rollback that failed has the digest of what it goes back to.
		again    = rel.Interrupted() || blocked && rel.Digest != wanted
		attempts = rel.attempts()
	)
	if until := rel.Updated.Add(r.Limits.Pause); again && !r.Retry && r.Now.Before(until) {
		return r.wait(c, until, "%s: %s", rel.key(), rel.why())
	}
	switch {
	case !blocked && (r.Retry || rel.Digest != wanted):
		return upgrade(c, rel)
	case !blocked && rel.Interrupted() && attempts <= r.Limits.Attempts:
		return upgrade(c, rel)
	case blocked && attempts > 2*r.Limits.Attempts:
		return refusal(c, v1alpha1.ReasonInstallFailed, "%s cannot be rolled back (%s): mend it with helm rollback, then annotate what was asked with %s",
			rel.key(), rel.why(), v1alpha1.AnnotationRetry)
	}
	return r.back(c, rel, rel.why())
}

// back returns the step to what worked before: the newest revision that ran
// and is not what is asked now. Where there is none the release goes.
func (r ChartsRequest) back(c *Chart, rel *Release, why string) Step {
	wanted := Digest(*c)
	if rel.Digest != "" && rel.Labels[v1alpha1.LabelTakenOver] == rel.Digest {
		// Helm would remove what it has of others with the revision.
		return refusal(c, v1alpha1.ReasonInstallFailed, "%s took over what others had made, and does not work: %s; it is left as it is: edit what was asked, or annotate it with %s",
			rel.key(), why, v1alpha1.AnnotationRetry)
	}
	for _, past := range rel.History {
		if past.Deployed && past.Digest != wanted {
			return Step{
				Kind: StepRollBack, Chart: c, To: past.Revision, Reason: v1alpha1.ReasonRolledBack,
				Message: fmt.Sprintf("rolled back to revision %d, because chart %s %s failed: %s", past.Revision, c.Name, c.Version, why),
			}
		}
	}
	return Step{
		Kind: StepUninstall, Chart: c, Reason: v1alpha1.ReasonInstallFailed,
		Message: fmt.Sprintf("chart %s %s could not be installed as %s: %s", c.Name, c.Version, c.key(), why),
	}
}

// attempts counts the revisions up to this one since the last that ran.
func (r *Release) attempts() int {
	n := 1
	for _, past := range r.History {
		if past.Deployed {
			break
		}
		n++
	}
	return n
}
