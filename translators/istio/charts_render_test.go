package istio_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/istio"
)

// loaded reads an embedded chart.
func loaded(t *testing.T, path string) *chartv2.Chart {
	t.Helper()
	folder, err := fs.Sub(istio.Provider().Charts.Charts, path)
	if err != nil {
		t.Fatal(err)
	}
	var files []*archive.BufferedFile
	if err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		files = append(files, &archive.BufferedFile{Name: name, Data: data})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	chart, err := loader.LoadFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// rendered renders a planned chart as Helm does.
func rendered(t *testing.T, c install.Chart, values map[string]any) (string, error) {
	t.Helper()
	in := action.NewInstall(&action.Configuration{Capabilities: common.DefaultCapabilities})
	in.ReleaseName, in.Namespace = c.Release, c.Namespace
	in.DryRunStrategy, in.KubeVersion = action.DryRunClient, &common.KubeVersion{Version: "v1.36.0", Major: "1", Minor: "36"}
	made, err := in.RunWithContext(t.Context(), loaded(t, c.Path), values)
	if err != nil {
		return "", err
	}
	return made.(*releasev1.Release).Manifest, nil
}

// objects are those of a manifest, by kind, namespace and name.
func objects(t *testing.T, manifest string) map[string]*unstructured.Unstructured {
	t.Helper()
	out := map[string]*unstructured.Unstructured{}
	for decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096); ; {
		obj := &unstructured.Unstructured{}
		if err := decoder.Decode(obj); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if len(obj.Object) > 0 {
			out[strings.Trim(obj.GetKind()+"/"+obj.GetNamespace()+"/"+obj.GetName(), "/")] = obj
		}
	}
}

// embeddedCharts are the charts of all golden files that come with the binary
// and have nothing wrong with them, by the file and the release.
func embeddedCharts(t *testing.T) map[string]install.Chart {
	t.Helper()
	charts := map[string]install.Chart{}
	for name, plan := range planFiles(t) {
		for _, c := range plan.Charts {
			if c.Source.Kind == install.Embedded && len(plan.Issues) == 0 {
				charts[name+" "+c.Release] = c
			}
		}
	}
	return charts
}

// TestPlansRender holds that the charts make what the gates wait for, at the
// version of the plan, with images of the release.
func TestPlansRender(t *testing.T) {
	for name, c := range embeddedCharts(t) {
		t.Run(name, func(t *testing.T) {
			manifest, err := rendered(t, c, c.Values)
			if err != nil {
				t.Fatal(err)
			}
			made := objects(t, manifest)
			for _, gate := range c.Gates {
				key := strings.TrimSuffix(gate.Resource+"/"+gate.Namespace, "/") + "/" + gate.Name
				if gate.Namespace == "" {
					key = gate.Resource + "//" + gate.Name
				}
				if made[key] == nil {
					t.Errorf("nothing makes %s, which the gate %s waits for", key, gate.Kind)
				}
			}
			if chart := loaded(t, c.Path); chart.Metadata.Version != c.Version || chart.Metadata.AppVersion != c.Version || chart.Metadata.Name != c.Name {
				t.Errorf("chart is %s %s of %s, planned is %s %s", chart.Metadata.Name, chart.Metadata.Version, chart.Metadata.AppVersion, c.Name, c.Version)
			}
			if strings.Contains(manifest, "registry.istio.io/testing") || strings.Contains(manifest, "1.0.0\"") {
				t.Error("the manifest names an image or a version that was never released")
			}
		})
	}
}

// TestEveryValueCounts changes one value of ours after the other: what the chart
// makes must change too, or the chart does not know the value. What users set
// may be read by the injector alone.
func TestEveryValueCounts(t *testing.T) {
	known := map[string]bool{}
	for name, c := range embeddedCharts(t) {
		if strings.HasPrefix(name, "values-of-the-user") {
			continue
		}
		var untried [][]string
		for _, path := range leaves(c.Values, nil) {
			// A DaemonSet reads other values than a Deployment.
			key := strings.Join(append([]string{c.Name, fmt.Sprint(c.Values["kind"])}, path...), "/")
			if !known[key] {
				untried = append(untried, path)
			}
			known[key] = true
		}
		if len(untried) > 0 {
			t.Run(name, func(t *testing.T) { everyValueCounts(t, c, untried) })
		}
	}
}

func everyValueCounts(t *testing.T, c install.Chart, paths [][]string) {
	t.Helper()
	before, err := rendered(t, c, install.MergeValues(c.Values, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		values := install.MergeValues(c.Values, nil)
		change(values, path)
		if after, err := rendered(t, c, values); err == nil && effective(after) == effective(before) {
			t.Errorf("value %s has no effect", strings.Join(path, "."))
		}
	}
}

// effective is a manifest without the objects in which istiod keeps all of its
// values, whatever they are.
func effective(manifest string) string {
	documents := strings.Split(manifest, "\n---\n")
	return strings.Join(slices.DeleteFunc(documents, func(d string) bool {
		return strings.Contains(d, "\nkind: ConfigMap\n") && (strings.Contains(d, "\n  name: values") || strings.Contains(d, "\n  name: istio-sidecar-injector"))
	}), "\n---\n")
}

// leaves are the paths to all values that are no maps.
func leaves(values map[string]any, at []string) [][]string {
	var out [][]string
	for key, value := range values {
		path := append(append([]string(nil), at...), key)
		if below, ok := value.(map[string]any); ok {
			out = append(out, leaves(below, path)...)
			continue
		}
		out = append(out, path)
	}
	return out
}

// change gives the value at a path another one of its type.
func change(values map[string]any, path []string) {
	if len(path) > 1 {
		change(values[path[0]].(map[string]any), path[1:])
		return
	}
	switch value := values[path[0]].(type) {
	case string:
		values[path[0]] = "0" + value
	case int64:
		values[path[0]] = value + 1
	case float64:
		values[path[0]] = value + 1
	case bool:
		values[path[0]] = !value
	case []any:
		values[path[0]] = value[1:]
	}
}
