package install

import (
	"cmp"
	"math"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// maxWhy is how much of a reason fits into status.
const maxWhy = 1024

// Noted returns what is to be remembered of the releases before a step of
// NextChart is done: what is there, what was seen to work, and what failed.
// Releases of the state that are no longer planned are kept while they exist.
func Noted(r ChartsRequest, s Step) []v1alpha1.InstalledRelease {
	var noted []v1alpha1.InstalledRelease
	planned := map[string]bool{}
	for i := range r.Charts {
		planned[r.Charts[i].key()] = true
		if entry, ok := r.note(&r.Charts[i], s); ok {
			noted = append(noted, entry)
		}
	}
	for _, old := range r.State {
		c := &Chart{Namespace: string(old.Namespace), Release: old.Name}
		if rel := r.release(c); rel != nil && !planned[c.key()] {
			noted = append(noted, written(old, rel))
		}
	}
	slices.SortFunc(noted, func(a, b v1alpha1.InstalledRelease) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return noted
}

// note returns what is to be remembered of one chart, and whether anything is.
func (r ChartsRequest) note(c *Chart, s Step) (v1alpha1.InstalledRelease, bool) {
	old, rel := r.noted(c), r.release(c)
	entry := v1alpha1.InstalledRelease{Namespace: v1alpha1.Namespace(c.Namespace), Name: c.Release}
	if r.hasFailed(c) {
		entry.Failed, entry.Why = old.Failed, old.Why
	}
	if s.Chart != nil && s.Chart.key() == c.key() && s.Fails() {
		entry.Failed, entry.Why = Digest(*c), reason(s.Message)
	}
	if rel == nil {
		return entry, entry.Failed != ""
	}
	entry.Good = old.Good
	if rel.Ours && rel.Status == Deployed && rel.Digest == Digest(*c) && r.closed(c) == "" {
		entry.Good = rel.Digest
	}
	return written(entry, rel), true
}

// written returns the entry with what Helm says of the release.
func written(entry v1alpha1.InstalledRelease, rel *Release) v1alpha1.InstalledRelease {
	entry.Chart = rel.Chart + "-" + rel.ChartVersion
	entry.Revision = int32(min(rel.Revision, math.MaxInt32)) //nolint:gosec // It is bounded here.
	entry.Digest = rel.Digest
	since := metav1.NewTime(rel.Updated)
	entry.Since = &since
	return entry
}

// Fails reports whether the step gives up what its chart asks for, so that it
// is not tried again until somebody edits something.
func (s Step) Fails() bool {
	return s.Kind == StepRollBack || s.Kind == StepUninstall && s.Reason == v1alpha1.ReasonInstallFailed
}

// noted returns what the state has of a chart's release.
func (r ChartsRequest) noted(c *Chart) v1alpha1.InstalledRelease {
	for _, entry := range r.State {
		if string(entry.Namespace) == c.Namespace && entry.Name == c.Release {
			return entry
		}
	}
	return v1alpha1.InstalledRelease{}
}

// hasFailed reports whether what a chart asks for failed before and is not to
// be tried again.
func (r ChartsRequest) hasFailed(c *Chart) bool {
	return !r.Retry && r.noted(c).Failed == Digest(*c)
}

// reason returns a reason as status takes it, without a broken character.
func reason(why string) string {
	return strings.ToValidUTF8(why[:min(len(why), maxWhy)], "")
}
