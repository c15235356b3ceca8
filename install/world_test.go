package install_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// noon is when every story begins.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const definition = "things.fake.example"

// fake plans a mesh of two charts: definitions that all meshes share, and one
// control plane for each revision.
func fake() *install.Planner {
	window := install.Window{Min: "1.32", Max: "1.37"}
	version := func(v string) install.Version {
		return install.Version{Version: v, Kubernetes: window, GatewayAPI: install.Window{Min: "1.3"}, EndOfLife: "2027-12-31"}
	}
	return &install.Planner{
		Catalog: install.Catalog{
			Default: "1.31", Skew: 1,
			Versions: []install.Version{version("1.32.0"), version("1.31.0"), version("1.30.0"), version("1.29.0")},
		},
		Revisions: true,
		Mesh:      fakePlan,
		Found:     fakeFound,
	}
}

func fakePlan(r install.MeshRequest) install.Plan {
	speaks := ""
	if r.Default {
		speaks = r.Revision
	}
	values := map[string]any{"revision": r.Revision}
	if r.Spec.Helm != nil && r.Spec.Helm.Values != nil {
		values["user"] = string(r.Spec.Helm.Values.Raw)
	}
	return install.Plan{Charts: []install.Chart{
		{
			Release: "base", Namespace: r.Namespace, Name: "base", Version: r.Version, Shared: true,
			Values: map[string]any{"default": speaks},
			Gates:  []install.Gate{{Kind: install.DefinitionServed, Name: definition}},
		},
		{
			Release: "control-" + r.Revision, Namespace: r.Namespace, Name: "control", Version: r.Version, Values: values,
			Gates: []install.Gate{{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: r.Namespace, Name: "control-" + r.Revision}},
		},
	}}
}

// fakeFound finds control planes by the names of Deployments.
func fakeFound(c install.Cluster) []install.Installation {
	var out []install.Installation
	for _, w := range c.Workloads {
		revision, is := strings.CutPrefix(w.Name, "control-")
		if !is {
			continue
		}
		found := install.Installation{Namespace: w.Namespace, Revision: revision, Evidence: "Deployment " + w.Namespace + "/" + w.Name}
		for _, rel := range c.Releases {
			if rel.Namespace == w.Namespace && rel.Name == w.Name {
				found.Version, found.Releases = rel.AppVersion, []string{rel.Name, "base"}
			}
		}
		out = append(out, found)
	}
	return out
}

// wanted asks for a mesh, with restarts by Meshloom.
func wanted(version string, edit ...func(*install.Wanted)) install.Wanted {
	w := install.Wanted{
		Name: "shop", Generation: 1, Namespace: "mesh-system", Annotations: map[string]string{},
		Spec: v1alpha1.MeshSpec{
			Mode: v1alpha1.ModeManaged, Version: version,
			Upgrade: &v1alpha1.Upgrade{Restarts: v1alpha1.RestartAutomatic},
		},
	}
	for _, e := range edit {
		e(&w)
	}
	return w
}

func inPlace(w *install.Wanted) { w.Spec.Upgrade.Strategy = v1alpha1.UpgradeInPlace }
func manual(w *install.Wanted)  { w.Spec.Upgrade.Restarts = v1alpha1.RestartManual }

func annotated(key, value string) func(*install.Wanted) {
	return func(w *install.Wanted) {
		w.Annotations = maps.Clone(w.Annotations)
		w.Annotations[key] = value
	}
}

// empty is a cluster without a mesh.
func empty(members ...install.Member) install.Seen {
	return install.Seen{
		Now:     noon,
		Cluster: install.Cluster{Kubernetes: "1.35.1", GatewayAPI: "1.5.0"},
		Members: members,
	}
}

// namespace is a member with workloads.
func namespace(name string, workloads ...install.MemberWorkload) install.Member {
	for i := range workloads {
		workloads[i].Namespace = name
	}
	return install.Member{Name: name, Workloads: workloads}
}

// deployment is a movable workload without proxies.
func deployment(name string, edit ...func(*install.MemberWorkload)) install.MemberWorkload {
	w := install.MemberWorkload{
		Kind: "Deployment", Name: name, Replicas: 2, Surge: 1, Readiness: true, Drain: 10 * time.Second,
		Disruptions: -1, RolledOut: true, Restartable: true,
	}
	for _, e := range edit {
		e(&w)
	}
	for i := range w.Replicas {
		w.Pods = append(w.Pods, install.PodSeen{Name: fmt.Sprintf("%s-%d", name, i), Created: noon.Add(-time.Hour), Ready: true})
	}
	return w
}

func undrained(w *install.MemberWorkload) { w.Drain = 0 }

// settled returns what is seen after the mesh has become as wanted.
func settled(t *testing.T, w install.Wanted, s install.Seen) install.Seen {
	t.Helper()
	p := fake()
	for range 1000 {
		step, state := install.Next(p, w, s)
		s = install.Simulate(w, s, step, state)
		if ends(step) {
			s.Now = s.Now.Add(time.Hour)
			return s
		}
	}
	t.Fatal("the mesh does not settle")
	return s
}

func ends(step install.Step) bool {
	return step.Kind == install.StepDone || step.Kind == install.StepRefuse || step.Kind == install.StepRelease ||
		step.Kind == install.StepWait && step.After == 0
}

// proxies lists which proxies the workloads of the members have.
func proxies(s install.Seen) []string {
	var out []string
	for _, m := range s.Members {
		for _, w := range m.Workloads {
			kinds := map[string]bool{}
			for _, p := range w.Pods {
				switch {
				case p.Leaving:
				case p.Proxy == nil:
					kinds["none"] = true
				default:
					kinds[p.Proxy.Revision+"@"+p.Proxy.Version] = true
				}
			}
			out = append(out, w.Key()+" "+strings.Join(slices.Sorted(maps.Keys(kinds)), ","))
		}
	}
	return out
}

// releases lists what is installed.
func releases(s install.Seen) []string {
	var out []string
	for _, rel := range s.Cluster.Releases {
		out = append(out, fmt.Sprintf("%s/%s %s %s", rel.Namespace, rel.Name, rel.ChartVersion, rel.Status))
	}
	slices.Sort(out)
	return out
}
