package install_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// world is a cluster in which things take their time, and in which whoever
// decides may die, do things twice, and see what was a moment ago.
type world struct {
	rng *rand.Rand
	p   *install.Planner
	w   install.Wanted
	// s is how things are, and before how they were one step ago.
	s, before install.Seen
	// marks are the revisions that new pods of a namespace get.
	marks map[string]string
	// due is what will happen by itself.
	due []event
	// moving are the workloads that Meshloom restarted and that have not rolled
	// out.
	moving map[string]bool
	// broken is a version whose proxies never become ready.
	broken string
	// restarts counts those of each workload.
	restarts map[string]int
	// rolled is when the last workload had rolled out.
	rolled time.Time
	// churned are workloads of which somebody else made a pod anew.
	churned map[string]bool
	// wrong is what must never happen.
	wrong []string
	steps []string
}

type event struct {
	at   time.Time
	what func()
}

// soon has something happen after a while.
func (x *world) soon(what func()) {
	x.due = append(x.due, event{x.s.Now.Add(time.Duration(x.rng.IntN(40)) * time.Second), what})
}

// pass lets time go by.
func (x *world) pass(d time.Duration) {
	end := x.s.Now.Add(d)
	for {
		slices.SortStableFunc(x.due, func(a, b event) int { return a.at.Compare(b.at) })
		if len(x.due) == 0 || x.due[0].at.After(end) {
			break
		}
		next := x.due[0]
		x.due = x.due[1:]
		if next.at.After(x.s.Now) {
			x.s.Now = next.at
		}
		next.what()
	}
	x.s.Now = end
}

// turn is one decision, and what comes of it.
func (x *world) turn(careless bool) install.Step {
	view := x.s
	if careless && x.rng.IntN(4) == 0 {
		view = x.before
		view.State, view.Now = x.s.State, x.s.Now
	}
	step, state := install.Next(x.p, x.w, view)
	if step.Kind != install.StepWait {
		x.steps = append(x.steps, fmt.Sprintf("%s %s %s", x.s.Now.Sub(noon), step.Kind, step.Message))
	}
	x.before = copied(x.s)
	x.s.State = state
	times := 1
	if careless {
		times = []int{0, 1, 1, 1, 1, 1, 2}[x.rng.IntN(7)]
	}
	if times > 0 {
		x.judge(step)
	}
	for range times {
		x.do(step)
	}
	x.follow()
	if careless && x.rng.IntN(6) == 0 {
		x.churn()
	}
	x.pass(time.Duration(1+x.rng.IntN(8)) * time.Second)
	return step
}

// copied returns a copy that nothing else changes.
func copied(s install.Seen) install.Seen {
	return install.Simulate(install.Wanted{}, s, install.Step{Kind: install.StepRecord}, s.State)
}

func (x *world) do(step install.Step) {
	switch step.Kind {
	case install.StepInstall, install.StepUpgrade:
		x.chart(step)
	case install.StepRecord:
		x.record(step)
	case install.StepRestart:
		x.restart(step.Workload.Key())
	default:
		now := x.s.Now
		gateways := x.s.Gateways
		x.s = install.Simulate(x.w, x.s, step, x.s.State)
		x.s.Now, x.s.Gateways = now, gateways
	}
	x.gateways()
}

// chart writes a release; its gates open later.
func (x *world) chart(step install.Step) {
	now := x.s.Now
	x.s = install.Simulate(x.w, x.s, step, x.s.State)
	x.s.Now = now
	for i := range x.s.Cluster.Releases {
		if rel := &x.s.Cluster.Releases[i]; rel.Name == step.Chart.Release {
			rel.Updated = now
		}
	}
	for i := range x.s.Cluster.Workloads {
		if x.s.Cluster.Workloads[i].Name == step.Chart.Release {
			x.s.Cluster.Workloads[i].RolledOut = false
		}
	}
	name := step.Chart.Release
	x.soon(func() {
		for i := range x.s.Cluster.Workloads {
			if x.s.Cluster.Workloads[i].Name == name {
				x.s.Cluster.Workloads[i].RolledOut = true
			}
		}
	})
}

// record writes the annotation; the provider's marks follow it.
func (x *world) record(step install.Step) {
	for i := range x.s.Members {
		if m := &x.s.Members[i]; m.Name == step.Namespace {
			m.Revision, m.Marked = step.Revision, x.marks[m.Name] == step.Revision
		}
	}
	x.soon(func() {
		for i := range x.s.Members {
			if m := &x.s.Members[i]; m.Name == step.Namespace {
				x.marks[m.Name], m.Marked = m.Revision, true
			}
		}
	})
}

// follow has namespaces of which nothing is recorded get the proxies of the
// mesh's own revision. That must not change under those who have others.
func (x *world) follow() {
	for _, m := range x.s.Members {
		now := x.s.State.Revision
		if m.Revision != "" || now == "" || x.marks[m.Name] == now {
			continue
		}
		if x.marks[m.Name] != "" {
			x.wrong = append(x.wrong, fmt.Sprintf("namespace %s went to %s before its turn", m.Name, now))
		}
		x.marks[m.Name] = now
	}
}

// churn has one pod made anew by somebody else.
func (x *world) churn() {
	if len(x.s.Members) == 0 {
		return
	}
	m := &x.s.Members[x.rng.IntN(len(x.s.Members))]
	if len(m.Workloads) == 0 {
		return
	}
	w := &m.Workloads[x.rng.IntN(len(m.Workloads))]
	if x.moving[w.Key()] || !w.RolledOut || !w.Restartable || x.broken != "" {
		return
	}
	key, at := w.Key(), x.s.Now
	fresh := install.PodSeen{Name: fmt.Sprintf("%s-churned-%d", w.Name, at.Unix()), Created: at}
	if mark := x.marks[m.Name]; mark != "" {
		fresh.Proxy = &install.Proxy{Revision: mark, Version: x.runs(mark)}
	}
	w.Pods = append(slices.Clone(w.Pods[1:]), fresh)
	w.RolledOut, x.churned[key] = false, true
	x.soon(func() {
		delete(x.churned, key)
		if _, w := x.workload(key); !x.moving[key] {
			for i := range w.Pods {
				if !w.Pods[i].Ready {
					w.Pods[i].Ready, w.Pods[i].ReadySince = true, x.s.Now
				}
			}
			w.RolledOut = true
		}
	})
}

// workload finds one by its key.
func (x *world) workload(key string) (*install.Member, *install.MemberWorkload) {
	for i := range x.s.Members {
		for j := range x.s.Members[i].Workloads {
			if w := &x.s.Members[i].Workloads[j]; w.Key() == key {
				return &x.s.Members[i], w
			}
		}
	}
	return nil, nil
}

// restart makes a pod that is not ready, and later all pods anew.
func (x *world) restart(key string) {
	m, w := x.workload(key)
	if w == nil {
		return
	}
	at := x.s.Now
	w.Restarted, w.RolledOut = at.Truncate(time.Second), false
	x.moving[key] = true
	x.restarts[key]++
	restart := x.restarts[key]
	proxy := &install.Proxy{Revision: x.marks[m.Name], Version: x.runs(x.marks[m.Name])}
	if proxy.Revision == "" {
		proxy = nil
	}
	w.Pods = slices.DeleteFunc(w.Pods, func(p install.PodSeen) bool { return !p.Ready })
	w.Pods = append(w.Pods, install.PodSeen{Name: fmt.Sprintf("%s-%d", w.Name, at.Unix()), Created: at, Proxy: proxy})
	if proxy != nil && proxy.Version == x.broken {
		return
	}
	x.soon(func() {
		_, w := x.workload(key)
		if x.restarts[key] != restart {
			return // It was restarted again.
		}
		now := x.s.Now
		w.Pods = nil
		for i := range w.Replicas {
			w.Pods = append(w.Pods, install.PodSeen{
				Name: fmt.Sprintf("%s-%d-%d", w.Name, now.Unix(), i), Created: now, Ready: true, ReadySince: now, Proxy: proxy,
			})
		}
		w.RolledOut, x.rolled = true, now
		delete(x.moving, key)
	})
}

// runs is the version of a control plane.
func (x *world) runs(revision string) string {
	for _, rel := range x.s.Cluster.Releases {
		if rel.Labels[v1alpha1.LabelRevision] == revision {
			return rel.ChartVersion
		}
	}
	return "lost"
}

// gateways has them follow what they are to run.
func (x *world) gateways() {
	wave := x.s.State.Gateways
	if wave == nil {
		return
	}
	for i := range x.s.Gateways {
		g := &x.s.Gateways[i]
		if p := g.Pods[0].Proxy; p != nil && p.Revision == wave.Revision && p.Version == wave.Version {
			continue
		}
		g.RolledOut = false
		x.soon(func() {
			if now := x.s.State.Gateways; now != nil {
				g := &x.s.Gateways[i]
				g.RolledOut = true
				g.Pods = []install.PodSeen{{Name: "gw", Created: x.s.Now, Ready: true, Proxy: &install.Proxy{Revision: now.Revision, Version: x.runs(now.Revision)}}}
			}
		})
	}
}

// judge says what is wrong about a step before it is done.
func (x *world) judge(step install.Step) {
	no := func(format string, args ...any) {
		x.wrong = append(x.wrong, fmt.Sprintf("%s %s: ", x.s.Now.Sub(noon), step.Message)+fmt.Sprintf(format, args...))
	}
	switch step.Kind {
	case install.StepRestart:
		_, w := x.workload(step.Workload.Key())
		if len(install.Obstacles(w)) > 0 {
			no("it cannot be moved: %v", install.Obstacles(w))
		}
		most := install.PaceOf(x.w).MaxUnavailable
		if !x.moving[w.Key()] && len(x.moving) >= most {
			no("%v are on their way already", x.moving)
		}
		if !w.RolledOut && w.Restarted.IsZero() && !x.churned[w.Key()] {
			no("it is not rolled out of its own")
		}
		if settle := install.PaceOf(x.w).Settle; most == 1 && x.s.Now.Sub(x.rolled) < settle {
			no("another one has not settled")
		}
		if x.moving[w.Key()] && w.Restarted.After(x.s.State.Wave.Since.Time) {
			no("it is on its way already")
		}
	case install.StepInstall, install.StepUpgrade, install.StepUninstall, install.StepRollBack, install.StepUnlock:
		x.judgeChart(step, no)
	default:
	}
}

func (x *world) judgeChart(step install.Step, no func(string, ...any)) {
	for _, rel := range x.s.Cluster.Releases {
		if rel.Namespace == step.Chart.Namespace && rel.Name == step.Chart.Release && rel.Owner == "" {
			no("it belongs to somebody else")
		}
	}
	if step.Kind != install.StepUninstall || step.Chart.Revision == "" {
		return
	}
	for _, m := range x.s.Members {
		if x.marks[m.Name] == step.Chart.Revision || m.Revision == step.Chart.Revision {
			no("namespace %s belongs to it", m.Name)
		}
		for i := range m.Workloads {
			x.judgePods(m.Workloads[i].Pods, step, no)
		}
	}
	for _, g := range x.s.Gateways {
		x.judgePods(g.Pods, step, no)
	}
	x.judgePods(x.s.Strays, step, no)
}

func (x *world) judgePods(pods []install.PodSeen, step install.Step, no func(string, ...any)) {
	for _, p := range pods {
		if p.Proxy != nil && (p.Proxy.Revision == step.Chart.Revision || p.Proxy.Revision == "") {
			no("pod %s belongs to it", p.Name)
		}
	}
}
