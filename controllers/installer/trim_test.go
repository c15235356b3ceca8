package installer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// TestTrimmingTwiceIsTrimmingOnce holds what informers ask of a transformation:
// they list objects through it twice.
func TestTrimmingTwiceIsTrimmingOnce(t *testing.T) {
	reads := &install.Planner{ProxyOf: func(p install.Pod) (install.Proxy, bool) {
		if len(p.Containers) != 2 {
			return install.Proxy{}, false
		}
		return install.Proxy{Revision: p.Annotations["revision"], Version: p.Containers[0].Image}, true
	}}
	trimmer := trimmer{providers: []translators.Provider{{Name: "make", Charts: reads}}}
	meta := metav1.ObjectMeta{Name: "a", Annotations: map[string]string{"revision": "blue", v1alpha1.AnnotationRestartedAt: time.Now().Format(time.RFC3339)}}
	containers := []corev1.Container{{Name: "app", ReadinessProbe: &corev1.Probe{PeriodSeconds: 1}}}
	pod := &corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{InitContainers: []corev1.Container{{Name: "proxy", Image: "1.31.0"}}, Containers: containers}}
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: meta}
	crd.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue}}
	deployment := &appsv1.Deployment{ObjectMeta: meta}
	deployment.Spec.Template = corev1.PodTemplateSpec{ObjectMeta: meta, Spec: corev1.PodSpec{Containers: containers}}
	for _, object := range []client.Object{pod, crd, deployment} {
		once, err := trimmer.trim(object)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := trimmer.trim(once.(client.Object).DeepCopyObject())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Errorf("%T (-once +twice):\n%s", object, diff)
		}
	}
	once, err := trimmer.trim(pod)
	if err != nil {
		t.Fatal(err)
	}
	if got := proxyOf(once.(*corev1.Pod), "make"); got == nil || got.Revision != "blue" || got.Version != "1.31.0" {
		t.Errorf("proxy %+v", got)
	}
}
