// Package selfinstall installs Meshloom itself: its embedded chart, by the
// engine that installs meshes, so that helm's own commands know the release.
// It recognises an installation that another tool keeps, and leaves it alone.
package selfinstall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
)

// owner is what the release says that it was installed for.
const owner = "Meshloom/meshloom"

// Work is the chart of this binary, to be installed with values. The version is
// that of the image, too; where it is empty the chart's own is meant.
func Work(version string, values map[string]any) (helm.Work, error) {
	c, err := chart.Of(chart.Wanted{Version: version, Values: values})
	if err != nil {
		return helm.Work{}, err
	}
	return helm.Work{Chart: c, Charts: chart.FS, Owner: owner}, nil
}

// Oldest is the oldest minor version of Kubernetes that the chart takes, as
// "1.32".
func Oldest() (string, error) {
	data, err := fs.ReadFile(chart.FS, "Chart.yaml")
	if err != nil {
		return "", fmt.Errorf("read the chart of Meshloom: %w", err)
	}
	var meta struct {
		KubeVersion string `json:"kubeVersion"`
	}
	if err := sigsyaml.Unmarshal(data, &meta); err != nil {
		return "", fmt.Errorf("read the chart of Meshloom: %w", err)
	}
	parts := strings.SplitN(strings.TrimLeft(meta.KubeVersion, ">= "), ".", 3)
	if len(parts) < 2 {
		return "", fmt.Errorf("read the chart of Meshloom: kubeVersion is %q", meta.KubeVersion)
	}
	return parts[0] + "." + parts[1], nil
}

// Objects returns what the chart makes, its namespace first, in the order in
// which it is installed, on every version of Kubernetes that the chart takes.
// Nothing is asked of a cluster.
func Objects(ctx context.Context, w helm.Work) ([]*unstructured.Unstructured, error) {
	oldest, err := Oldest()
	if err != nil {
		return nil, err
	}
	text, err := helm.New(helm.Options{}).Render(ctx, helm.Rendering{Work: w, Kubernetes: oldest})
	if err != nil {
		return nil, err
	}
	objects, err := parse(text)
	if err != nil {
		return nil, err
	}
	return append([]*unstructured.Unstructured{Namespace()}, objects...), nil
}

// Namespace is that of Meshloom. Its pods need no more than the strictest level
// of pod security.
func Namespace() *unstructured.Unstructured {
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
	ns.SetName(chart.Namespace)
	ns.SetLabels(map[string]string{
		"app.kubernetes.io/part-of":          "meshloom",
		"pod-security.kubernetes.io/enforce": "restricted",
	})
	return ns
}

// Made says whether a namespace is as Namespace makes it: one that somebody
// prepared by other means is not ours to delete.
func Made(ns client.Object) bool {
	return ns.GetName() == chart.Namespace && ns.GetLabels()["app.kubernetes.io/part-of"] == "meshloom" &&
		slices.ContainsFunc(ns.GetManagedFields(), func(f metav1.ManagedFieldsEntry) bool { return f.Manager == manager })
}

// Managers are the field managers of what Meshloom's processes leave in its
// namespace: their leases.
func Managers() []string { return []string{"operator"} }

// parse reads the documents of a manifest.
func parse(text string) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	var out []*unstructured.Unstructured
	for {
		var content map[string]any
		err := decoder.Decode(&content)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what the chart renders: %w", err)
		}
		if len(content) > 0 {
			out = append(out, &unstructured.Unstructured{Object: content})
		}
	}
}

// Definitions are the CRDs among objects.
func Definitions(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, obj := range objects {
		if obj.GetKind() == "CustomResourceDefinition" {
			out = append(out, obj)
		}
	}
	return out
}
