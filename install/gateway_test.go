package install

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

var dawn = time.Date(2027, 1, 2, 6, 0, 0, 0, time.UTC)

// tinyPlanner is a provider whose gateways are one chart.
func tinyPlanner() *Planner {
	return &Planner{
		Catalog: Catalog{Default: "2.1", Skew: 1, Versions: []Version{{Version: "2.1.0"}, {Version: "2.0.3"}, {Version: "1.9.0"}}},
		Gateway: func(r GatewayRequest) Plan {
			if r.Gateway.Spec.Listeners != nil && r.Gateway.Spec.Listeners[0].Port == 15000 {
				return Plan{Issues: []ir.Issue{{Effect: ir.EffectRejected, Reason: "Invalid", Message: "port 15000 is taken"}}}
			}
			return Plan{Charts: []Chart{{
				Release: r.Gateway.Name, Namespace: r.Gateway.Namespace, Name: "gateway", Version: r.Version,
				Values: map[string]any{"revision": r.Revision, "replicas": r.Gateway.Spec.Replicas},
				Gates:  []Gate{{Kind: WorkloadReady, Resource: "Deployment", Namespace: r.Gateway.Namespace, Name: r.Gateway.Name}},
			}}}
		},
		Controller: func(r ControllerRequest) Plan {
			return Plan{Charts: []Chart{{Release: "controller", Namespace: r.Namespace, Name: "controller", Version: r.Version}}}
		},
		Found: func(c Cluster) []Installation {
			var out []Installation
			for _, w := range c.Workloads {
				if w.Name == "controlplane" {
					out = append(out, Installation{Namespace: w.Namespace, Revision: w.Labels["revision"], Version: w.Labels["version"]})
				}
			}
			return out
		},
	}
}

// gatewayScene is a cluster with one gateway, in which steps are done as Helm and a
// cluster would do them.
type gatewayScene struct {
	t      *testing.T
	wanted GatewayWanted
	found  GatewayFound
	ready  bool // whether workloads become ready
}

func newGatewayScene(t *testing.T) *gatewayScene {
	t.Helper()
	mesh := &v1alpha1.Mesh{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: v1alpha1.MeshSpec{Mode: v1alpha1.ModeManaged}}
	mesh.Status.Install = &v1alpha1.InstallState{Gateways: &v1alpha1.GatewayWave{Version: "2.0.3", Revision: "shop-2-0-3"}}
	gateway := &v1alpha1.IngressGateway{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "public", Generation: 1, Annotations: map[string]string{}}}
	return &gatewayScene{
		t: t,
		wanted: GatewayWanted{
			Namespace: "edge", Name: "public", Gateway: gateway, Home: "system", Mesh: mesh, Hosts: []Host{{mesh, "mesh-system"}},
			Controller: &v1alpha1.IngressController{ObjectMeta: metav1.ObjectMeta{Name: "gw"}, Spec: v1alpha1.IngressControllerSpec{Mode: v1alpha1.ModeManaged}},
		},
		found: GatewayFound{Observed: Observed{Now: dawn}},
		ready: true,
	}
}

// step decides, records, and does the step.
func (s *gatewayScene) step() Step {
	s.t.Helper()
	step, state := NextGateway(tinyPlanner(), s.wanted, s.found)
	s.found.State = state
	cluster := &s.found.Cluster
	switch step.Kind {
	case StepInstall, StepUpgrade:
		revision := 1
		var history []PastRevision
		if len(cluster.Releases) > 0 {
			before := cluster.Releases[0]
			revision, history = before.Revision+1, append([]PastRevision{{Revision: before.Revision, Deployed: true, Digest: before.Digest}}, before.History...)
		}
		cluster.Releases = []Release{{
			Namespace: step.Chart.Namespace, Name: step.Chart.Release, Chart: step.Chart.Name, ChartVersion: step.Chart.Version,
			Revision: revision, Status: Deployed, Ours: true, Owner: OwnerOf(OwnerLabel(GatewayOwner("edge", "public"))),
			Digest: Digest(*step.Chart), Updated: s.found.Now, History: history,
		}}
		cluster.Workloads = []Workload{{Kind: "Deployment", Namespace: "edge", Name: "public", RolledOut: s.ready}}
	case StepRollBack:
		cluster.Releases[0].Digest = cluster.Releases[0].History[0].Digest
		cluster.Releases[0].Revision++
		cluster.Workloads[0].RolledOut = true
	case StepUninstall:
		cluster.Releases, cluster.Workloads = nil, nil
	default:
		// The others change nothing that is seen of a gateway.
	}
	s.found.Now = s.found.Now.Add(time.Minute)
	return step
}

// until goes on until a step of one of the kinds, and returns it.
func (s *gatewayScene) until(kinds ...StepKind) Step {
	s.t.Helper()
	for range 20 {
		step := s.step()
		for _, kind := range kinds {
			if step.Kind == kind {
				return step
			}
		}
	}
	s.t.Fatalf("no %v came", kinds)
	return Step{}
}

// spoken returns the conditions as one line each.
func spoken(state *v1alpha1.InstallState) string {
	var out []string
	if state == nil {
		return "nothing"
	}
	for _, c := range state.Conditions {
		out = append(out, c.Type+"="+string(c.Status)+" "+c.Reason)
	}
	return strings.Join(out, ", ")
}

// TestGatewayLife goes from nothing through an upgrade with its mesh, another
// number of replicas, and an upgrade that fails, to nothing.
func TestGatewayLife(t *testing.T) {
	s := newGatewayScene(t)
	if step := s.step(); step.Kind != StepInstall || step.Chart.Version != "2.0.3" || step.Chart.Values["revision"] != "shop-2-0-3" {
		t.Fatalf("%s %v, want what the gateways' wave says", step.Kind, step.Chart)
	}
	s.until(StepDone)
	if got, want := spoken(s.found.State), "Installed=True Installed"; got != want {
		t.Errorf("installed: %s, want %s", got, want)
	}
	if s.found.State.Version != "2.0.3" || s.found.State.Revision != "shop-2-0-3" || s.found.State.ObservedGeneration != 1 {
		t.Errorf("recorded %+v", s.found.State)
	}

	s.wanted.Mesh.Status.Install.Gateways = &v1alpha1.GatewayWave{Version: "2.1.0", Revision: "shop-2-1-0"}
	if step := s.step(); step.Kind != StepUpgrade {
		t.Fatalf("%s: %s, want an upgrade in the gateways' wave", step.Kind, step.Message)
	}
	if got, want := spoken(s.found.State), "Installed=True Installed, Upgrading=True Upgrading, Reconciling=True Reconciling"; got != want {
		t.Errorf("in the upgrade: %s, want %s", got, want)
	}
	s.until(StepDone)

	three := int32(3)
	s.wanted.Gateway.Spec.Replicas, s.wanted.Gateway.Generation = &three, 2
	s.until(StepUpgrade)
	s.until(StepDone)

	s.ready = false
	s.wanted.Mesh.Status.Install.Gateways = &v1alpha1.GatewayWave{Version: "2.1.0", Revision: "broken"}
	s.until(StepUpgrade)
	if step := s.until(StepRollBack); step.Reason != v1alpha1.ReasonRolledBack {
		t.Errorf("%s: %s", step.Reason, step.Message)
	}
	s.until(StepRefuse)
	if got, want := spoken(s.found.State), "Installed=True Installed, Stalled=True RolledBack"; got != want {
		t.Errorf("rolled back: %s, want %s", got, want)
	}

	s.wanted.Gateway = nil
	s.until(StepUninstall)
	if step := s.step(); step.Kind != StepDone || len(s.found.Cluster.Releases) > 0 {
		t.Errorf("%s, and %d releases are left", step.Kind, len(s.found.Cluster.Releases))
	}
}

// TestGatewayRetry shows that an edit, or the annotation, has a failed
// installation tried again, once.
func TestGatewayRetry(t *testing.T) {
	s := newGatewayScene(t)
	s.ready = false
	s.until(StepUninstall)
	if step := s.step(); step.Kind != StepRefuse || step.Reason != v1alpha1.ReasonInstallFailed {
		t.Fatalf("%s %s, want a refusal", step.Kind, step.Reason)
	}
	s.ready = true
	s.wanted.Gateway.Annotations[v1alpha1.AnnotationRetry] = "now"
	if step := s.step(); step.Kind != StepInstall {
		t.Fatalf("%s: %s, want another attempt", step.Kind, step.Message)
	}
	s.until(StepDone)
	if s.found.State.Retried != "now" {
		t.Errorf("answered %q", s.found.State.Retried)
	}
}

// gatewayCases are the decisions about a gateway that nothing runs of yet.
var gatewayCases = []struct {
	name string
	edit func(*gatewayScene)
	want string // kind, then the version and revision of the chart, or the reason and a part of the message
	says string
}{
	{
		"mesh not installed yet", func(s *gatewayScene) { s.wanted.Mesh.Status.Install = nil },
		"Wait Pending waiting for Mesh shop", "Installed=False Pending, Reconciling=True Pending",
	},
	{
		"plain gateway beside a Managed mesh", func(s *gatewayScene) { s.wanted.Mesh = nil },
		"Install 2.0.3 shop-2-0-3", "",
	},
	{"two meshes, plain gateway in the namespace of one", func(s *gatewayScene) {
		other := s.wanted.Mesh.DeepCopy()
		other.Name, other.Status.Install.Gateways.Revision = "other", "other-1"
		s.wanted.Mesh, s.wanted.Home = nil, "other-system"
		s.wanted.Hosts = append(s.wanted.Hosts, Host{other, "other-system"})
	}, "Install 2.0.3 other-1", ""},
	{"Adopted mesh in a listed version", func(s *gatewayScene) { beAdopted(s, "2.0.3") }, "Install 2.0.3 r1", ""},
	{"Adopted mesh in another version of a listed minor", func(s *gatewayScene) { beAdopted(s, "2.0.9") }, "Install 2.0.3 r1", ""},
	{"Adopted mesh in a version that nobody lists", func(s *gatewayScene) { beAdopted(s, "3.4.5") }, "Refuse VersionUnknown version 3.4 cannot be installed", ""},
	{"Adopted mesh and a version of the controller", func(s *gatewayScene) {
		beAdopted(s, "3.4.5")
		s.wanted.Controller.Spec.Version = "2.1"
	}, "Install 2.1.0 r1", ""},
	{"no mesh at all", func(s *gatewayScene) { s.wanted.Mesh, s.wanted.Hosts = nil, nil }, "Install 2.1.0 ", ""},
	{"mesh of another make", func(s *gatewayScene) { s.wanted.Hosts = nil }, "Install 2.1.0 shop-2-0-3", ""},
	{
		"a plan with a refusal", func(s *gatewayScene) { s.wanted.Gateway.Spec.Listeners = []v1alpha1.Listener{{Port: 15000}} },
		"Refuse Invalid port 15000 is taken", "Installed=False Invalid, Stalled=True Invalid",
	},
	{
		"a Service of somebody else", func(s *gatewayScene) { s.found.Rivals = []string{"Service edge/public"} },
		"Refuse Conflicted Service edge/public is there already, and is not Meshloom's: remove it, or give", "",
	},
	{"a release of somebody else", func(s *gatewayScene) {
		s.found.Cluster.Releases = []Release{{Namespace: "edge", Name: "public", Chart: "x", Status: Deployed}}
	}, "Refuse Conflicted Helm release edge/public (chart x ) was not installed by Meshloom", ""},
	{"a release of somebody else, taken over", func(s *gatewayScene) {
		s.found.Cluster.Releases = []Release{{Namespace: "edge", Name: "public", Chart: "x", Status: Deployed}}
		s.found.Rivals = []string{"Service edge/public"}
		s.wanted.Gateway.Annotations[v1alpha1.AnnotationAdopt] = "edge"
	}, "Upgrade 2.0.3 shop-2-0-3", ""},
	{"Adopted controller", func(s *gatewayScene) { s.wanted.Controller.Spec.Mode = v1alpha1.ModeAdopted }, "Done", "nothing"},
	{"no controller", func(s *gatewayScene) { s.wanted.Controller = nil }, "Done", "nothing"},
	{"namespace that goes", func(s *gatewayScene) { s.found.Terminating = true }, "Done", "nothing"},
	{"controller that goes, but not under a gateway", func(s *gatewayScene) {
		s.wanted.Controller.DeletionTimestamp = &metav1.Time{Time: dawn}
	}, "Install 2.0.3 shop-2-0-3", ""},
	{"controller that goes with its gateways", func(s *gatewayScene) {
		s.wanted.Controller.DeletionTimestamp = &metav1.Time{Time: dawn}
		s.wanted.Controller.Annotations = map[string]string{v1alpha1.AnnotationUninstall: "crds, members"}
	}, "Done Deleting", "Installed=False Deleting"},
}

func beAdopted(s *gatewayScene, version string) {
	s.wanted.Mesh.Spec.Mode, s.wanted.Mesh.Status.Install = v1alpha1.ModeAdopted, nil
	s.found.Cluster.Workloads = []Workload{
		{Name: "controlplane", Namespace: "elsewhere", Labels: map[string]string{"revision": "no", "version": "1.9.0"}},
		{Name: "controlplane", Namespace: "mesh-system", Labels: map[string]string{"revision": "r1", "version": version}},
	}
}

// TestNextGateway decides about gateways in every setting.
func TestNextGateway(t *testing.T) {
	for _, c := range gatewayCases {
		t.Run(c.name, func(t *testing.T) {
			s := newGatewayScene(t)
			c.edit(s)
			step, state := NextGateway(tinyPlanner(), s.wanted, s.found)
			got := string(step.Kind) + " " + string(step.Reason) + " " + step.Message
			if step.Kind == StepInstall || step.Kind == StepUpgrade {
				got = string(step.Kind) + " " + step.Chart.Version + " " + step.Chart.Values["revision"].(string)
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.says != "" && spoken(state) != c.says {
				t.Errorf("says %q, want %q", spoken(state), c.says)
			}
		})
	}
}

// TestGatewayWithoutPlanner leaves alone what providers do not offer.
func TestGatewayWithoutPlanner(t *testing.T) {
	s := newGatewayScene(t)
	for _, p := range []*Planner{nil, {}} {
		if step, state := NextGateway(p, s.wanted, s.found); step.Kind != StepDone || state != nil {
			t.Errorf("%s, recorded %v", step.Kind, state)
		}
	}
}

// controllerCases are the decisions about an ingress controller.
var controllerCases = []struct {
	name string
	edit func(*ControllerWanted, *ControllerFound)
	want string
}{
	{"nothing there", func(*ControllerWanted, *ControllerFound) {}, "Install"},
	{"no namespace", func(_ *ControllerWanted, f *ControllerFound) { f.Home.Exists = false }, "EnsureNamespace"},
	{"unknown version", func(w *ControllerWanted, _ *ControllerFound) { w.Controller.Spec.Version = "7.7" }, "Refuse VersionUnknown"},
	{"too far", func(w *ControllerWanted, f *ControllerFound) {
		w.Controller.Spec.Version = "2.1"
		f.Cluster.Releases = []Release{controllerRelease("1.9.0")}
	}, "Refuse Skew"},
	{"next version", func(_ *ControllerWanted, f *ControllerFound) {
		f.Cluster.Releases = []Release{controllerRelease("2.0.3")}
	}, "Upgrade"},
	{"Adopted", func(w *ControllerWanted, _ *ControllerFound) { w.Controller.Spec.Mode = v1alpha1.ModeAdopted }, "Done"},
	{"goes under gateways", func(w *ControllerWanted, f *ControllerFound) {
		departing(w)
		w.Gateways = []string{"edge/public"}
	}, "Refuse MembersExist 1 IngressGateways name this controller (edge/public)"},
	{"goes with its gateways", func(w *ControllerWanted, f *ControllerFound) {
		departing(w)
		w.Controller.Annotations = map[string]string{v1alpha1.AnnotationUninstall: "members"}
		w.Gateways, f.Running = []string{"edge/public"}, []string{"edge/public"}
	}, "Wait Deleting waiting for the removal of gateways: edge/public"},
	{"goes after its gateways", func(w *ControllerWanted, f *ControllerFound) {
		departing(w)
		f.Cluster.Releases = []Release{controllerRelease("2.0.3")}
	}, "Uninstall Deleting"},
	{"is gone", func(w *ControllerWanted, _ *ControllerFound) { departing(w) }, "Release Deleting"},
}

func departing(w *ControllerWanted) { w.Controller.DeletionTimestamp = &metav1.Time{Time: dawn} }

func controllerRelease(version string) Release {
	return Release{Namespace: "system", Name: "controller", Chart: "controller", ChartVersion: version, Status: Deployed, Ours: true, Owner: "IngressController/gw"}
}

// TestNextController decides about ingress controllers in every setting.
func TestNextController(t *testing.T) {
	for _, c := range controllerCases {
		t.Run(c.name, func(t *testing.T) {
			w := ControllerWanted{
				Controller: &v1alpha1.IngressController{ObjectMeta: metav1.ObjectMeta{Name: "gw", Generation: 1}, Spec: v1alpha1.IngressControllerSpec{Mode: v1alpha1.ModeManaged}},
				Namespace:  "system",
			}
			f := ControllerFound{Observed: Observed{Now: dawn}, Home: NamespaceSeen{Exists: true}}
			c.edit(&w, &f)
			step, state := NextController(tinyPlanner(), w, f)
			if got := string(step.Kind) + " " + string(step.Reason) + " " + step.Message; !strings.HasPrefix(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if adopted := w.Controller.Spec.Mode == v1alpha1.ModeAdopted; adopted != (state == nil) {
				t.Errorf("recorded %v", state)
			}
		})
	}
}

// TestControllerWithoutWorkload says that a controller that is part of a mesh
// is installed as soon as it is asked for.
func TestControllerWithoutWorkload(t *testing.T) {
	p := tinyPlanner()
	p.Controller = nil
	w := ControllerWanted{Controller: &v1alpha1.IngressController{Spec: v1alpha1.IngressControllerSpec{Mode: v1alpha1.ModeManaged}}, Namespace: "system"}
	step, state := NextController(p, w, ControllerFound{Observed: Observed{Now: dawn}})
	if diff := cmp.Diff("Done Installed=True Installed", string(step.Kind)+" "+spoken(state)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
