package install_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// foreignMesh is a control plane of somebody else, installed by Helm or not.
func foreignMesh(namespace string, byHelm bool) func(*install.Seen) {
	return func(s *install.Seen) {
		s.Home.Exists = true
		s.Cluster.Workloads = append(s.Cluster.Workloads, install.Workload{Kind: "Deployment", Namespace: namespace, Name: "control-default", RolledOut: true})
		if byHelm {
			s.Cluster.Releases = append(s.Cluster.Releases,
				install.Release{Namespace: namespace, Name: "base", Chart: "base", ChartVersion: "1.30.0", AppVersion: "1.30.0", Revision: 1, Status: install.Deployed},
				install.Release{Namespace: namespace, Name: "control-default", Chart: "control", ChartVersion: "1.30.0", AppVersion: "1.30.0", Revision: 4, Status: install.Deployed})
		}
	}
}

// bringsGatewayAPI has the plan bring the bundle that it needs.
func bringsGatewayAPI(p *install.Planner) {
	p.Mesh = func(r install.MeshRequest) install.Plan {
		plan := fakePlan(r)
		bundle, issues := install.GatewayAPI(r.Cluster, install.Window{Min: "1.3"}, ir.Source{})
		if plan.Issues = issues; bundle != nil {
			plan.Charts = append([]install.Chart{*bundle}, plan.Charts...)
		}
		return plan
	}
}

func TestPreflight(t *testing.T) {
	rejects := func(p *install.Planner) {
		p.Mesh = func(r install.MeshRequest) install.Plan {
			plan := fakePlan(r)
			plan.Issues = []ir.Issue{
				{Effect: ir.EffectRejected, Reason: string(v1alpha1.ReasonInvalid), Message: "no such value", Source: ir.Source{Field: "spec.helm.values"}},
				{Effect: ir.EffectNote, Reason: string(v1alpha1.ReasonEmulated), Message: "worth knowing"},
			}
			return plan
		}
	}
	for name, c := range map[string]struct {
		planner func(*install.Planner)
		want    func(*install.Wanted)
		see     func(*install.Seen)
		finds   []string
	}{
		"a fit cluster": {},
		"an old Kubernetes": {see: func(s *install.Seen) { s.Cluster.Kubernetes = "1.31.4" }, finds: []string{
			"error PreflightFailed: version 1.30.0 needs Kubernetes 1.32 to 1.37 and this is 1.31.4: upgrade the cluster, or ask for an older spec.version",
		}},
		"a new Kubernetes": {see: func(s *install.Seen) { s.Cluster.Kubernetes = "1.38.0" }, finds: []string{
			"warning PreflightFailed: version 1.30.0 is made for Kubernetes 1.32 to 1.37 and this is 1.38.0: a newer spec.version may be made for it",
		}},
		"an old Gateway API": {see: func(s *install.Seen) { s.Cluster.GatewayAPI = "1.2.0" }, finds: []string{
			"warning PreflightFailed: version 1.30.0 is made for Gateway API 1.3 or newer and the cluster has 1.2.0, which Meshloom leaves alone: upgrade the bundle of Gateway API first",
		}},
		"an old Gateway API of ours": {planner: bringsGatewayAPI, see: func(s *install.Seen) {
			s.Cluster.GatewayAPI = "1.2.1"
			s.Cluster.Releases = []install.Release{{
				Namespace: install.GatewayAPINamespace, Name: install.GatewayAPIRelease, ChartVersion: "1.2.1", Revision: 1, Status: install.Deployed, Owner: "Mesh/other",
			}}
		}},
		"no Gateway API": {see: func(s *install.Seen) { s.Cluster.GatewayAPI = "" }},
		"end of life": {see: func(s *install.Seen) { s.Now = noon.AddDate(2, 0, 0) }, finds: []string{
			"warning PreflightFailed: version 1.30.0 has been out of support since 2027-12-31: upgrade towards 1.32.0",
		}},
		"an unknown version": {want: version("1.12"), finds: []string{
			"error VersionUnknown: version 1.12 cannot be installed; these can: 1.32.0, 1.31.0, 1.30.0, 1.29.0",
		}},
		"a namespace that goes": {see: func(s *install.Seen) { s.Home = install.NamespaceSeen{Exists: true, Terminating: true} }, finds: []string{
			"error PreflightFailed: namespace mesh-system is being deleted: wait until it is gone, or mend what keeps it (kubectl get namespace mesh-system -o yaml)",
		}},
		"a namespace in a mesh": {see: func(s *install.Seen) { s.Home = install.NamespaceSeen{Exists: true, Mesh: "other"} }, finds: []string{
			"error PreflightFailed: namespace mesh-system is a member of Mesh other, and a control plane is never a member: take it out of that mesh's spec.members",
		}},
		"CRDs of a release": {see: func(s *install.Seen) {
			s.Cluster.Owners = map[string]string{"things.fake.example": "their-system/base", "more.fake.example": "their-system/base", "other.example.com": "x/y"}
		}, finds: []string{
			"error PreflightFailed: CRDs more.fake.example, things.fake.example belong to Helm release their-system/base: remove that release but keep its CRDs, or take it over with `meshctl adopt`",
		}},
		"a webhook that calls nobody": {see: func(s *install.Seen) {
			s.Cluster.Webhooks = []install.Webhook{{Kind: "MutatingWebhookConfiguration", Name: "left", Services: []string{"gone/control"}, Missing: []string{"gone/control"}}}
		}, finds: []string{
			"warning PreflightFailed: MutatingWebhookConfiguration left calls Service gone/control, which is not there, so that what it looks at may be refused: delete it if nobody needs it (kubectl delete mutatingwebhookconfiguration left)",
		}},
		"a mesh of somebody else": {see: foreignMesh("their-system", true), finds: []string{
			"error AdoptionRequired: namespace their-system already has Istio 1.30.0 of somebody else (Deployment their-system/control-default): take it over with `meshctl adopt`, or remove it",
		}},
		"a neighbour in the same namespace": {want: func(w *install.Wanted) {
			w.Neighbours = []install.Neighbour{{Name: "bank", Namespace: "mesh-system", Default: true}}
		}, finds: []string{
			"error Conflicted: the control plane of Mesh bank runs in namespace mesh-system too: give this one another spec.controlPlaneNamespace",
		}},
		"a neighbour elsewhere": {want: func(w *install.Wanted) {
			w.Neighbours = []install.Neighbour{{Name: "bank", Namespace: "bank-system", Default: true}}
		}},
		"an Adopted neighbour": {want: func(w *install.Wanted) {
			w.Neighbours = []install.Neighbour{{Name: "bank", Namespace: "bank-system", Adopted: true}}
		}, finds: []string{
			"error Conflicted: Mesh bank is Adopted, so that nobody keeps its control plane out of the members of this one: make it Managed with `meshctl adopt`, or take its namespaces as members there",
		}},
		"a neighbour of a mesh without revisions": {
			planner: func(p *install.Planner) { p.Revisions = false },
			want: func(w *install.Wanted) {
				w.Neighbours = []install.Neighbour{{Name: "bank", Namespace: "bank-system"}}
			},
			finds: []string{"error Conflicted: a cluster can have one mesh of this kind, and Mesh bank is there: take the namespaces as members there"},
		},
		"values that are refused": {planner: rejects, finds: []string{
			"error Invalid: spec.helm.values: no such value",
			"warning Emulated: worth knowing",
		}},
		"an Adopted mesh": {want: func(w *install.Wanted) { w.Spec.Mode = v1alpha1.ModeAdopted }, see: foreignMesh("mesh-system", true)},
	} {
		t.Run(name, func(t *testing.T) {
			p, w, s := fake(), wanted("1.30"), empty()
			w.Spec.Provider = v1alpha1.MeshProviderIstio
			if c.planner != nil {
				c.planner(p)
			}
			if c.want != nil {
				c.want(&w)
			}
			if c.see != nil {
				c.see(&s)
			}
			var got []string
			failed := false
			for _, f := range install.Preflight(p, w, s) {
				got = append(got, string(f.Level)+" "+string(f.Reason)+": "+f.Message)
				failed = failed || f.Level == install.LevelError
			}
			if diff := cmp.Diff(c.finds, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if step, _ := install.Next(p, w, s); failed != (step.Kind == install.StepRefuse) {
				t.Errorf("Preflight says %v, and Next's step is %s: %s", got, step.Kind, step.Message)
			}
		})
	}
}

// TestPreflightOfWhatRuns shows that a cluster which became unfit does not stop
// a mesh that runs there, and that a plan names what will not be moved.
func TestPreflightOfWhatRuns(t *testing.T) {
	w := wanted("1.30")
	s := settled(t, w, empty(bookshop()...))
	s.Cluster.Kubernetes, s.Now = "1.20.0", s.Now.Add(time.Minute)
	for _, f := range install.Preflight(fake(), w, s) {
		if f.Level == install.LevelError {
			t.Errorf("what runs is put into question: %s", f.Message)
		}
	}
	if step, _ := install.Next(fake(), w, s); step.Kind == install.StepRefuse {
		t.Errorf("Next refuses: %s", step.Message)
	}
	s.Cluster.Kubernetes = "1.35.0"
	w.Spec.Version = "1.31"
	findings := install.Preflight(fake(), w, s)
	if len(findings) != 1 || findings[0].Reason != v1alpha1.ReasonWorkloadsImmovable || !strings.Contains(findings[0].Message, "Deployment cart/db") {
		t.Errorf("the plan says %v and does not name what it will not move", findings)
	}
}

func TestSkew(t *testing.T) {
	s := settled(t, wanted("1.30"), empty(namespace("shop", deployment("web"))))
	for version, want := range map[string]v1alpha1.ConditionReason{"1.32": v1alpha1.ReasonSkew, "1.29": ""} {
		step, state := install.Next(fake(), wanted(version), s)
		if got := step.Reason; step.Kind == install.StepRefuse != (want != "") || want != "" && got != want {
			t.Errorf("from 1.30 to %s: %s %s: %s", version, step.Kind, got, step.Message)
		}
		if step.Kind == install.StepRefuse && condition(state, v1alpha1.ConditionInstalled) != "True" {
			t.Errorf("a refused upgrade says that nothing is installed: %v", state.Conditions)
		}
	}
}

// TestSkewOfProxies shows that a control plane is not replaced under proxies
// that would be too old for it.
func TestSkewOfProxies(t *testing.T) {
	w := wanted("1.30", inPlace, manual)
	s := settled(t, w, empty(namespace("shop", deployment("web"))))
	for i := range s.Members[0].Workloads[0].Pods {
		s.Members[0].Workloads[0].Pods[i].Proxy = &install.Proxy{Revision: "shop", Version: "1.30.0"}
	}
	w.Spec.Version = "1.31"
	s = settled(t, w, s)
	w.Spec.Version = "1.32"
	step, _ := install.Next(fake(), w, s)
	if step.Kind != install.StepRefuse || step.Reason != v1alpha1.ReasonSkew {
		t.Errorf("1.32 takes over under proxies of 1.30: %s %s", step.Kind, step.Message)
	}
}

func condition(state v1alpha1.InstallState, kind v1alpha1.ConditionType) string {
	for _, c := range state.Conditions {
		if c.Type == string(kind) {
			return string(c.Status)
		}
	}
	return ""
}
