package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/envtest"
)

// TestLifeOfMeshloom takes Meshloom itself through its life, on an API server
// that nothing runs pods for.
func TestLifeOfMeshloom(t *testing.T) {
	cfg := envtest.Start(t)
	d := newDoor(t, cfg)
	c, err := client.New(cfg, client.Options{Scheme: scheme()})
	if err != nil {
		t.Fatal(err)
	}

	endNamespaces(t, cfg)

	stdout, _ := d.dry(ExitOK, "check", "--pre")
	contains(t, "check before", stdout, []string{"may escalate and bind", "not there yet", "none runs yet"})
	_, stderr := d.dry(ExitOK, "install", "--dry-run=server", "-o", "name")
	contains(t, "dry run on the server", stderr, []string{"create Deployment meshloom-operator", "create Namespace meshloom-system"})
	_, stderr = d.dry(ExitFailed, "install")
	contains(t, "without a terminal", stderr, []string{"no terminal", "-y"})
	_, stderr = d.dry(ExitFailed, "upgrade", "-y")
	contains(t, "upgrade of nothing", stderr, []string{"meshctl install"})

	_, stderr = d.run(ExitFailed, "install", "-y", "--timeout", "20s")
	contains(t, "too late", stderr, []string{"not ready after 20s", "Deployment meshloom-system/meshloom-operator"})
	d.mu.Lock()
	first := d.writes
	d.mu.Unlock()
	if len(first) < 2 || !contained(first[1], "/customresourcedefinitions/") {
		t.Errorf("the CRDs do not come before the rest: %v", first)
	}
	run := func(name string) {
		t.Helper()
		patch := `{"status":{"observedGeneration":9,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}}`
		dep := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "meshloom-system", Name: name}}
		if err := c.Status().Patch(t.Context(), dep, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
			t.Fatal(err)
		}
	}
	run("meshloom-operator")
	run("meshloom-installer")

	_, stderr = d.dry(ExitOK, "install", "-y")
	contains(t, "second install", stderr, []string{"already installed at version"})
	_, stderr = d.dry(ExitFailed, "install", "-y", "--set", "operator.replicas=2")
	contains(t, "install with other values", stderr, []string{"meshctl upgrade"})
	stdout, _ = d.dry(ExitOK, "upgrade", "--set", "operator.verbosity=1", "--dry-run")
	contains(t, "what an upgrade changes", stdout, []string{"Deployment", "meshloom-operator", "--verbosity=1"})
	d.dry(ExitFailed, "upgrade", "--set", "operator.verbosity=1")
	d.run(ExitOK, "upgrade", "--set", "operator.verbosity=1", "-y")
	_, stderr = d.dry(ExitOK, "upgrade", "-y")
	contains(t, "upgrade to the same", stderr, []string{"nothing changes"})
	d.dry(ExitOK, "rollback", "--dry-run")
	d.run(ExitOK, "rollback", "-y")
	stdout, _ = d.dry(ExitOK, "upgrade", "--set", "operator.verbosity=1", "--dry-run")
	contains(t, "after the rollback", stdout, []string{"--verbosity=1"})

	stdout, _ = d.dry(ExitFound, "check", "-o", "json")
	var report checkReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || report.Success || len(report.Checks) == 0 {
		t.Errorf("check -o json: %v, %+v", err, report)
	}
	contains(t, "check", stdout, []string{"no replica leads"})
	stdout, _ = d.dry(ExitOK, "version")
	contains(t, "version", stdout, []string{"meshloom 0.", "operator meshloom-system/meshloom-operator"})

	mesh := &v1alpha1.Mesh{ObjectMeta: metav1.ObjectMeta{Name: "shop", Finalizers: []string{finalizer}}}
	mesh.Spec = v1alpha1.MeshSpec{Provider: "Istio", Mode: v1alpha1.ModeManaged}
	if err := c.Create(t.Context(), mesh); err != nil {
		t.Fatal(err)
	}
	_, stderr = d.dry(ExitOK, "uninstall", "--dry-run")
	contains(t, "what an uninstall does", stderr, []string{"The CRDs stay, with 1 objects"})
	d.dry(ExitFailed, "uninstall")
	d.run(ExitOK, "uninstall", "-y")
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(mesh), mesh); err != nil {
		t.Errorf("the Mesh went with Meshloom: %v", err)
	}
	_, stderr = d.dry(ExitOK, "uninstall", "-y")
	contains(t, "second uninstall", stderr, []string{"not installed"})
	d.dry(ExitFailed, "uninstall", "-y", "--crds=delete")
	_, stderr = d.run(ExitOK, "uninstall", "--crds=delete", "--confirm", "meshloom")
	contains(t, "what is lost", stderr, []string{"Mesh/shop"})
}

// endNamespaces does what the namespace controller, which runs nowhere here,
// does last for a namespace that is deleted: it lets it go.
func endNamespaces(t *testing.T, cfg *rest.Config) {
	t.Helper()
	namespaces := kubernetes.NewForConfigOrDie(cfg).CoreV1().Namespaces()
	go wait.UntilWithContext(t.Context(), func(ctx context.Context) {
		list, err := namespaces.List(ctx, metav1.ListOptions{})
		if err != nil {
			return
		}
		for _, ns := range list.Items {
			if ns.DeletionTimestamp == nil {
				continue
			}
			ns.Spec.Finalizers = nil
			// What fails here is tried again a moment later.
			_, _ = namespaces.Finalize(ctx, &ns, metav1.UpdateOptions{})
		}
	}, 100*time.Millisecond)
}

func contained(s, part string) bool { return strings.Contains(s, part) }

// TestForeignMeshloom demands that what another tool installed is left alone,
// and that the way to change it is named.
func TestForeignMeshloom(t *testing.T) {
	cfg := envtest.Start(t)
	d := newDoor(t, cfg)
	c, err := client.New(cfg, client.Options{Scheme: scheme()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "mesh-tools"}}); err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"app.kubernetes.io/name": "meshloom-operator", "app.kubernetes.io/version": "0.0.9"}
	dep := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "mesh-tools", Name: "meshloom-operator", Labels: labels}}
	dep.Spec = appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "operator", Image: "i:1"}}},
		},
	}
	if err := c.Create(t.Context(), dep); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		annotations map[string]string
		verb        string
		want        []string
	}{
		{nil, "install", []string{"Meshloom 0.0.9 in namespace mesh-tools was installed by plain manifests", "kubectl apply"}},
		{map[string]string{"argocd.argoproj.io/tracking-id": "mesh-app:apps/Deployment:mesh-tools/meshloom-operator"}, "install", []string{"Argo CD mesh-app", "sync"}},
		{map[string]string{"meta.helm.sh/release-name": "ml", "meta.helm.sh/release-namespace": "mesh-tools"}, "uninstall", []string{"Helm mesh-tools/ml", "helm uninstall ml -n mesh-tools"}},
	} {
		dep.Annotations = tt.annotations
		if err := c.Update(t.Context(), dep); err != nil {
			t.Fatal(err)
		}
		_, stderr := d.dry(ExitFailed, tt.verb, "-y")
		contains(t, fmt.Sprint(tt.annotations), stderr, tt.want)
	}
}
