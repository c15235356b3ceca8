package cli

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// door is the way to an API server that sees every request of meshctl.
type door struct {
	verbs

	mu     sync.Mutex
	writes []string
}

// newDoor opens a door to the API server of a configuration.
func newDoor(t *testing.T, cfg *rest.Config) *door {
	t.Helper()
	target, err := url.Parse(cfg.Host)
	if err != nil {
		t.Fatal(err)
	}
	if target.Host == "" {
		target, err = url.Parse("https://" + cfg.Host)
		if err != nil {
			t.Fatal(err)
		}
	}
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.note(r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	err = clientcmd.WriteToFile(api.Config{
		Clusters:       map[string]*api.Cluster{"c": {Server: server.URL}},
		Contexts:       map[string]*api.Context{"x": {Cluster: "c", Namespace: "default"}},
		CurrentContext: "x",
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	d.verbs = verbs{t, path}
	return d
}

// note takes note of a request that changes something: no dry run, and no
// question about rights, which is asked by POST.
func (d *door) note(r *http.Request) {
	asks := strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews")
	if r.Method == http.MethodGet || asks || slices.Equal(r.URL.Query()["dryRun"], []string{"All"}) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes = append(d.writes, r.Method+" "+r.URL.Path)
}

// dry runs a verb that must write nothing.
func (d *door) dry(code int, args ...string) (stdout, stderr string) {
	d.t.Helper()
	d.mu.Lock()
	d.writes = nil
	d.mu.Unlock()
	stdout, stderr = d.run(code, args...)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.writes) > 0 {
		d.t.Errorf("meshctl %s writes: %v", strings.Join(args, " "), d.writes)
	}
	return stdout, stderr
}
