package install

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// NextRemoval returns what is next so that no chart is installed, in the
// reverse of their order. Shared ones stay while others need them, and what
// belongs to somebody else stays always.
func NextRemoval(r ChartsRequest) Step {
	r.Limits = r.Limits.orDefaults()
	for i := len(r.Charts) - 1; i >= 0; i-- {
		c := &r.Charts[i]
		rel := r.release(c)
		if rel == nil || !r.mayRemove(c, rel) {
			continue
		}
		if until := rel.Updated.Add(r.Limits.Writer); rel.Status == Pending && r.Now.Before(until) {
			return r.wait(c, until, "Helm release %s is being written", rel.key())
		}
		return Step{
			Kind: StepUninstall, Chart: c, Reason: v1alpha1.ReasonDeleting,
			Message: fmt.Sprintf("removing %s", rel.key()),
		}
	}
	return Step{Kind: StepDone, Reason: v1alpha1.ReasonDeleting, Message: "everything is removed"}
}

// mayRemove reports whether a release is this owner's to remove.
func (r ChartsRequest) mayRemove(c *Chart, rel *Release) bool {
	if c.Shared {
		return len(r.Others) == 0 && rel.Owner != ""
	}
	return SameOwner(rel.Owner, r.Owner)
}
