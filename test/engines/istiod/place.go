package istiod

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/engines/ads"
)

// Place does once what controllers and kubelet do in a cluster: it makes a
// running pod for each Deployment of the namespace, and the endpoints of its
// Services. It returns the pods by the names of their Deployments, as
// workloads that a proxy can claim to be.
func (i *Istiod) Place(t testing.TB, namespace string) map[string]ads.Workload {
	t.Helper()
	var deployments appsv1.DeploymentList
	var services corev1.ServiceList
	for _, list := range []client.ObjectList{&deployments, &services} {
		if err := i.Client.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
			t.Fatalf("list objects of %s: %v", namespace, err)
		}
	}
	placed := map[string]ads.Workload{}
	var pods []*corev1.Pod
	for _, d := range deployments.Items {
		pod := i.pod(t, &d)
		pods = append(pods, pod)
		placed[d.Name] = ads.Workload{
			Name: pod.Name, Namespace: namespace, IP: pod.Status.PodIP,
			ServiceAccount: pod.Spec.ServiceAccountName, Labels: pod.Labels,
		}
	}
	for _, s := range services.Items {
		i.endpoints(t, &s, pods)
	}
	return placed
}

// pod makes the pod of a deployment, running and ready at an address of its own.
func (i *Istiod) pod(t testing.TB, d *appsv1.Deployment) *corev1.Pod {
	t.Helper()
	n := i.serial.Add(1)
	ip := fmt.Sprintf("10.244.%d.%d", n/250, n%250+1)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: d.Name + "-0", Namespace: d.Namespace,
		Labels: d.Spec.Template.Labels, Annotations: d.Spec.Template.Annotations,
	}, Spec: d.Spec.Template.Spec}
	if err := i.Client.Create(t.Context(), pod); err != nil {
		t.Fatalf("create pod: %v", err)
	}
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
	}
	if err := i.Client.Status().Update(t.Context(), pod); err != nil {
		t.Fatalf("update status of pod: %v", err)
	}
	return pod
}

// endpoints makes the slice of a service from the pods that it selects.
func (i *Istiod) endpoints(t testing.TB, s *corev1.Service, pods []*corev1.Pod) {
	t.Helper()
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: s.Name + "-0", Namespace: s.Namespace,
			Labels: map[string]string{discoveryv1.LabelServiceName: s.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	for _, p := range pods {
		if len(s.Spec.Selector) == 0 || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(p.Labels)) {
			continue
		}
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{p.Status.PodIP},
			Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true), Serving: ptr.To(true)},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: p.Namespace, Name: p.Name},
		})
	}
	for _, port := range s.Spec.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{
			Name: ptr.To(port.Name), Port: ptr.To(targetPort(port, pods)), Protocol: ptr.To(corev1.ProtocolTCP), AppProtocol: port.AppProtocol,
		})
	}
	if err := i.Client.Create(t.Context(), slice); err != nil {
		t.Fatalf("create endpoints: %v", err)
	}
}

// targetPort is the number of the port in the pods, which a name stands for.
func targetPort(port corev1.ServicePort, pods []*corev1.Pod) int32 {
	if n := port.TargetPort.IntVal; n != 0 {
		return n
	}
	for _, p := range pods {
		for _, c := range p.Spec.Containers {
			for _, cp := range c.Ports {
				if cp.Name == port.TargetPort.StrVal {
					return cp.ContainerPort
				}
			}
		}
	}
	return port.Port
}
