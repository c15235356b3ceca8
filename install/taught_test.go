package install_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// alone is a planner of a mesh that has one control plane in a cluster, whose
// charts carry the roots.
func alone() *install.Planner {
	p := fake()
	p.Revisions = false
	p.Catalog.Versions[1].App = "edge-31"
	p.Mesh = func(r install.MeshRequest) install.Plan {
		plan := fakePlan(r)
		plan.Charts[1].Values["roots"] = r.Roots
		return plan
	}
	return p
}

// rooted has the authority in force say what is trusted.
func rooted(s install.Seen, roots string) install.Seen {
	s.Trust.Issued, s.Trust.Noted = &install.Authority{Roots: []byte(roots)}, "sum of "+roots
	return s
}

// lived goes on until nothing is left to do.
func lived(t *testing.T, p *install.Planner, w install.Wanted, s install.Seen) install.Seen {
	t.Helper()
	for range 200 {
		step, state := install.Next(p, w, s)
		s = install.Simulate(w, s, step, state)
		if step.Kind == install.StepDone {
			return s
		}
	}
	t.Fatalf("it does not come to rest: %+v", s.State.Conditions)
	return s
}

// TestRootsAreTaughtByRestarts brings another root to a control plane and to
// proxies that learn it with their pods alone: first the charts, then every
// workload once, and until then somebody is named who does not trust it.
func TestRootsAreTaughtByRestarts(t *testing.T) {
	p, w := alone(), wanted("1.30")
	s := lived(t, p, w, rooted(empty(namespace("shop", deployment("web"), deployment("api"))), "one"))
	if got := s.State.Revision; got != w.Namespace {
		t.Errorf("the only control plane is called %q, want the name of its namespace", got)
	}
	if who := install.Untaught(p, w, s); who != "" {
		t.Fatalf("%s does not trust the first root", who)
	}
	s = rooted(s, "one two")
	if who := install.Untaught(p, w, s); who != "the control plane" {
		t.Errorf("%q is untaught before the charts have the roots", who)
	}
	var order []string
	for range 200 {
		step, state := install.Next(p, w, s)
		s = install.Simulate(w, s, step, state)
		if step.Kind == install.StepDone {
			break
		}
		if step.Kind != install.StepWait {
			order = append(order, string(step.Kind))
		}
		if who := install.Untaught(p, w, s); len(order) < 3 && who == "" || len(order) > 0 && len(order) < 3 && !strings.HasPrefix(who, "pod ") {
			t.Errorf("%q is untaught after %q", who, order)
		}
	}
	if diff := cmp.Diff([]string{"Upgrade", "Restart", "Restart"}, order); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if who := install.Untaught(p, w, s); who != "" {
		t.Errorf("%s does not trust what it was restarted for", who)
	}
}

// TestRootsFollowNoRefusal shows that nobody is restarted for roots that the
// control plane could not be given.
func TestRootsFollowNoRefusal(t *testing.T) {
	p, w := alone(), wanted("1.30")
	s := lived(t, p, w, rooted(empty(namespace("shop", deployment("web"))), "one"))
	s = rooted(s, "two")
	for i := range s.Cluster.Releases {
		if rel := &s.Cluster.Releases[i]; strings.HasPrefix(rel.Name, "control-") {
			rel.Ours, rel.Digest = false, ""
		}
	}
	step, _ := install.Next(p, w, s)
	if step.Kind != install.StepRefuse {
		t.Errorf("a control plane that somebody changed by hand is answered by %s %s", step.Kind, step.Message)
	}
	if who := install.Untaught(p, w, s); who != "the control plane" {
		t.Errorf("%q is untaught", who)
	}
}

// TestStraysAreTaughtToo names a pod that nobody restarts.
func TestStraysAreTaughtToo(t *testing.T) {
	p, w := alone(), wanted("1.30")
	s := lived(t, p, w, rooted(empty(), "one"))
	s.Strays = []install.PodSeen{{Name: "alone", Proxy: &install.Proxy{Revision: "mesh-system"}}}
	if who := install.Untaught(p, w, s); who != "pod alone" {
		t.Errorf("%q is untaught, want the pod that notes no roots", who)
	}
	s.Trust.Stage = &v1alpha1.TrustState{Stage: v1alpha1.TrustIntroducing}
	if step, _ := install.Next(p, w, s); !strings.Contains(step.Message, "waits until pod alone trusts it") {
		t.Errorf("nobody is told whom the rotation waits for: %s", step.Message)
	}
	s.Trust.Noted = ""
	if who := install.Untaught(p, w, s); who != "" {
		t.Errorf("%q is untaught, where nobody notes anything", who)
	}
}

// TestCalled shows by which version a product's own name for it is counted.
func TestCalled(t *testing.T) {
	for app, want := range map[string]string{"edge-31": "1.31.0", "v1.30.0": "1.30.0", "1.29.0": "1.29.0", "edge-1": "edge-1"} {
		if got := alone().Catalog.Called(app); got != want {
			t.Errorf("%s is called %s, want %s", app, got, want)
		}
	}
	if !slices.ContainsFunc(alone().Catalog.Versions, func(v install.Version) bool { return v.App != "" }) {
		t.Error("no version has another name")
	}
}
