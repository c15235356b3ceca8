package install_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

var update = flag.Bool("update", false, "write the golden files anew")

// story is the life of a mesh, told by the steps that are done and by what the
// status says whenever it changes.
type story struct {
	t     *testing.T
	p     *install.Planner
	w     install.Wanted
	s     install.Seen
	lines []string
	said  string
	// broken says that a step does not come to a good end, and what is seen
	// after it instead.
	broken func(step install.Step, after *install.Seen)
}

func begin(t *testing.T, w install.Wanted, s install.Seen) *story {
	t.Helper()
	return &story{t: t, p: fake(), w: w, s: s}
}

// edit changes what is wanted, and tells of it.
func (st *story) edit(what string, change func(*install.Wanted)) {
	st.lines = append(st.lines, "", "# "+what)
	st.w.Generation++
	change(&st.w)
	st.live()
}

// live goes on until only somebody else can change anything.
func (st *story) live() {
	st.t.Helper()
	for quiet := 0; ; {
		step, state := install.Next(st.p, st.w, st.s)
		st.tell(step, state)
		before := st.s
		st.s = install.Simulate(st.w, st.s, step, state)
		if st.broken != nil {
			st.broken(step, &st.s)
		}
		if step.Kind == install.StepWait {
			quiet++
		} else {
			quiet = 0
		}
		if ends(step) || quiet > 400 {
			if step.Kind == install.StepWait {
				st.lines = append(st.lines, fmt.Sprintf("%-8s stays so", before.Now.Sub(noon).Truncate(time.Second)))
			}
			return
		}
		if len(st.lines) > 500 {
			st.t.Fatalf("no end is in sight:\n%s", strings.Join(st.lines, "\n"))
		}
	}
}

// tell writes a step down, and the conditions where they say something new.
func (st *story) tell(step install.Step, state v1alpha1.InstallState) {
	at := st.s.Now.Sub(noon).Truncate(time.Second)
	if step.Kind != install.StepWait {
		line := fmt.Sprintf("%-8s %-16s %s", at, step.Kind, step.Message)
		st.lines = append(st.lines, strings.TrimRight(line, " "))
	}
	var said []string
	for _, c := range state.Conditions {
		said = append(said, fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	if words := strings.Join(said, "\n"); words != st.said {
		st.said = words
		for _, one := range said {
			st.lines = append(st.lines, "         | "+one)
		}
	}
}

// compare holds the story against the one that was agreed on.
func (st *story) compare(name string) {
	st.t.Helper()
	st.lines = append(st.lines, "", "# the end")
	st.lines = append(st.lines, releases(st.s)...)
	st.lines = append(st.lines, proxies(st.s)...)
	got := strings.Join(st.lines, "\n") + "\n"
	file := filepath.Join("testdata", "life", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			st.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			st.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		st.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		st.t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func version(v string) func(*install.Wanted) {
	return func(w *install.Wanted) { w.Spec.Version = v }
}

// bookshop is two namespaces, one of whose workloads cannot be moved.
func bookshop() []install.Member {
	return []install.Member{
		namespace("cart", deployment("api"), deployment("db", undrained)),
		namespace("shop", deployment("web"), deployment("worker")),
	}
}

func TestStories(t *testing.T) {
	values := func(raw string) func(*install.Wanted) {
		return func(w *install.Wanted) { w.Spec.Helm = &v1alpha1.Helm{Values: &runtime.RawExtension{Raw: []byte(raw)}} }
	}
	deleted := func(w *install.Wanted) { w.Deleting = true }
	stories := map[string]func(*story){
		"install": func(st *story) { st.live() },
		"canary":  func(st *story) { st.edit("version 1.31", version("1.31")) },
		"in-place": func(st *story) {
			st.edit("InPlace, version 1.31", func(w *install.Wanted) { inPlace(w); w.Spec.Version = "1.31" })
		},
		"manual": func(st *story) {
			st.edit("Manual, version 1.31", func(w *install.Wanted) { manual(w); w.Spec.Version = "1.31" })
			st.lines = append(st.lines, "", "# the user restarts everything")
			st.restartAll()
			st.live()
		},
		"values": func(st *story) { st.edit("other values", values(`{"a":1}`)) },
		"broken-chart": func(st *story) {
			st.broken = never("control-shop-1-31-0")
			st.edit("version 1.31, whose control plane never starts", version("1.31"))
			st.broken = nil
			st.edit("mended, and asked to retry", annotated(v1alpha1.AnnotationRetry, "1"))
		},
		"broken-in-place": func(st *story) {
			st.broken = never("control-shop-1-30-0")
			st.edit("InPlace, version 1.31, whose control plane never starts", func(w *install.Wanted) { inPlace(w); w.Spec.Version = "1.31" })
		},
		"broken-proxy": func(st *story) {
			st.broken = unready("shop-1-31-0")
			st.edit("version 1.31, whose proxies never start", version("1.31"))
		},
		"broken-proxy-in-place": func(st *story) {
			st.broken = unready("shop-1-30-0")
			st.edit("InPlace, version 1.31, whose proxies never start", func(w *install.Wanted) { inPlace(w); w.Spec.Version = "1.31" })
		},
		"back-to-old": func(st *story) {
			st.edit("version 1.31", func(w *install.Wanted) { w.Spec.Version = "1.31" })
			st.edit("back to version 1.30", version("1.30"))
		},
		"uninstall": func(st *story) {
			st.edit("deleted", deleted)
			st.lines = append(st.lines, "", "# the members have left")
			st.s.Members, st.s.Gateways = nil, nil
			st.live()
		},
		"uninstall-under-members": func(st *story) {
			st.edit("deleted with consent", func(w *install.Wanted) { deleted(w); annotated(v1alpha1.AnnotationUninstall, "members")(w) })
		},
	}
	for name, tell := range stories {
		t.Run(name, func(t *testing.T) {
			w := wanted("1.30")
			if name == "install" {
				tell2 := begin(t, w, empty(bookshop()...))
				tell(tell2)
				tell2.compare(name)
				return
			}
			s := settled(t, w, empty(bookshop()...))
			s.Gateways = []install.GatewaySeen{{Namespace: "edge", Name: "public", RolledOut: true, Pods: []install.PodSeen{{
				Name: "public-0", Created: noon, Ready: true, Proxy: &install.Proxy{Revision: "shop-1-30-0", Version: "1.30.0"},
			}}}}
			s.Members[0].Workloads[1].Pods[0].Proxy = &install.Proxy{Revision: "shop-1-30-0", Version: "1.30.0"}
			st := begin(t, w, s)
			tell(st)
			st.compare(name)
		})
	}
}

// restartAll does what a user's kubectl rollout restart does.
func (st *story) restartAll() {
	for _, m := range st.s.Members {
		for i := range m.Workloads {
			w := m.Workloads[i]
			st.s = install.Simulate(st.w, st.s, install.Step{Kind: install.StepRestart, Workload: &w}, st.s.State)
		}
	}
	for i := range st.s.Members {
		for j := range st.s.Members[i].Workloads {
			st.s.Members[i].Workloads[j].Restarted = time.Time{}
		}
	}
}

// never keeps a control plane from becoming ready.
func never(name string) func(install.Step, *install.Seen) {
	return func(step install.Step, after *install.Seen) {
		if step.Chart == nil || step.Chart.Release != name {
			return
		}
		if step.Kind == install.StepRollBack {
			for i := range after.Cluster.Releases {
				if rel := &after.Cluster.Releases[i]; rel.Name == name {
					rel.ChartVersion, rel.AppVersion = "1.30.0", "1.30.0"
				}
			}
			return
		}
		for i := range after.Cluster.Workloads {
			if w := &after.Cluster.Workloads[i]; w.Name == name {
				w.RolledOut, w.Ready = false, 0
			}
		}
	}
}

// unready keeps the proxies of a revision from becoming ready: the old pods of
// what is restarted stay.
func unready(revision string) func(install.Step, *install.Seen) {
	olds := map[string][]install.PodSeen{}
	return func(step install.Step, after *install.Seen) {
		if step.Kind != install.StepRestart {
			return
		}
		for i := range after.Members {
			m := &after.Members[i]
			for j := range m.Workloads {
				w := &m.Workloads[j]
				if w.Key() != step.Workload.Key() || m.Revision != revision || w.Pods[0].Proxy.Version != "1.31.0" {
					continue
				}
				olds[w.Key()] = step.Workload.Pods
				fresh := w.Pods[0]
				fresh.Ready, fresh.ReadySince = false, time.Time{}
				w.Pods, w.RolledOut = append([]install.PodSeen{fresh}, olds[w.Key()]...), false
			}
		}
	}
}

// TestConditionTimes shows that a condition keeps its time while its status
// does.
func TestConditionTimes(t *testing.T) {
	w := wanted("1.30")
	s := settled(t, w, empty())
	_, first := install.Next(fake(), w, s)
	s.State, s.Now = first, s.Now.Add(time.Hour)
	_, second := install.Next(fake(), w, s)
	if diff := cmp.Diff(times(first.Conditions), times(second.Conditions)); diff != "" || len(first.Conditions) == 0 {
		t.Errorf("conditions %v changed (-want +got):\n%s", first.Conditions, diff)
	}
}

func times(conditions []metav1.Condition) map[string]time.Time {
	out := map[string]time.Time{}
	for _, c := range conditions {
		out[c.Type] = c.LastTransitionTime.Time
	}
	return out
}
