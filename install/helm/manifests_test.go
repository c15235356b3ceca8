package helm_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/test/binaries"
)

// gatewayAPI serves the standard channel of the module's version of Gateway API
// as one file, as the project publishes it.
func gatewayAPI(t *testing.T) string {
	t.Helper()
	dir, err := binaries.ModuleDir(t.Context(), "", "sigs.k8s.io/gateway-api")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "config/crd/standard/*.yaml"))
	if err != nil || len(paths) < 5 {
		t.Fatalf("find Gateway API in its module: %d files, %v", len(paths), err)
	}
	var all bytes.Buffer
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("kind: Kustomization")) {
			continue
		}
		all.WriteString("---\n")
		all.Write(data)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(all.Bytes()) }))
	t.Cleanup(server.Close)
	return server.URL + "/standard-install.yaml"
}

// TestDefinitionsOfGatewayAPI installs the real bundle as a release of its own
// and removes the release: the definitions stay, for whoever uses them.
func TestDefinitionsOfGatewayAPI(t *testing.T) {
	r := newRig(t)
	chart := install.Chart{
		Release: install.GatewayAPIRelease, Namespace: r.namespace, Name: install.GatewayAPIRelease, Version: "1.6.1",
		Source: install.Source{Kind: install.Manifests, Location: gatewayAPI(t)}, Shared: true,
	}
	work := helm.Work{Chart: chart, Owner: "Mesh/shop"}
	r.must(r.engine.Install(t.Context(), work))
	crds := clientset.NewForConfigOrDie(r.config).ApiextensionsV1().CustomResourceDefinitions()
	get := func() *apiextensionsv1.CustomResourceDefinition {
		crd, err := crds.Get(t.Context(), "httproutes.gateway.networking.k8s.io", metav1.GetOptions{})
		r.must(err)
		return crd
	}
	if got := get().Annotations["gateway.networking.k8s.io/channel"]; got != "standard" {
		t.Errorf("the definition is of the channel %q", got)
	}
	r.must(r.engine.Upgrade(t.Context(), work))
	r.must(r.engine.Uninstall(t.Context(), helm.Removal{Namespace: r.namespace, Name: chart.Release}))
	if crd := get(); crd.DeletionTimestamp != nil {
		t.Error("the definitions go with the release")
	}
}

func TestManifestsThatAreNone(t *testing.T) {
	for name, text := range map[string]string{
		"there are no manifests in it": "", "manifest 1 has no kind": "a: b\n", "decode manifest 1": "{",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
		t.Cleanup(server.Close)
		_, err := render(t, helm.New(helm.Options{}), from(install.Manifests, server.URL, "1.0.0"))
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v, want %q", text, err, name)
		}
	}
}
