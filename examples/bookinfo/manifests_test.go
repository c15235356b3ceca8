// Package bookinfo_test checks that the example's manifests are whole: every
// document is of a known kind, and what they refer to is there.
package bookinfo_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// load decodes every document of the folder, strictly: an unknown or repeated
// field is an error.
func load(t *testing.T) []runtime.Object {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	decoder := serializer.NewCodecFactory(s, serializer.EnableStrict).UniversalDeserializer()
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var objects []runtime.Object
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			document, err := documents.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			object, _, err := decoder.Decode(document, nil, nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			objects = append(objects, object)
		}
	}
	return objects
}

func TestManifestsAreWhole(t *testing.T) {
	kinds := map[string]int{}
	for _, o := range load(t) {
		kinds[o.GetObjectKind().GroupVersionKind().Kind]++
	}
	want := map[string]int{
		"Namespace": 2, "ServiceAccount": 5, "Service": 5, "Deployment": 7, "Role": 1, "RoleBinding": 1,
		"Mesh": 1, "IngressController": 1, "IngressGateway": 1, "GatewayRoute": 1,
		"TrafficSplit": 1, "TrafficPolicy": 1, "AccessPolicy": 1,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func TestServicesSelectPods(t *testing.T) {
	objects := load(t)
	var pods []labels.Set
	for _, o := range objects {
		if d, ok := o.(*appsv1.Deployment); ok {
			pods = append(pods, d.Spec.Template.Labels)
			selector := labels.SelectorFromSet(d.Spec.Selector.MatchLabels)
			if !selector.Matches(labels.Set(d.Spec.Template.Labels)) {
				t.Errorf("deployment %s does not select its pods", d.Name)
			}
		}
	}
	for _, o := range objects {
		switch o := o.(type) {
		case *corev1.Service:
			if !matchesAny(o.Spec.Selector, pods) {
				t.Errorf("service %s selects no pod", o.Name)
			}
		case *v1alpha1.TrafficSplit:
			for _, b := range backends(o) {
				if !matchesAny(b.Subset.Labels, pods) {
					t.Errorf("split %s: subset %v has no pod", o.Name, b.Subset.Labels)
				}
			}
		}
	}
}

// TestWorkloadsCanBeMoved holds Deployments to what a restart without loss
// takes: a new pod that is ready before an old one goes, which goes on serving
// for a while.
func TestWorkloadsCanBeMoved(t *testing.T) {
	for _, o := range load(t) {
		d, ok := o.(*appsv1.Deployment)
		if !ok || d.Namespace != "bookinfo" {
			continue
		}
		if d.Spec.Strategy.Type != "" || d.Spec.Strategy.RollingUpdate != nil {
			t.Errorf("deployment %s does not surge as Kubernetes does by default", d.Name)
		}
		for _, c := range d.Spec.Template.Spec.Containers {
			if c.ReadinessProbe == nil {
				t.Errorf("container %s of %s has no readiness probe", c.Name, d.Name)
			}
			if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Sleep == nil {
				t.Errorf("container %s of %s does not wait before it stops", c.Name, d.Name)
			}
		}
	}
}

func backends(s *v1alpha1.TrafficSplit) []v1alpha1.SplitBackendRef {
	all := s.Spec.BackendRefs
	for _, r := range s.Spec.Rules {
		all = append(all, r.BackendRefs...)
	}
	return all
}

func matchesAny(selector map[string]string, pods []labels.Set) bool {
	for _, p := range pods {
		if labels.SelectorFromSet(selector).Matches(p) {
			return true
		}
	}
	return false
}
