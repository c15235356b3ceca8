package chart_test

import (
	"errors"
	"io"
	"maps"
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

	"github.com/meshloom/meshloom/install/chart"
)

// load returns the embedded chart.
func load(t *testing.T) *chartv2.Chart {
	t.Helper()
	files, err := chart.Files()
	if err != nil {
		t.Fatal(err)
	}
	var buffered []*archive.BufferedFile
	for _, name := range slices.Sorted(maps.Keys(files)) {
		buffered = append(buffered, &archive.BufferedFile{Name: name, Data: files[name]})
	}
	loaded, err := loader.LoadFiles(buffered)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// helm renders the embedded chart.
func helm(t *testing.T, values map[string]any) (string, error) {
	t.Helper()
	return template(t, load(t), values)
}

// template renders a chart as `helm template` does.
func template(t *testing.T, from *chartv2.Chart, values map[string]any) (string, error) {
	t.Helper()
	install := action.NewInstall(&action.Configuration{Capabilities: common.DefaultCapabilities})
	install.ReleaseName, install.Namespace = chart.Release, chart.Namespace
	install.DryRunStrategy, install.KubeVersion = action.DryRunClient, &common.KubeVersion{Version: "v1.37.0", Major: "1", Minor: "37"}
	rendered, err := install.RunWithContext(t.Context(), from, values)
	if err != nil {
		return "", err
	}
	return rendered.(*releasev1.Release).Manifest, nil
}

// objects are those of a manifest, by kind and name.
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
		if len(obj.Object) == 0 {
			continue
		}
		key := obj.GetKind() + " " + obj.GetName()
		if out[key] != nil {
			t.Errorf("%s is rendered twice", key)
		}
		out[key] = obj
	}
}

func render(t *testing.T, values map[string]any) map[string]*unstructured.Unstructured {
	t.Helper()
	manifest, err := helm(t, values)
	if err != nil {
		t.Fatal(err)
	}
	return objects(t, manifest)
}
