package install

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Observed is what was seen, whatever is decided about.
type Observed struct {
	Cluster Cluster
	// State is what the installer wrote into the object's status last; nil where
	// it has written nothing.
	State *v1alpha1.InstallState
	Now   time.Time
}

// asked is the part of an object by whose edit somebody tries again.
type asked struct {
	generation  int64
	annotations map[string]string
}

// workload is a decision about charts that no wave moves: those of an ingress
// controller, or of one gateway.
type workload struct {
	owner string
	seen  Observed
	asked asked
	// state is what to record.
	state v1alpha1.InstallState
	// retry says that what failed is to be tried again.
	retry bool
}

func newWorkload(owner string, seen Observed, by asked) workload {
	w := workload{owner: owner, seen: seen, asked: by}
	if seen.State != nil {
		w.state = *seen.State.DeepCopy()
	}
	w.retry = by.generation != w.state.ObservedGeneration || by.annotations[v1alpha1.AnnotationRetry] != w.state.Retried
	return w
}

// request asks about charts.
func (w *workload) request(charts []Chart) ChartsRequest {
	return ChartsRequest{
		Owner: w.owner, Charts: charts, Releases: w.seen.Cluster.Releases, State: w.state.Releases,
		Gate: w.seen.Cluster.Holds, Retry: w.retry, Now: w.seen.Now,
	}
}

// charts brings charts into place.
func (w *workload) charts(request ChartsRequest) Step {
	step := NextChart(request)
	w.state.Releases = Noted(request, step)
	return step
}

// removal takes away all that the owner has.
func (w *workload) removal(why string) Step {
	request := w.request(w.owned())
	step := NextRemoval(request)
	w.state.Releases = Noted(request, step)
	if step.Kind == StepDone {
		return Step{Kind: StepDone, Reason: v1alpha1.ReasonDeleting, Message: why}
	}
	return step
}

// owned are the charts of all releases of the owner.
func (w *workload) owned() []Chart {
	var charts []Chart
	for _, rel := range w.seen.Cluster.Releases {
		if SameOwner(rel.Owner, w.owner) {
			charts = append(charts, Chart{Release: rel.Name, Namespace: rel.Namespace, Name: rel.Chart, Version: rel.ChartVersion})
		}
	}
	return charts
}

// describe says in the words of conditions how things stand, and records that
// what was asked was answered, unless it still waits for its turn.
func (w *workload) describe(step Step) *v1alpha1.InstallState {
	if step.Kind != StepWait || len(w.state.Releases) == 0 {
		w.state.ObservedGeneration, w.state.Retried = w.asked.generation, w.asked.annotations[v1alpha1.AnnotationRetry]
	}
	before := w.state.Conditions
	w.state.Conditions = nil
	for _, c := range []*metav1.Condition{w.installed(step), w.upgrading(step), reconciling(step), stalled(step)} {
		if c != nil {
			c.ObservedGeneration = w.asked.generation
			c.LastTransitionTime = since(before, c, w.seen.Now)
			w.state.Conditions = append(w.state.Conditions, *c)
		}
	}
	return &w.state
}

// works says that a release of every chart that is there has worked once.
func (w *workload) works() bool {
	return len(w.state.Releases) > 0 && !slices.ContainsFunc(w.state.Releases, func(r v1alpha1.InstalledRelease) bool { return r.Good == "" })
}

func (w *workload) installed(step Step) *metav1.Condition {
	if step.Reason != v1alpha1.ReasonDeleting && (w.works() || step.Kind == StepDone) {
		return condition(v1alpha1.ConditionInstalled, metav1.ConditionTrue, v1alpha1.ReasonInstalled, w.running())
	}
	return condition(v1alpha1.ConditionInstalled, metav1.ConditionFalse, step.Reason, step.Message)
}

// running says what runs, for people.
func (w *workload) running() string {
	var names []string
	for _, r := range w.state.Releases {
		names = append(names, r.Name+" of chart "+r.Chart)
	}
	if len(names) == 0 {
		return "it has no workload of its own"
	}
	return list(names, 4)
}

// upgrading is present while what works is replaced.
func (w *workload) upgrading(step Step) *metav1.Condition {
	if step.Chart == nil || !w.works() || step.Kind != StepUpgrade && step.Kind != StepWait && step.Kind != StepRollBack {
		return nil
	}
	if noted := w.request(nil).noted(step.Chart); step.Kind == StepWait && noted.Good == Digest(*step.Chart) {
		return nil
	}
	return condition(v1alpha1.ConditionUpgrading, metav1.ConditionTrue, v1alpha1.ReasonUpgrading, step.Message)
}

// agreed says whether a deletion may take something along.
func agreed(annotations map[string]string, what string) bool {
	return slices.ContainsFunc(strings.Split(annotations[v1alpha1.AnnotationUninstall], ","), func(a string) bool {
		return strings.TrimSpace(a) == what
	})
}

// since is when a condition became as it is, by those that were before.
func since(before []metav1.Condition, c *metav1.Condition, now time.Time) metav1.Time {
	for _, old := range before {
		if old.Type == c.Type && old.Status == c.Status {
			return old.LastTransitionTime
		}
	}
	return metav1.NewTime(now.Truncate(time.Second))
}

// stalled is present while only an edit helps.
func stalled(step Step) *metav1.Condition {
	if step.Kind != StepRefuse {
		return nil
	}
	return condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, step.Reason, step.Message)
}
