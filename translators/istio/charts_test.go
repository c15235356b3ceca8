package istio_test

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
	"github.com/meshloom/meshloom/translators/istio"
)

// planCase is a golden file's input: the request of one plan.
type planCase struct {
	Mesh    *install.MeshRequest
	Gateway *install.GatewayRequest
}

// planFiles returns the inputs of the golden files of plans, by name.
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
		var in planCase
		if err := yaml.UnmarshalStrict(data, &in); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		planner := istio.Provider().Charts
		name := strings.TrimSuffix(filepath.Base(file), ".in.yaml")
		switch {
		case in.Mesh != nil:
			plans[name] = planner.Mesh(*in.Mesh)
		case in.Gateway != nil:
			plans[name] = planner.Gateway(*in.Gateway)
		default:
			t.Fatalf("%s asks for nothing", file)
		}
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
	if diff := cmp.Diff(catalog, istio.Provider().Charts.Catalog); diff != "" {
		t.Errorf("catalog of the provider (-file +provider):\n%s", diff)
	}
	version, err := catalog.Resolve("")
	if err != nil || !version.Embedded {
		t.Errorf("default is %s, %v: an installation without a network needs the embedded one", version.Version, err)
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
