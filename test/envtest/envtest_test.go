package envtest_test

import (
	"os"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"

	"github.com/meshloom/meshloom/test/envtest"
)

func TestMain(m *testing.M) { os.Exit(envtest.Main(m, "testdata")) }

func TestConfigServesTheCRDs(t *testing.T) {
	client, err := dynamic.NewForConfig(envtest.Config(t))
	if err != nil {
		t.Fatal(err)
	}
	knots := client.Resource(schema.GroupVersionResource{Group: "test.meshloom.io", Version: "v1", Resource: "knots"})
	knot := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "test.meshloom.io/v1",
		"kind":       "Knot",
		"metadata":   map[string]any{"name": "one"},
		"spec":       map[string]any{"loops": int64(2)},
	}}
	if _, err := knots.Namespace("default").Create(t.Context(), knot, metav1.CreateOptions{}); err != nil {
		t.Errorf("create a valid object: %v", err)
	}
	knot.SetName("two")
	knot.Object["spec"] = map[string]any{"loops": int64(0)}
	if _, err := knots.Namespace("default").Create(t.Context(), knot, metav1.CreateOptions{}); err == nil {
		t.Error("an object that the schema forbids was accepted")
	}
}

func TestConfigIsOneServer(t *testing.T) {
	first, second := envtest.Config(t), envtest.Config(t)
	if first.Host != second.Host {
		t.Errorf("hosts %s and %s: want one server", first.Host, second.Host)
	}
	if first == second {
		t.Error("callers share one configuration: a change of one is seen by the other")
	}
	version, err := discovery.NewDiscoveryClientForConfigOrDie(first).ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Major != "1" || version.GitVersion == "" {
		t.Errorf("server version %s: the build is not stamped", version)
	}
}
