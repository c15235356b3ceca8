package helm_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
)

// awaitGate waits until a gate holds.
func awaitGate(t *testing.T, engine *helm.Engine, gate install.Gate) {
	t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		holds, why, err := engine.Gate(t.Context(), gate)
		if err != nil {
			t.Fatal(err)
		}
		if holds {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%s does not hold: %s", gate, why)
		}
	}
}

func TestGate(t *testing.T) {
	r := newRig(t)
	check := func(gate install.Gate, want bool, about string) {
		t.Helper()
		holds, why, err := r.engine.Gate(t.Context(), gate)
		r.must(err)
		if holds != want || !strings.Contains(why, about) || holds != (why == "") {
			t.Errorf("%s: %t, %q; want %t, %q", gate, holds, why, want, about)
		}
	}
	workload := install.Gate{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: r.namespace, Name: "plane"}
	webhook := install.Gate{Kind: install.WebhookTrusted, Resource: "ValidatingWebhookConfiguration", Name: "plane-" + r.namespace}
	definition := install.Gate{Kind: install.DefinitionServed, Name: "nothings.test.meshloom.io"}
	for _, gate := range []install.Gate{workload, webhook, definition} {
		check(gate, false, "does not exist")
	}
	r.must(r.engine.Install(t.Context(), plane(r.namespace, map[string]any{"replicas": 2})))
	check(workload, false, "not looked at yet")
	check(webhook, false, "webhook plane.example.com has no CA yet")

	d := r.deployment()
	rolled := func(updated, available, all int32) {
		t.Helper()
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: all, UpdatedReplicas: updated, ReadyReplicas: available, AvailableReplicas: available}
		var err error
		d, err = r.client.AppsV1().Deployments(r.namespace).UpdateStatus(t.Context(), d, metav1.UpdateOptions{})
		r.must(err)
	}
	rolled(1, 1, 2)
	check(workload, false, "1 of 2 pods are of the newest template")
	rolled(2, 2, 3)
	check(workload, false, "1 older pods are still there")
	rolled(2, 0, 2)
	check(workload, false, "0 of 2 pods are ready")
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "plane-1", Namespace: r.namespace, Labels: map[string]string{"app": "plane"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "plane", Image: "example.com/plane:none"}}},
	}
	pod, err := r.client.CoreV1().Pods(r.namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	r.must(err)
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "plane", Image: "x", State: corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "Back-off pulling image"},
	}}}
	_, err = r.client.CoreV1().Pods(r.namespace).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{})
	r.must(err)
	check(workload, false, "0 of 2 pods are ready: pod plane-1: ImagePullBackOff: Back-off pulling image")
	rolled(2, 2, 2)
	check(workload, true, "")
	r.trust()
	check(webhook, true, "")
	if _, _, err := r.engine.Gate(t.Context(), install.Gate{Resource: "Pod", Name: "x"}); err == nil {
		t.Error("a gate that looks at a Pod is no error")
	}
}
