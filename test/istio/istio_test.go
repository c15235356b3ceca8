package istio

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/loader"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// render returns the objects of a release by "Kind/name", without a cluster.
func render(t *testing.T, r release) map[string]string {
	t.Helper()
	i, err := New(t.Context(), Cluster{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := loader.Load(filepath.Join(i.charts, r.chart))
	if err != nil {
		t.Fatal(err)
	}
	in := action.NewInstall(action.NewConfiguration())
	in.ReleaseName, in.Namespace, in.DryRunStrategy = r.name, r.namespace, action.DryRunClient
	done, err := in.RunWithContext(t.Context(), c, r.values)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]string{}
	for text := range strings.SplitSeq(done.(*releasev1.Release).Manifest, "\n---\n") {
		var head struct {
			Kind     string
			Metadata struct{ Name string }
		}
		if err := yaml.Unmarshal([]byte(text), &head); err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		objects[head.Kind+"/"+head.Metadata.Name] = text
	}
	return objects
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestControlPlaneServesAPlainEnvoy(t *testing.T) {
	objects := render(t, release{name: "istiod", namespace: Namespace, chart: "istio-control/istio-discovery", values: plainEnvoy()})
	pod := decode[appsv1.Deployment](t, objects["Deployment/istiod"]).Spec.Template.Spec
	env := map[string]string{}
	for _, e := range pod.Containers[0].Env {
		env[e.Name] = e.Value
	}
	for _, name := range []string{"PILOT_ENABLE_METADATA_EXCHANGE", "PILOT_ENABLE_ALPN_FILTER"} {
		if env[name] != "false" {
			t.Errorf("%s is %q", name, env[name])
		}
	}
	if got := pod.Containers[0].Image; got != "docker.io/local/pilot:1.31.0" {
		t.Errorf("image %s", got)
	}
	for key := range objects {
		if strings.HasPrefix(key, "EnvoyFilter/") || strings.HasPrefix(key, "HorizontalPodAutoscaler/") {
			t.Errorf("%s was rendered", key)
		}
	}
	injection := decode[corev1.ConfigMap](t, objects["ConfigMap/istio-sidecar-injector"]).Data["values"]
	for _, want := range []string{`"hub": "docker.io/local"`, `"cpu": "5m"`} {
		if !strings.Contains(injection, want) {
			t.Errorf("values of the injection lack %s", want)
		}
	}
}

func TestBaseValidatesUnlabelledObjects(t *testing.T) {
	objects := render(t, release{name: "istio-base", namespace: Namespace, chart: "base", values: map[string]any{"defaultRevision": "default"}})
	for _, key := range []string{"ValidatingWebhookConfiguration/istiod-default-validator", "CustomResourceDefinition/virtualservices.networking.istio.io"} {
		if objects[key] == "" {
			t.Errorf("%s was not rendered", key)
		}
	}
}

func TestGatewayIsSelectedByItsName(t *testing.T) {
	g := Gateway{Name: "public", Namespace: "edge", ServiceAccount: "door", Labels: map[string]string{"team": "edge"}}
	objects := render(t, release{name: g.Name, namespace: g.Namespace, chart: "gateway", values: g.values()})
	template := decode[appsv1.Deployment](t, objects["Deployment/public"]).Spec.Template
	for k, want := range map[string]string{"istio": "public", "app": "public", "team": "edge", "sidecar.istio.io/inject": "true"} {
		if got := template.Labels[k]; got != want {
			t.Errorf("label %s is %q, want %q", k, got, want)
		}
	}
	if got := template.Spec.ServiceAccountName; got != "door" {
		t.Errorf("service account %q", got)
	}
	if got := template.Spec.Containers[0].ImagePullPolicy; got != corev1.PullIfNotPresent {
		t.Errorf("pull policy %s", got)
	}
	if got := decode[corev1.Service](t, objects["Service/public"]).Spec.Type; got != corev1.ServiceTypeLoadBalancer {
		t.Errorf("service type %s", got)
	}
}

func TestMergeLeavesItsArgumentsAlone(t *testing.T) {
	base := map[string]any{"a": map[string]any{"b": 1, "c": 2}, "d": 3}
	over := map[string]any{"a": map[string]any{"c": 4}, "d": map[string]any{"e": 5}}
	want := map[string]any{"a": map[string]any{"b": 1, "c": 4}, "d": map[string]any{"e": 5}}
	if diff := cmp.Diff(want, merge(base, over)); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"a": map[string]any{"b": 1, "c": 2}, "d": 3}, base); diff != "" {
		t.Errorf("base was changed (-want +got):\n%s", diff)
	}
}
