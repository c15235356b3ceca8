package chart_test

import (
	"io/fs"
	"reflect"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1/crds"
	"github.com/meshloom/meshloom/install/chart"
)

// values makes a tree of values of one leaf.
func values(value any, path ...string) map[string]any {
	for i := len(path) - 1; i > 0; i-- {
		value = map[string]any{path[i]: value}
	}
	return map[string]any{path[0]: value}
}

func TestBothDeploymentsAreRendered(t *testing.T) {
	all := render(t, nil)
	for _, name := range []string{chart.Operator, chart.Installer} {
		if all["Deployment "+name] == nil {
			t.Errorf("there is no Deployment %s", name)
		}
	}
	if got := render(t, values(false, "installer", "enabled")); got["Deployment "+chart.Installer] != nil || got["ServiceAccount "+chart.Installer] != nil {
		t.Error("without an installer, something of it is left")
	}
}

func TestTheChartCarriesTheUnifiedAPI(t *testing.T) {
	files, err := fs.Glob(crds.FS, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := render(t, nil)
	for _, file := range files {
		text, err := crds.FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := yaml.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		name := want["metadata"].(map[string]any)["name"].(string)
		got := all["CustomResourceDefinition "+name]
		if got == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		if policy := got.GetAnnotations()["helm.sh/resource-policy"]; policy != "keep" {
			t.Errorf("%s: resource policy %q: its objects would go with the release", name, policy)
		}
		raw, err := yaml.Marshal(got.Object["spec"])
		if err != nil {
			t.Fatal(err)
		}
		var spec any
		if err := yaml.Unmarshal(raw, &spec); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want["spec"], spec) {
			t.Errorf("%s is not what apis/v1alpha1 says: run make generate", name)
		}
	}
	for name, obj := range render(t, values(false, "crds", "install")) {
		if obj.GetKind() == "CustomResourceDefinition" {
			t.Errorf("%s is rendered though nobody wants definitions", name)
		}
	}
}
