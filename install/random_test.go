package install_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// lives is how many random lives one run of the tests tells.
const lives = 200

// TestRandomLives has meshes live through random edits in clusters where steps
// are lost and done twice and what is seen lags behind. Whatever happens, they
// come to the end that they come to when nothing goes wrong, and nothing that
// must not happen does on the way.
func TestRandomLives(t *testing.T) {
	for seed := range uint64(lives) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			x := newWorld(seed)
			if x.rng.IntN(4) == 0 {
				x.settle(t)
				x.broken = "1.31.0"
			}
			edits := x.rng.IntN(4)
			for range edits {
				for range x.rng.IntN(60) {
					x.turn(true)
				}
				x.edit()
			}
			if x.broken != "" {
				x.edit(version("1.31"))
			}
			for range 150 {
				x.turn(true)
			}
			x.settle(t)
			x.report(t, seed)
			if diff := cmp.Diff(x.ideal(t), x.end()); diff != "" {
				t.Errorf("seed %d: it did not come to the end of a life without trouble (-want +got):\n%s\n%s", seed, diff, strings.Join(x.steps, "\n"))
			}
		})
	}
}

func newWorld(seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, seed))
	x := &world{rng: rng, p: fake(), marks: map[string]string{}, moving: map[string]bool{}, churned: map[string]bool{}, restarts: map[string]int{}}
	x.w = wanted("1.30")
	x.s = empty()
	x.w.Spec.Upgrade.MaxUnavailable = int32(rng.IntN(4))
	for n := range rng.IntN(4) {
		var workloads []install.MemberWorkload
		for k := range rng.IntN(4) {
			workloads = append(workloads, deployment(fmt.Sprintf("w%d", k), x.quirk()))
		}
		x.s.Members = append(x.s.Members, namespace(fmt.Sprintf("ns%d", n), workloads...))
	}
	if rng.IntN(2) == 0 {
		x.s.Gateways = []install.GatewaySeen{{Namespace: "edge", Name: "public", RolledOut: true, Pods: []install.PodSeen{{Name: "gw", Created: noon, Ready: true}}}}
	}
	x.before = copied(x.s)
	return x
}

// quirk makes some workloads immovable.
func (x *world) quirk() func(*install.MemberWorkload) {
	return []func(*install.MemberWorkload){
		func(*install.MemberWorkload) {}, func(*install.MemberWorkload) {}, func(*install.MemberWorkload) {},
		undrained,
		func(w *install.MemberWorkload) { w.Recreate = true },
		func(w *install.MemberWorkload) { w.Readiness = false },
		func(w *install.MemberWorkload) { w.Surge, w.Replicas, w.Unavailable = 0, 1, 1 },
		func(w *install.MemberWorkload) { w.Kind, w.Surge, w.Replicas, w.Unavailable = "StatefulSet", 0, 3, 1 },
		func(w *install.MemberWorkload) { w.Locked, w.Disruptions = true, 0 },
		func(w *install.MemberWorkload) { w.Restartable, w.Kind = false, "Pod" },
	}[x.rng.IntN(10)]
}

// edit changes what is wanted, to something that is allowed.
func (x *world) edit(more ...func(*install.Wanted)) {
	x.w.Generation++
	up := *x.w.Spec.Upgrade
	x.w.Spec.Upgrade = &up
	for _, e := range more {
		e(&x.w)
	}
	kind := x.rng.IntN(4)
	if len(more) > 0 {
		kind = x.rng.IntN(2)
	}
	switch kind {
	case 0:
		up.Strategy = []v1alpha1.UpgradeStrategy{"", v1alpha1.UpgradeInPlace, v1alpha1.UpgradeCanary}[x.rng.IntN(3)]
	case 1:
		x.w.Spec.Helm = &v1alpha1.Helm{Values: &runtime.RawExtension{Raw: fmt.Appendf(nil, `{"n":%d}`, x.rng.IntN(3))}}
	default:
		x.w.Spec.Version = []string{"1.30", "1.31"}[x.rng.IntN(2)]
	}
	x.steps = append(x.steps, fmt.Sprintf("# %s %s", x.w.Spec.Version, up.Strategy))
}

// settle goes on, without further trouble, until nothing changes for long.
func (x *world) settle(t *testing.T) {
	t.Helper()
	quiet := 0
	for range 3000 {
		step := x.turn(false)
		if step.Kind == install.StepWait && step.After > 0 || len(x.due) > 0 || !ends(step) {
			quiet = 0
			continue
		}
		if quiet++; quiet > 3 {
			return
		}
	}
	t.Errorf("no end is in sight:\n%s", strings.Join(x.steps, "\n"))
}

func (x *world) report(t *testing.T, seed uint64) {
	t.Helper()
	for _, wrong := range x.wrong {
		t.Errorf("seed %d: %s", seed, wrong)
	}
	if len(x.wrong) > 0 {
		t.Log(strings.Join(x.steps, "\n"))
	}
}

// end is what a life comes to, as far as it does not depend on its way there:
// the names of revisions do, and so do immovable workloads.
func (x *world) end() []string {
	var out []string
	for _, m := range x.s.Members {
		if m.Revision != x.s.State.Revision {
			out = append(out, "namespace "+m.Name+" stays at "+m.Revision)
		}
		for i := range m.Workloads {
			w := &m.Workloads[i]
			if len(install.Obstacles(w)) > 0 || w.Replicas == 0 {
				continue
			}
			for _, p := range w.Pods {
				if p.Proxy == nil || p.Proxy.Revision != x.s.State.Revision {
					out = append(out, fmt.Sprintf("%s: %s has %v", w.Key(), p.Name, p.Proxy))
				} else {
					out = append(out, w.Key()+" "+p.Proxy.Version)
				}
			}
		}
	}
	for _, g := range x.s.Gateways {
		if p := g.Pods[0].Proxy; p == nil || p.Revision != x.s.State.Revision {
			out = append(out, fmt.Sprintf("the gateway has %v and not %s", p, x.s.State.Revision))
		} else {
			out = append(out, "gateway "+p.Version)
		}
	}
	return append(out, x.controls()...)
}

// controls lists the control planes, without those that only immovable
// workloads still use.
func (x *world) controls() []string {
	var out []string
	for _, rel := range x.s.Cluster.Releases {
		switch revision := rel.Labels[v1alpha1.LabelRevision]; {
		case revision == x.s.State.Revision:
			out = append(out, "in place "+rel.ChartVersion)
		case revision != "" && !x.used(revision):
			out = append(out, "left over "+rel.Name)
		}
	}
	return out
}

func (x *world) used(revision string) bool {
	for _, m := range x.s.Members {
		for _, w := range m.Workloads {
			for _, p := range w.Pods {
				if p.Proxy != nil && p.Proxy.Revision == revision {
					return true
				}
			}
		}
	}
	return false
}

// ideal is the end of a life in which the last wish was the first.
func (x *world) ideal(t *testing.T) []string {
	t.Helper()
	var version string
	for _, v := range x.p.Catalog.Versions {
		if strings.HasPrefix(v.Version, x.w.Spec.Version) {
			version = v.Version
		}
	}
	if version == x.broken && x.movable() {
		version = "1.30.0"
	}
	var out []string
	for _, m := range x.s.Members {
		for i := range m.Workloads {
			if w := &m.Workloads[i]; len(install.Obstacles(w)) == 0 {
				for range w.Replicas {
					out = append(out, w.Key()+" "+version)
				}
			}
		}
	}
	for range x.s.Gateways {
		out = append(out, "gateway "+version)
	}
	return append(out, "in place "+version)
}

// movable reports whether any workload can be.
func (x *world) movable() bool {
	for _, m := range x.s.Members {
		for i := range m.Workloads {
			if len(install.Obstacles(&m.Workloads[i])) == 0 {
				return true
			}
		}
	}
	return false
}
