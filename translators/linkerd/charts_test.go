package linkerd_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/linkerd"
)

// planFiles returns the plans that the golden files' inputs ask for, by name.
func planFiles(t *testing.T) map[string]install.Plan {
	t.Helper()
	files, err := filepath.Glob("testdata/charts/*.in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans to test: %v", err)
	}
	plans := map[string]install.Plan{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var in struct{ Mesh install.MeshRequest }
		if err := yaml.UnmarshalStrict(data, &in); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		plans[strings.TrimSuffix(filepath.Base(file), ".in.yaml")] = linkerd.Provider().Charts.Mesh(in.Mesh)
	}
	return plans
}

func TestPlans(t *testing.T) {
	update := flag.Lookup("update").Value.String() == "true"
	for name, plan := range planFiles(t) {
		t.Run(name, func(t *testing.T) {
			out := struct {
				Charts []install.Chart `json:"charts,omitempty"`
				Issues []ir.Issue      `json:"issues,omitempty"`
			}{plan.Charts, plan.Issues}
			got, err := yaml.Marshal(out)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(got, []byte("PRIVATE KEY")) {
				t.Error("the plan shows a key")
			}
			file := filepath.Join("testdata/charts", name+".out.yaml")
			if update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; run the test with -update to write it, and read it", err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("plan (-want +got):\n%s", cmp.Diff(string(want), string(got)))
			}
		})
	}
}

func TestCatalog(t *testing.T) {
	data, err := os.ReadFile("versions.yaml")
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := install.ParseCatalog(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(catalog, linkerd.Provider().Charts.Catalog); diff != "" {
		t.Errorf("catalog of the provider (-file +provider):\n%s", diff)
	}
	for _, v := range catalog.Versions {
		if v.App == "" || v.Charts["linkerd-crds"] == "" || v.Charts["linkerd-control-plane"] == "" {
			t.Errorf("version %s names no edge, or no chart of it", v.Version)
		}
		if edge := strings.TrimPrefix(v.App, "edge-"); v.Charts["linkerd-control-plane"] != "20"+edge {
			t.Errorf("chart %s is not that of %s", v.Charts["linkerd-control-plane"], v.App)
		}
	}
}

// TestOneControlPlane holds that a cluster has one, which is upgraded where it
// stands and by one minor version at a time, forwards or back.
func TestOneControlPlane(t *testing.T) {
	planner := linkerd.Provider().Charts
	if planner.Revisions {
		t.Error("two control planes of Linkerd cannot run side by side")
	}
	for _, step := range []struct {
		from, to string
		ok       bool
	}{
		{"2.18.0", "2.19.0", true},
		{"2.19.0", "2.20.0", true},
		{"2.20.0", "2.19.0", true},
		{"2.18.0", "2.20.0", false},
		{"2.20.0", "2.18.0", false},
		{"2.17.0", "2.19.0", false},
	} {
		if err := planner.Catalog.Step(step.from, step.to); (err == nil) != step.ok {
			t.Errorf("from %s to %s: %v", step.from, step.to, err)
		}
	}
}

// TestPlansAreOfTheirOwn holds that who changes the values of a plan changes no
// other plan.
func TestPlansAreOfTheirOwn(t *testing.T) {
	before, after := planFiles(t), planFiles(t)
	for name, plan := range planFiles(t) {
		for _, chart := range plan.Charts {
			spoil(chart.Values)
		}
		if diff := cmp.Diff(before[name].Charts, after[name].Charts); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func spoil(values map[string]any) {
	for key, value := range values {
		if below, ok := value.(map[string]any); ok {
			spoil(below)
		}
		values[key] = "spoilt"
	}
}
