package install

import (
	"fmt"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Pace says how fast workloads are restarted.
type Pace struct {
	// MaxUnavailable is how many workloads may be restarting at a time.
	MaxUnavailable int
	// Settle is how long a workload that has rolled out still counts as
	// restarting, and how long to watch between one namespace and the next.
	Settle time.Duration
	// Immovable lets those be restarted that lose requests.
	Immovable bool
}

const (
	defaultSettle = 10 * time.Second
	// blind is how long what is seen of a cluster may lag behind it.
	blind = 10 * time.Second
	// patience is how long a new pod may take to become ready.
	patience = 10 * time.Minute
	// poll is how often to look where something goes on.
	poll = 5 * time.Second
)

// PaceOf returns the pace that a mesh asks for.
func PaceOf(w Wanted) Pace {
	p := Pace{MaxUnavailable: 1, Settle: defaultSettle, Immovable: agreedToMove(w)}
	if u := w.Spec.Upgrade; u != nil {
		p.MaxUnavailable = max(int(u.MaxUnavailable), 1)
		if d, err := time.ParseDuration(string(u.Settle)); err == nil && u.Settle != "" {
			p.Settle = d
		}
	}
	return p
}

// Goal is what the proxies of pods are to become.
type Goal struct {
	Version, Revision string
	// Since is when that became so: what was restarted before was restarted for
	// something else.
	Since time.Time
	// Roots is what pods note whose proxies trust what they shall; empty where
	// proxies learn that while they run. Given is when the control plane got it.
	Roots string
	Given time.Time
}

// began is when all of it became so.
func (g Goal) began() time.Time { return later(g.Since, g.Given) }

// Reached reports whether a pod's proxy is what it is to become. A pod younger
// than the goal got its proxy from the control plane that is in place now, so
// that of its version only the minor one counts: users give images other tags.
func (g Goal) Reached(p *PodSeen) bool {
	if p.Proxy == nil || !p.Proxy.of(g.Revision) || g.Roots != "" && p.Proxy.Roots != g.Roots {
		return false
	}
	return p.Proxy.Version == g.Version || p.Created.After(g.Since) && likeVersion(p.Proxy.Version, g.Version)
}

// likeVersion reports whether the minor versions are the same, as far as they
// can be read.
func likeVersion(a, b string) bool {
	left, err := parseMinor(a)
	if err != nil {
		return true
	}
	right, err := parseMinor(b)
	return err != nil || left.EqualTo(right.Version)
}

// Standing says how a workload stands in its wave.
type Standing string

// The ways to stand.
const (
	// Moved workloads need nothing more.
	Moved Standing = "Moved"
	// Due workloads may be restarted now.
	Due Standing = "Due"
	// Busy workloads were restarted, and have not rolled out and settled yet.
	Busy Standing = "Busy"
	// Stuck workloads were restarted, and a new pod does not become ready.
	Stuck Standing = "Stuck"
	// Fallen workloads were restarted for a goal that is given up, and what came
	// of it does not run: to restart them is what mends them.
	Fallen Standing = "Fallen"
	// Blocked workloads wait for their PodDisruptionBudgets.
	Blocked Standing = "Blocked"
	// Broken workloads are not rolled out, and nobody restarted them.
	Broken Standing = "Broken"
	// Kept workloads are not restarted, as that would lose requests.
	Kept Standing = "Kept"
	// Spent workloads were restarted, which did not help.
	Spent Standing = "Spent"
)

// Rollout decides about the restarts of workloads.
type Rollout struct {
	Goal Goal
	Pace Pace
	Now  time.Time
}

// Standing returns how a workload stands.
func (r Rollout) Standing(w *MemberWorkload) Standing {
	due := r.Pending(w) > 0
	if w.Restarted.After(r.Goal.began()) {
		return r.restarted(w, due)
	}
	switch {
	case !due:
		return Moved
	case r.fallen(w):
		return Fallen
	case len(Obstacles(w)) > 0 && (!r.Pace.Immovable || !w.Restartable):
		return Kept
	case !w.RolledOut:
		return Broken
	case w.Disruptions == 0:
		return Blocked
	}
	return Due
}

// restarted returns how a workload stands that was restarted for the goal.
func (r Rollout) restarted(w *MemberWorkload, due bool) Standing {
	switch {
	case r.stuck(w):
		return Stuck
	case !w.RolledOut || r.leaving(w) || r.Now.Sub(changed(w)) < r.Pace.Settle:
		return Busy
	case due:
		return Spent
	}
	return Moved
}

// Pending counts the pods whose proxy is not what it is to become. Pods that
// are on their way out are not worth a restart.
func (r Rollout) Pending(w *MemberWorkload) int {
	n := 0
	for i := range w.Pods {
		if !w.Pods[i].Leaving && !r.Goal.Reached(&w.Pods[i]) {
			n++
		}
	}
	return n
}

// fallen reports whether a workload that was restarted has a pod which is not
// ready and whose proxy no ready one has. A roll-out by somebody else makes pods
// with the proxy that the others have.
func (r Rollout) fallen(w *MemberWorkload) bool {
	if w.RolledOut || w.Restarted.IsZero() {
		return false
	}
	works := map[Proxy]bool{}
	for i := range w.Pods {
		if w.Pods[i].Ready {
			works[proxyOrNone(&w.Pods[i])] = true
		}
	}
	for i := range w.Pods {
		if p := &w.Pods[i]; !p.Ready && !p.Leaving && !r.Goal.Reached(p) && !works[proxyOrNone(p)] {
			return true
		}
	}
	return false
}

func proxyOrNone(p *PodSeen) Proxy {
	if p.Proxy == nil {
		return Proxy{}
	}
	return *p.Proxy
}

// stuck reports whether nothing that was made by the restart works, although it
// had all the time it may take. Where one new pod is ready, what ails the others
// is not what the restart was for.
func (r Rollout) stuck(w *MemberWorkload) bool {
	if w.RolledOut {
		return false
	}
	since := w.Restarted
	for i := range w.Pods {
		p := &w.Pods[i]
		if p.Leaving || p.Created.Before(w.Restarted.Add(-blind)) {
			continue // Clocks differ a little, and those of API servers have no fractions.
		}
		if p.Ready {
			return false
		}
		if since.Equal(w.Restarted) || p.Created.Before(since) {
			since = p.Created
		}
	}
	return r.Now.Sub(since) >= patience
}

// leaving reports whether pods still drain. One that does not go, on a node that
// is lost, is not waited for.
func (r Rollout) leaving(w *MemberWorkload) bool {
	for i := range w.Pods {
		if w.Pods[i].Leaving && r.Now.Sub(w.Restarted) < patience {
			return true
		}
	}
	return false
}

// changed is when the pods of a restarted workload last changed. What comes long
// after its restart has other reasons.
func changed(w *MemberWorkload) time.Time {
	last := w.Restarted
	for i := range w.Pods {
		for _, at := range []time.Time{w.Pods[i].Created, w.Pods[i].ReadySince} {
			if at.After(last) && at.Sub(w.Restarted) < patience {
				last = at
			}
		}
	}
	return last
}

// restart returns the step that restarts a workload.
func (r Rollout) restart(w *MemberWorkload) *Step {
	return &Step{Kind: StepRestart, Workload: w, Reason: v1alpha1.ReasonUpgrading, Message: fmt.Sprintf("restarting %s", w.Key())}
}
