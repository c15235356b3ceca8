package checkup

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func ready() []metav1.Condition {
	return []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, ObservedGeneration: 1}}
}

func TestInstalled(t *testing.T) {
	until := func(days int) *v1alpha1.TrustState {
		return &v1alpha1.TrustState{Stage: v1alpha1.TrustSteady, NotAfter: &metav1.Time{Time: now.AddDate(0, 0, days)}}
	}
	managed := func(change func(*Installed)) Installed {
		i := Installed{Name: "mesh shop", Generation: 1, Mode: v1alpha1.ModeManaged, Drift: []string{}}
		i.Status.Conditions, i.Status.Version = ready(), "1.31.0"
		i.Status.Install = &v1alpha1.InstallState{Version: "1.31.0", Trust: until(300)}
		change(&i)
		return i
	}
	for name, tt := range map[string]struct {
		seen Installed
		// want are the checks that are not ok, as "result name: a part of the message".
		want []string
	}{
		"well":           {managed(func(*Installed) {}), nil},
		"another runs":   {managed(func(i *Installed) { i.Status.Version = "1.30.2" }), []string{"warning version: wanted is 1.31.0"}},
		"no installer":   {managed(func(i *Installed) { i.Status.Install = nil }), []string{"warning version: has not looked"}},
		"not seen":       {managed(func(i *Installed) { i.Generation = 2 }), []string{"warning Ready: not seen its last edit"}},
		"nobody reports": {managed(func(i *Installed) { i.Status.Conditions = nil }), []string{"error Ready: no operator"}},
		"stalled": {managed(func(i *Installed) {
			i.Status.Install.Conditions = []metav1.Condition{{Type: "Stalled", Status: metav1.ConditionTrue, Reason: "RolledBack", Message: "istiod"}}
		}), []string{"error Stalled: RolledBack: istiod"}},
		"a root that ends":   {managed(func(i *Installed) { i.Status.Install.Trust = until(10) }), []string{"error root certificate: runs out on 2026-06-11"}},
		"a root that ages":   {managed(func(i *Installed) { i.Status.Install.Trust = until(40) }), []string{"warning root certificate: runs out"}},
		"drift":              {managed(func(i *Installed) { i.Drift = []string{"Change Deployment cp/istiod"} }), []string{"warning drift: 1 objects"}},
		"old proxies":        {managed(func(i *Installed) { i.Proxies = map[string]int{"1.30.2": 3, "1.31.0": 4} }), []string{"warning proxies: of 7, not of version 1.31.0: 3 of 1.30.2"}},
		"immovable":          {managed(func(i *Installed) { i.Status.Install.Immovable = []string{"Deployment a/b: one replica"} }), []string{"warning workloads: Deployment a/b"}},
		"adopted needs less": {Installed{Name: "mesh shop", Generation: 1, Mode: v1alpha1.ModeAdopted, Status: v1alpha1.InstalledStatus{Conditions: ready()}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []Check
			for _, c := range tt.seen.Check(now) {
				if c.Result != OK {
					got = append(got, c)
				}
			}
			if len(got) != len(tt.want) {
				t.Fatalf("found %+v, want %v", got, tt.want)
			}
			for i, c := range got {
				head, part, _ := strings.Cut(tt.want[i], ": ")
				if string(c.Result)+" "+c.Name != head || !strings.Contains(c.Message, part) || c.Hint == "" {
					t.Errorf("found %+v, want %s with a hint", c, tt.want[i])
				}
			}
		})
	}
}

func TestOwners(t *testing.T) {
	for name, tt := range map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"kubectl":            {want: "plain manifests"},
		"helm":               {annotations: map[string]string{"meta.helm.sh/release-name": "m", "meta.helm.sh/release-namespace": "n"}, want: "Helm n/m"},
		"argo through helm":  {annotations: map[string]string{"meta.helm.sh/release-name": "m", "argocd.argoproj.io/tracking-id": "app:apps/Deployment:n/m"}, want: "Argo CD app"},
		"argo by label":      {labels: map[string]string{"argocd.argoproj.io/instance": "app"}, want: "Argo CD app"},
		"flux through helm":  {labels: map[string]string{"helm.toolkit.fluxcd.io/name": "m", "helm.toolkit.fluxcd.io/namespace": "n"}, want: "Flux n/m"},
		"flux by kustomizes": {labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "k", "kustomize.toolkit.fluxcd.io/namespace": "n"}, want: "Flux n/k"},
	} {
		if got := OwnerOf(&metav1.ObjectMeta{Labels: tt.labels, Annotations: tt.annotations}).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestNeededAndGranted(t *testing.T) {
	role := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": map[string]any{"name": "r"},
		"rules": []any{map[string]any{"apiGroups": []any{""}, "resources": []any{"pods"}, "verbs": []any{"list", "watch"}}},
	}}
	needed := Needed([]*unstructured.Unstructured{role}, func(gvk schema.GroupVersionKind) string { return strings.ToLower(gvk.Kind) + "s" }, "ns")
	var names []string
	for _, r := range needed {
		names = append(names, r.String())
	}
	want := []string{
		"create secrets in ns", "delete secrets in ns", "get secrets in ns", "list secrets in ns", "update secrets in ns",
		"create clusterroles.rbac.authorization.k8s.io", "delete clusterroles.rbac.authorization.k8s.io",
		"get clusterroles.rbac.authorization.k8s.io", "patch clusterroles.rbac.authorization.k8s.io",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("needed (-want +got):\n%s", diff)
	}
	granted, err := Granted([]*unstructured.Unstructured{role})
	if err != nil || !cmp.Equal(granted, []Right{{"list", "", "pods", ""}, {"watch", "", "pods", ""}}) {
		t.Errorf("granted %v, %v", granted, err)
	}
}

func TestUnserved(t *testing.T) {
	well := apiextensionsv1.CustomResourceDefinition{}
	well.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1alpha1", Served: true}}
	well.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue}}
	well.Status.StoredVersions = []string{"v1alpha1"}
	older, going, unestablished := well, well, well
	older.Status.StoredVersions = []string{"v1alpha0", "v1alpha1"}
	going.DeletionTimestamp = &metav1.Time{Time: now}
	unestablished.Status.Conditions = nil
	for want, crd := range map[string]apiextensionsv1.CustomResourceDefinition{
		"": well, "stored as v1alpha0": older, "being deleted": going, "not established": unestablished,
	} {
		if got := unserved(&crd, true); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := unserved(&apiextensionsv1.CustomResourceDefinition{}, false); got != "is not there" {
		t.Errorf("absent: %q", got)
	}
}

func TestClusters(t *testing.T) {
	if c := Kubernetes(install.Cluster{Kubernetes: "v1.29.3"}, "1.32"); c.Result != Error || c.Hint == "" {
		t.Errorf("an old Kubernetes: %+v", c)
	}
	if c := Kubernetes(install.Cluster{Kubernetes: "v1.33.0+k3s1"}, "1.32"); c.Result != OK {
		t.Errorf("a new Kubernetes: %+v", c)
	}
	left := Webhooks(install.Cluster{Webhooks: []install.Webhook{{Kind: "MutatingWebhookConfiguration", Name: "w", Missing: []string{"a/b"}}, {Name: "fine"}}})
	if len(left) != 1 || left[0].Result != Warning || !strings.Contains(left[0].Hint, "kubectl delete mutatingwebhookconfiguration w") {
		t.Errorf("leftover webhooks: %+v", left)
	}
	if !Found(left, Warning) || Found(left, Error) {
		t.Error("a warning counts as an error, or not as a warning")
	}
}
