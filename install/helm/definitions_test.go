package helm_test

import (
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
)

// TestDefinitionsStay installs a chart with a CRD in its folder for them and one
// in a template, which Helm alone would remove with the chart.
func TestDefinitionsStay(t *testing.T) {
	r := newRig(t)
	client, err := dynamic.NewForConfig(r.config)
	r.must(err)
	crds := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	work := helm.Work{Owner: "Mesh/shop", Charts: charts(), Chart: install.Chart{
		Release: "base", Namespace: r.namespace, Name: "base", Version: "1.31.0", Path: "base", Shared: true,
		Source: install.Source{Kind: install.Embedded},
	}}
	names := []string{"folders.test.meshloom.io", "templates.test.meshloom.io"}
	r.must(r.engine.Install(t.Context(), work))
	for _, name := range names {
		gate := install.Gate{Kind: install.DefinitionServed, Name: name}
		awaitGate(t, r.engine, gate)
	}
	removal := helm.Removal{Namespace: r.namespace, Name: "base"}
	r.must(r.engine.Uninstall(t.Context(), removal))
	for _, name := range names {
		if _, err := crds.Get(t.Context(), name, metav1.GetOptions{}); err != nil {
			t.Errorf("after the removal: %v", err)
		}
	}
	// What stayed is no obstacle to an installation.
	r.must(r.engine.Install(t.Context(), work))
	r.expect(1, install.Deployed, install.Digest(work.Chart))
	removal.Definitions = true
	r.must(r.engine.Uninstall(t.Context(), removal))
	for _, name := range names {
		if crd, err := crds.Get(t.Context(), name, metav1.GetOptions{}); err == nil && crd.GetDeletionTimestamp() == nil || err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("after the removal with CRDs, %s is still there: %v", name, err)
		}
	}
	if rel := r.release(); rel != nil {
		t.Errorf("after the removal with CRDs there is %+v", rel)
	}
	r.must(r.engine.Uninstall(t.Context(), removal))
}

// TestRemovalOfDefinitionsGoesOn lets the process die after the release's
// objects went and before its CRDs do.
func TestRemovalOfDefinitionsGoesOn(t *testing.T) {
	r := newRig(t)
	work := helm.Work{Owner: "Mesh/shop", Charts: charts(), Chart: install.Chart{
		Release: "base", Namespace: r.namespace, Name: "other", Version: "1.0.0", Path: "other",
		Source: install.Source{Kind: install.Path, Location: "testdata/charts/other"},
	}}
	r.must(r.engine.Install(t.Context(), work))
	removal := helm.Removal{Namespace: r.namespace, Name: "base", Definitions: true}
	dying := r.failing(func(req *http.Request) bool {
		return req.Method == http.MethodDelete && strings.Contains(req.URL.Path, "customresourcedefinitions")
	})
	if err := dying.Uninstall(t.Context(), removal); err == nil {
		t.Fatal("the removal was not cut off")
	}
	r.expect(1, install.Uninstalling, install.Digest(work.Chart))
	r.must(r.engine.Uninstall(t.Context(), removal))
	if rel := r.release(); rel != nil {
		t.Errorf("after the removal there is %+v", rel)
	}
	client, err := dynamic.NewForConfig(r.config)
	r.must(err)
	crds := client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	if crd, err := crds.Get(t.Context(), "others.test.meshloom.io", metav1.GetOptions{}); err == nil && crd.GetDeletionTimestamp() == nil {
		t.Error("the CRD is still there")
	}
}
