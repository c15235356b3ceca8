package install_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// next is the next step for a mesh, as "Kind Reason: message".
func next(w install.Wanted, s install.Seen) string {
	step, _ := install.Next(fake(), w, s)
	return strings.TrimSuffix(string(step.Kind)+" "+string(step.Reason)+": "+step.Message, " : ")
}

// moving is a mesh of two workloads in the middle of a move to 1.31: its
// control plane is in place, and the namespace is marked.
func moving(t *testing.T, workloads ...install.MemberWorkload) (install.Wanted, install.Seen) {
	t.Helper()
	w := wanted("1.30")
	s := settled(t, w, empty(namespace("shop", workloads...)))
	w.Spec.Version, w.Generation = "1.31", 2
	for range 100 {
		step, state := install.Next(fake(), w, s)
		if step.Kind == install.StepRestart {
			return w, s
		}
		s = install.Simulate(w, s, step, state)
	}
	t.Fatal("no wave begins")
	return w, s
}

func TestWaveStops(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*install.Seen)
		want string
	}{
		"all is well":   {func(*install.Seen) {}, "Restart Upgrading: restarting Deployment shop/api"},
		"not marked":    {func(s *install.Seen) { s.Members[0].Marked = false }, "Wait Upgrading: waiting until new pods of namespace shop belong to shop-1-31-0"},
		"just touched":  {func(s *install.Seen) { s.State.WaveSince.Time = s.Now.Add(-3 * time.Second) }, "Wait Upgrading: watching what was touched last"},
		"just in place": {func(s *install.Seen) { s.State.Wave.Since.Time = s.Now.Add(-9 * time.Second) }, "Wait Upgrading: watching shop-1-31-0 before members move to it"},
		"one is restarting": {func(s *install.Seen) {
			w := &s.Members[0].Workloads[1]
			w.Restarted, w.RolledOut = s.Now.Add(-5*time.Second), false
		}, "Wait Upgrading: waiting for Deployment shop/web to roll out and settle; if that takes long, see its pods"},
		"one does not roll out of its own": {func(s *install.Seen) {
			w := &s.Members[0].Workloads[0]
			w.Restarted, w.RolledOut = time.Time{}, false
		}, "Wait Upgrading: Deployment shop/api is not rolled out, so nothing in its namespace is restarted: mend it (kubectl -n shop get pods), or scale it to 0"},
		"a budget is spent": {func(s *install.Seen) {
			s.Members[0].Workloads[0].Disruptions, s.Members[0].Workloads[1].Disruptions = 0, 0
		}, "Wait Upgrading: a PodDisruptionBudget of Deployment shop/api lets no pod go now: the wave goes on when it does"},
		"one budget is spent": {func(s *install.Seen) { s.Members[0].Workloads[0].Disruptions = 0 }, "Restart Upgrading: restarting Deployment shop/web"},
		"the control plane is not as it was": {func(s *install.Seen) {
			for i := range s.Cluster.Workloads {
				s.Cluster.Workloads[i].RolledOut = false
			}
		}, "Wait Reconciling: mesh-system/control-shop-1-31-0 is not as it was: Deployment mesh-system/control-shop-1-31-0: 1 of 1 replicas are ready; see kubectl -n mesh-system get pods"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := moving(t, deployment("api"), deployment("web"))
			c.edit(&s)
			if diff := cmp.Diff(c.want, next(w, s)); diff != "" {
				t.Errorf("the next step (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRetire shows that a control plane stays as long as anybody may belong to
// it.
func TestRetire(t *testing.T) {
	stray := func(revision string) func(*install.Seen) {
		return func(s *install.Seen) {
			s.Strays = []install.PodSeen{{Name: "job", Proxy: &install.Proxy{Revision: revision}}}
		}
	}
	for name, c := range map[string]struct {
		edit  func(*install.Seen)
		stays bool
	}{
		"nobody":                  {func(*install.Seen) {}, false},
		"a stray of the new one":  {stray("shop-1-31-0"), false},
		"a stray of it":           {stray("shop-1-30-0"), true},
		"a stray of nobody knows": {stray(""), true},
		"a pod on its way out": {func(s *install.Seen) {
			w := &s.Members[0].Workloads[0]
			w.Pods = append(w.Pods, install.PodSeen{Name: "old", Leaving: true, Proxy: &install.Proxy{Revision: "shop-1-30-0"}})
		}, true},
		"a namespace without its marks": {func(s *install.Seen) { s.Members[0].Marked = false }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := moving(t, deployment("web"))
			removed := false
			for range 200 {
				c.edit(&s)
				step, state := install.Next(fake(), w, s)
				removed = removed || step.Kind == install.StepUninstall
				if s = install.Simulate(w, s, step, state); ends(step) {
					break
				}
			}
			if removed == c.stays {
				t.Errorf("the former control plane was removed: %v", removed)
			}
		})
	}
}

// TestGatewaysWaitForTheirWave shows that a control plane stays for gateways that
// are still to run by it, though no pod of them is there yet.
func TestGatewaysWaitForTheirWave(t *testing.T) {
	w, s := moving(t, deployment("web"))
	manual(&w)
	for range 50 {
		step, state := install.Next(fake(), w, s)
		if step.Kind == install.StepUninstall {
			t.Fatal("the control plane of the gateways goes before their wave")
		}
		if state.Gateways.Revision != "shop-1-30-0" {
			t.Fatalf("the gateways' wave came before the members have moved: %v", state.Gateways)
		}
		s = install.Simulate(w, s, step, state)
	}
	for i := range s.Members[0].Workloads[0].Pods {
		s.Members[0].Workloads[0].Pods[i].Proxy = &install.Proxy{Revision: "shop-1-31-0", Version: "1.31.0"}
	}
	if _, state := install.Next(fake(), w, s); state.Gateways.Revision != "shop-1-31-0" {
		t.Errorf("the gateways' wave did not come: %v", state.Gateways)
	}
}

func TestTrust(t *testing.T) {
	due := func(kind install.StepKind) install.Step {
		return install.Step{Kind: kind, Reason: v1alpha1.ReasonConflicted, Message: "trust", After: time.Hour}
	}
	fresh := empty()
	fresh.Home.Exists = true
	runs := settled(t, wanted("1.30"), empty())
	runs.Trust.Issued = &install.Authority{}
	for name, c := range map[string]struct {
		s    install.Seen
		due  install.StepKind
		want string
	}{
		"a root is made first":           {fresh, install.StepKeepTrust, "KeepTrust Conflicted: trust"},
		"no installation without a root": {fresh, install.StepRefuse, "Refuse Conflicted: trust"},
		"a rotation comes in its turn":   {runs, install.StepWriteTrust, "WriteTrust Conflicted: trust"},
		"what runs goes on":              {runs, install.StepDone, "Done Installed: version 1.30.0 runs as shop-1-30-0"},
		"what runs is stalled":           {runs, install.StepRefuse, "Refuse Conflicted: trust"},
	} {
		t.Run(name, func(t *testing.T) {
			c.s.Trust.Due = due(c.due)
			if diff := cmp.Diff(c.want, next(wanted("1.30"), c.s)); diff != "" {
				t.Errorf("the next step (-want +got):\n%s", diff)
			}
		})
	}
	runs.Trust.Due = due(install.StepRefuse)
	if got := next(wanted("1.31"), runs); !strings.HasPrefix(got, "Upgrade ") {
		t.Errorf("trouble with a rotation keeps an upgrade from going on: %s", got)
	}
}

// TestStateLost shows that a mesh whose status was lost is known by its
// releases, and left as it is.
func TestStateLost(t *testing.T) {
	w := wanted("1.30")
	s := settled(t, w, empty(namespace("shop", deployment("web"))))
	s.State = v1alpha1.InstallState{}
	for range 20 {
		step, state := install.Next(fake(), w, s)
		switch step.Kind {
		case install.StepDone, install.StepWait:
		default:
			t.Fatalf("%s: %s", step.Kind, step.Message)
		}
		if s = install.Simulate(w, s, step, state); step.Kind == install.StepDone {
			return
		}
	}
	t.Error("it does not come to rest")
}

// TestRevisionNames shows what control planes are called.
func TestRevisionNames(t *testing.T) {
	long := strings.Repeat("very-long-", 9) + "name"
	for name, c := range map[string]struct {
		w    install.Wanted
		want string
	}{
		"Canary":    {wanted("1.30"), "shop-1-30-0"},
		"InPlace":   {wanted("1.30", inPlace), "shop"},
		"long name": {wanted("1.30", func(w *install.Wanted) { w.Name = long }), "very-long-very-long-very-long-v-1eb22979"},
	} {
		s := settled(t, c.w, empty())
		if got := s.State.Revision; got != c.want || len(got) > 40 {
			t.Errorf("%s: the control plane is called %q, not %q", name, got, c.want)
		}
	}
}

// TestChangedByHand shows that what somebody did by hand is neither undone nor
// spread, until somebody asks for it.
func TestChangedByHand(t *testing.T) {
	w, s := moving(t, deployment("web"))
	for i := range s.Cluster.Releases {
		if rel := &s.Cluster.Releases[i]; rel.Name == "control-shop-1-31-0" {
			rel.Ours, rel.Digest, rel.Revision = false, "", 2
		}
	}
	w.Generation = s.State.ObservedGeneration
	step, state := install.Next(fake(), w, s)
	if step.Kind != install.StepRefuse || step.Reason != v1alpha1.ReasonChangedByHand || condition(state, v1alpha1.ConditionInstalled) != "True" {
		t.Errorf("a change by hand is answered by %s %s, %v", step.Kind, step.Reason, state.Conditions)
	}
	annotated(v1alpha1.AnnotationRetry, "please")(&w)
	if step, state = install.Next(fake(), w, s); step.Kind != install.StepUpgrade || state.Retried != "please" {
		t.Errorf("a retry is answered by %s, and %q recorded", step.Kind, state.Retried)
	}
}

// TestNamespaceGoesToo shows which namespaces go with their mesh.
func TestNamespaceGoesToo(t *testing.T) {
	for name, c := range map[string]struct {
		home install.NamespaceSeen
		edit func(*install.Wanted)
		want string
	}{
		"made by Meshloom": {install.NamespaceSeen{Exists: true, Ours: true}, nil, "mesh-system"},
		"there before":     {install.NamespaceSeen{Exists: true}, nil, ""},
		"used by others":   {install.NamespaceSeen{Exists: true, Ours: true, Others: []string{"Secret theirs"}}, nil, ""},
		"another mesh's too": {install.NamespaceSeen{Exists: true, Ours: true}, func(w *install.Wanted) {
			w.Neighbours = []install.Neighbour{{Name: "bank", Namespace: "mesh-system"}}
		}, ""},
	} {
		s, w := empty(), wanted("1.30")
		s.Home, w.Deleting = c.home, true
		if c.edit != nil {
			c.edit(&w)
		}
		step, _ := install.Next(fake(), w, s)
		if step.Kind != install.StepRelease || step.Namespace != c.want {
			t.Errorf("a namespace %s: %s %q, %s", name, step.Kind, step.Namespace, step.Message)
		}
	}
}

// TestMendsFirst shows that what an abandoned move left behind is restarted
// before anything else, and that nothing else is until it runs.
func TestMendsFirst(t *testing.T) {
	w, s := moving(t, deployment("web"))
	fallen := deployment("api")
	fallen.Namespace, fallen.RolledOut, fallen.Restarted = "zoo", false, s.State.Wave.Since.Add(-time.Minute)
	fallen.Pods[0].Ready, fallen.Pods[0].Proxy = false, &install.Proxy{Revision: "given-up", Version: "1.32.0"}
	s.Members = append(s.Members, install.Member{
		Name: "zoo", Revision: s.State.Revision, Marked: true, Workloads: []install.MemberWorkload{fallen},
	})
	if got, want := next(w, s), "Restart Upgrading: restarting Deployment zoo/api"; got != want {
		t.Errorf("the next step is %q, not %q", got, want)
	}
	s.Members[1].Marked = false
	if got, want := next(w, s), "Wait Upgrading: waiting until new pods of namespace zoo belong to shop-1-31-0"; got != want {
		t.Errorf("the next step is %q, not %q", got, want)
	}
	s.Members[1].Marked, w.Spec.Upgrade.MaxUnavailable = true, 2
	step, state := install.Next(fake(), w, s)
	s = install.Simulate(w, s, step, state)
	s.Members[1].Workloads[0].RolledOut, s.Now = false, s.Now.Add(time.Minute)
	if got, want := next(w, s), "Restart Upgrading: restarting Deployment shop/web"; got != want {
		t.Errorf("beside one that is being mended the next step is %q, not %q", got, want)
	}
}

// TestTroubleAfterAnUpgrade shows that an application which breaks long after
// an upgrade takes nobody back, though others still join.
func TestTroubleAfterAnUpgrade(t *testing.T) {
	w := wanted("1.30", inPlace)
	s := settled(t, w, empty(namespace("shop", deployment("web"))))
	w.Spec.Version, w.Generation = "1.31", 2
	s = settled(t, w, s)
	web := &s.Members[0].Workloads[0]
	web.RolledOut, web.Pods[0].Ready, web.Pods[1].Ready = false, false, false
	s.Members = append(s.Members, namespace("zoo", deployment("new")))
	for range 5 {
		step, state := install.Next(fake(), w, s)
		if state.Abandoned != nil || step.Kind == install.StepUpgrade {
			t.Fatalf("%s %s: %v", step.Kind, step.Message, state.Abandoned)
		}
		s = install.Simulate(w, s, step, state)
	}
}
