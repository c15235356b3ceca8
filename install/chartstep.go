package install

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// ChartsRequest is what the next step for a list of charts depends on.
type ChartsRequest struct {
	// Owner is the object that the charts are installed for, as "Mesh/shop".
	Owner string
	// Charts in the order of their installation.
	Charts []Chart
	// Releases are all of the cluster.
	Releases []Release
	// State is what Noted returned last.
	State []v1alpha1.InstalledRelease
	// Others are the owners beside Owner that need the Shared charts too.
	Others []string
	// Gate says whether a gate holds now, and if not, why. Nil where none is
	// asked: then none holds.
	Gate func(Gate) (holds bool, why string)
	// Retry says that somebody asked to try again what failed, and to take back
	// what was changed by hand. It is answered by the one step that it leads to.
	Retry bool
	// TakeOver says that somebody agreed to releases of nobody being taken over.
	TakeOver bool
	Limits   Limits
	Now      time.Time
}

// Limits are how long things may take. Zero fields mean the defaults.
type Limits struct {
	// Gates is how long the gates of a chart may take to hold after it was
	// written; 5 minutes.
	Gates time.Duration
	// Writer is how long the writer of a pending release is believed to live;
	// 1 minute.
	Writer time.Duration
	// Pause is the time between two attempts at what was interrupted;
	// 15 seconds.
	Pause time.Duration
	// Attempts is how many interruptions in a row make a failure; 10.
	Attempts int
	// Reconnect is how long proxies may take to connect with what took the place
	// of their control plane: they try again at growing distances, of half a
	// minute at most, and do not hear of pods that go until then; 45 seconds.
	Reconnect time.Duration
}

func (l Limits) orDefaults() Limits {
	if l.Gates == 0 {
		l.Gates = 5 * time.Minute
	}
	if l.Writer == 0 {
		l.Writer = time.Minute
	}
	if l.Pause == 0 {
		l.Pause = 15 * time.Second
	}
	if l.Reconnect == 0 {
		l.Reconnect = 45 * time.Second
	}
	if l.Attempts == 0 {
		l.Attempts = 10
	}
	return l
}

// NextChart returns what is next so that every chart is installed as asked and
// its gates hold, one chart after the other. Before its step is done, write what
// Noted says of it: a process that dies in between then goes on where it was.
func NextChart(r ChartsRequest) Step {
	r.Limits = r.Limits.orDefaults()
	for i := range r.Charts {
		if s := r.next(&r.Charts[i]); s.Kind != StepDone {
			return s
		}
	}
	return Step{Kind: StepDone, Reason: v1alpha1.ReasonInstalled, Message: "everything is installed as asked"}
}

// next returns what is next for one chart.
func (r ChartsRequest) next(c *Chart) Step {
	rel := r.release(c)
	if rel == nil {
		return r.absent(c)
	}
	if SameOwner(rel.Owner, r.Owner) || c.Shared && r.orphaned(rel) {
		return r.own(c, rel)
	}
	switch {
	case c.Shared && rel.Owner != "":
		return r.shared(c, rel)
	case rel.Owner != "":
		return refusal(c, v1alpha1.ReasonConflicted, "Helm release %s belongs to %s: remove it there, or install into another namespace",
			rel.key(), rel.Owner)
	case r.TakeOver:
		return r.own(c, rel)
	}
	return refusal(c, v1alpha1.ReasonConflicted, "Helm release %s (chart %s %s) was not installed by Meshloom: take it over with meshctl adopt, or remove it",
		rel.key(), rel.Chart, rel.ChartVersion)
}

// absent returns what is next where there is no release.
func (r ChartsRequest) absent(c *Chart) Step {
	if r.hasFailed(c) {
		return refusal(c, v1alpha1.ReasonInstallFailed, "%s; edit what was asked, or annotate it with %s, to try again",
			r.noted(c).Why, v1alpha1.AnnotationRetry)
	}
	return Step{
		Kind: StepInstall, Chart: c, Reason: v1alpha1.ReasonReconciling,
		Message: fmt.Sprintf("installing chart %s %s as %s", c.Name, c.Version, c.key()),
	}
}

// own returns what is next for a release that is this owner's to write.
func (r ChartsRequest) own(c *Chart, rel *Release) Step {
	if !rel.Ours && rel.Owner != "" && !r.Retry {
		return r.byHand(c, rel)
	}
	switch rel.Status {
	case Pending:
		return r.pending(c, rel)
	case Uninstalling:
		return Step{
			Kind: StepUninstall, Chart: c, Reason: v1alpha1.ReasonReconciling,
			Message: fmt.Sprintf("removing what is left of %s", rel.key()),
		}
	case Failed:
		return r.failed(c, rel)
	case Deployed:
	}
	return r.deployed(c, rel)
}

// byHand returns what is next for a release of ours that somebody else wrote.
func (r ChartsRequest) byHand(c *Chart, rel *Release) Step {
	if rel.Status == Pending && r.Now.Sub(rel.Updated) < r.Limits.Gates {
		return r.wait(c, rel.Updated.Add(r.Limits.Gates), "somebody is changing Helm release %s", rel.key())
	}
	return refusal(c, v1alpha1.ReasonChangedByHand, "Helm release %s was changed by hand (revision %d: %s) and is left so: edit what was asked, or annotate it with %s, to have it as asked again",
		rel.key(), rel.Revision, rel.Description, v1alpha1.AnnotationRetry)
}

// pending returns what is next for a release that is being written, or whose
// writer died.
func (r ChartsRequest) pending(c *Chart, rel *Release) Step {
	if until := rel.Updated.Add(r.Limits.Writer); r.Now.Before(until) {
		return r.wait(c, until, "Helm release %s is being written", rel.key())
	}
	return Step{
		Kind: StepUnlock, Chart: c, Reason: v1alpha1.ReasonReconciling,
		Message: fmt.Sprintf("the writer of Helm release %s ended before it was done", rel.key()),
	}
}

// deployed returns what is next for a release that Helm is done with.
func (r ChartsRequest) deployed(c *Chart, rel *Release) Step {
	switch failed := r.hasFailed(c); {
	case rel.Digest != Digest(*c) && failed:
		return refusal(c, v1alpha1.ReasonRolledBack, "%s: %s; edit what was asked, or annotate it with %s, to try again",
			rel.key(), r.noted(c).Why, v1alpha1.AnnotationRetry)
	case rel.Digest != Digest(*c) || !rel.Ours:
		return upgrade(c, rel)
	case failed:
		return r.back(c, rel, "it failed before")
	}
	return r.gates(c, rel)
}

// gates returns what is next for a release that is as asked.
func (r ChartsRequest) gates(c *Chart, rel *Release) Step {
	why := r.closed(c)
	if why == "" {
		return Step{Kind: StepDone}
	}
	if r.noted(c).Good == rel.Digest {
		return r.wait(c, r.Now.Add(r.Limits.Pause), "%s is not as it was: %s", rel.key(), why)
	}
	limit := r.Limits.Gates
	if r.unserved(c) {
		limit += lookedAtAnew
	}
	if until := rel.Updated.Add(limit); r.Now.Before(until) {
		return r.wait(c, earlier(until, r.Now.Add(r.Limits.Pause)), "waiting for %s: %s", rel.key(), why)
	}
	return r.back(c, rel, fmt.Sprintf("not ready within %s: %s", limit, why))
}

// lookedAtAnew is how long it takes at most until an API server that was started
// anew right after a CRD was written looks at it again.
const lookedAtAnew = 6 * time.Minute

// unserved says whether a CRD that the chart waits for is not served.
func (r ChartsRequest) unserved(c *Chart) bool {
	return r.Gate != nil && slices.ContainsFunc(c.Gates, func(g Gate) bool {
		holds, _ := r.Gate(g)
		return g.Kind == DefinitionServed && !holds
	})
}

// closed says why the gates of a chart do not hold; "" where all do.
func (r ChartsRequest) closed(c *Chart) string {
	for _, g := range c.Gates {
		if r.Gate == nil {
			return g.String() + " was not looked at"
		}
		if holds, why := r.Gate(g); !holds {
			return strings.TrimSuffix(g.String()+": "+why, ": ")
		}
	}
	return ""
}

// shared returns what is next for a Shared release that another owner wrote,
// who is still there. The newest version wins.
func (r ChartsRequest) shared(c *Chart, rel *Release) Step {
	if rel.Status != Deployed {
		return r.wait(c, r.Now.Add(r.Limits.Pause), "%s is busy with Helm release %s", rel.Owner, rel.key())
	}
	if Newer(c.Version, rel.ChartVersion) && !r.hasFailed(c) {
		return upgrade(c, rel)
	}
	if why := r.closed(c); why != "" {
		return r.wait(c, r.Now.Add(r.Limits.Pause), "waiting for %s of %s: %s", rel.key(), rel.Owner, why)
	}
	return Step{Kind: StepDone}
}

// orphaned reports whether a release's owner is gone. Its release is then for
// the next one who needs it.
func (r ChartsRequest) orphaned(rel *Release) bool {
	return rel.Owner != "" && !slices.ContainsFunc(r.Others, func(o string) bool { return SameOwner(o, rel.Owner) })
}

func (r ChartsRequest) wait(c *Chart, until time.Time, format string, args ...any) Step {
	return Step{
		Kind: StepWait, Chart: c, After: max(until.Sub(r.Now), time.Second),
		Reason: v1alpha1.ReasonReconciling, Message: fmt.Sprintf(format, args...),
	}
}

func refusal(c *Chart, reason v1alpha1.ConditionReason, format string, args ...any) Step {
	return Step{Kind: StepRefuse, Chart: c, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func upgrade(c *Chart, rel *Release) Step {
	return Step{
		Kind: StepUpgrade, Chart: c, Reason: v1alpha1.ReasonReconciling,
		Message: fmt.Sprintf("upgrading %s from chart %s %s to %s %s", rel.key(), rel.Chart, rel.ChartVersion, c.Name, c.Version),
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
