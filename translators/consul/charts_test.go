package consul

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// TestPlans holds the plans for the requests of testdata/charts to golden files.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/charts/*.in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans to test: %v", err)
	}
	update := flag.Lookup("update").Value.String() == "true"
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".in.yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var in struct{ Mesh install.MeshRequest }
			if err := yaml.UnmarshalStrict(data, &in); err != nil {
				t.Fatal(err)
			}
			plan := planMesh(in.Mesh)
			got, err := yaml.Marshal(struct {
				Charts []install.Chart `json:"charts,omitempty"`
				Issues []ir.Issue      `json:"issues,omitempty"`
			}{plan.Charts, plan.Issues})
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".in.yaml") + ".out.yaml"
			if update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
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
	c, err := install.ParseCatalog(versions)
	if err != nil {
		t.Fatal(err)
	}
	if exact, err := c.Resolve("1.9"); err != nil || exact.Version != "1.9.11" {
		t.Errorf("1.9 is %q, %v; want 1.9.11", exact.Version, err)
	}
	for _, v := range c.Versions {
		if v.Kubernetes.Max == "" || v.GatewayAPI.Max == "" || v.App == "" {
			t.Errorf("%s lacks a window or its server's version", v.Version)
		}
	}
}

// TestSteps holds that 2.0 is the next minor release after 1.9, both ways, and
// that versions are counted over it.
func TestSteps(t *testing.T) {
	for _, step := range []struct{ from, to, want string }{
		{"1.9.7", "2.0.3", ""},
		{"2.0.3", "1.9.11", ""},
		{"1.8.3", "2.0.3", "go to 1.9.11 first"},
		{"2.0.3", "1.8.3", "at most, to 1.9.11"},
		{"1.9.11", "2.1.0", "go to 2.0.3 first"},
	} {
		err := catalog().Step(step.from, step.to)
		if step.want == "" && err != nil || step.want != "" && (err == nil || !strings.Contains(err.Error(), step.want)) {
			t.Errorf("from %s to %s: %v, want %q", step.from, step.to, err, step.want)
		}
	}
}

func TestProxyOf(t *testing.T) {
	for name, c := range map[string]struct {
		container, image string
		version          string
		has              bool
	}{
		"injected":               {"consul-dataplane", "hashicorp/consul-dataplane:2.0.3", "2.0.3", true},
		"of one of two services": {"consul-dataplane-web", "registry:5000/consul-dataplane:2.0.3@sha256:0", "2.0.3", true},
		"of an image by digest":  {"consul-dataplane", "registry:5000/consul-dataplane@sha256:0", "", true},
		"not injected":           {"web", "hashicorp/consul-dataplane:2.0.3", "", false},
	} {
		proxy, has := proxyOf(install.Pod{Containers: []install.Container{{Name: c.container, Image: c.image}}})
		if proxy.Version != c.version || has != c.has {
			t.Errorf("%s: %+v, %t; want version %q, %t", name, proxy, has, c.version, c.has)
		}
		if got := proxied(ir.Workload{Containers: []string{c.container}}); got != c.has {
			t.Errorf("%s: proxied %t, want %t", name, got, c.has)
		}
	}
}

func TestObserve(t *testing.T) {
	injector := translators.Running{
		Name: "consul-connect-injector", PodLabels: map[string]string{"app": "consul", "component": "connect-injector"},
		Images: []string{"hashicorp/consul-k8s-control-plane:1.9.11"}, Ready: true,
	}
	other := translators.Running{Name: "web", PodLabels: map[string]string{"app": "web", "component": "server"}, Ready: true}
	if seen := observe(true, []translators.Running{other}); seen != nil {
		t.Errorf("something else is taken for Consul: %+v", seen)
	}
	if seen := observe(false, []translators.Running{injector}); seen != nil {
		t.Errorf("Consul is taken for an ingress: %+v", seen)
	}
	seen := observe(true, []translators.Running{other, injector})
	if seen == nil || seen.Env.Version != "1.9.11" || !seen.Ready {
		t.Errorf("seen %+v, want 1.9.11, ready", seen)
	}
	injector.Ready = false
	if seen := observe(true, []translators.Running{injector}); seen == nil || seen.Ready {
		t.Errorf("seen %+v, want it not ready", seen)
	}
}

func TestInstallations(t *testing.T) {
	cluster := install.Cluster{
		Releases: []install.Release{{Namespace: "mesh", Name: "c", Chart: "consul", ChartVersion: "2.0.3"}, {Namespace: "other", Name: "c", Chart: "consul"}},
		Workloads: []install.Workload{
			{Kind: "Deployment", Namespace: "mesh", Name: "c-connect-injector", PodLabels: map[string]string{"app": "consul", "component": "connect-injector"}},
			{Kind: "StatefulSet", Namespace: "mesh", Name: "c-server", PodLabels: map[string]string{"app": "consul", "component": "server"}},
		},
		Webhooks: []install.Webhook{{Kind: "MutatingWebhookConfiguration", Name: "c-connect-injector", Services: []string{"mesh/c-connect-injector"}}},
	}
	want := []install.Installation{{
		Namespace: "mesh", Revision: "mesh", Version: "2.0.3", Releases: []string{"c"},
		Evidence: "Deployment mesh/c-connect-injector, Helm release c, MutatingWebhookConfiguration c-connect-injector",
	}}
	if diff := cmp.Diff(want, installations(cluster)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if names := definitions(); !slices.Contains(names, "meshes.consul.hashicorp.com") || !slices.Contains(names, "servicedefaults.consul.hashicorp.com") {
		t.Errorf("the definitions are %v", names)
	}
}
