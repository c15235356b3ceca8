package chart_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/test/rig"
)

// TestPodsAreAdmittedWhereRestricted makes the chart's pods in a namespace that
// enforces the strictest Pod Security Standard.
func TestPodsAreAdmittedWhereRestricted(t *testing.T) {
	r := rig.New(t)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: r.Namespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	if err := r.Client.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{chart.Operator, chart.Installer} {
		pod := podOf(t, name)
		pod.Namespace = r.Namespace
		if err := r.Client.Create(t.Context(), pod.DeepCopy(), client.DryRunAll); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		pod.Spec.Containers[0].SecurityContext = nil
		if err := r.Client.Create(t.Context(), pod, client.DryRunAll); err == nil || !strings.Contains(err.Error(), "violates PodSecurity") {
			t.Errorf("%s without a security context: %v, want a refusal: is the standard enforced at all?", name, err)
		}
	}
}

// podOf returns a pod of a Deployment of the chart.
func podOf(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	var deployment appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(render(t, nil)["Deployment "+name].Object, &deployment); err != nil {
		t.Fatal(err)
	}
	template := deployment.Spec.Template
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: template.Labels}, Spec: template.Spec}
}
