package traffic

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/internal/apply"
)

// Trim returns a function that takes from objects all that nobody here reads,
// before an informer keeps them: most of a cluster's memory is pods. Of pods'
// annotations only those stay that are picked.
func Trim(picked func(annotations map[string]string) map[string]string) func(any) (any, error) {
	return func(obj any) (any, error) {
		switch o := obj.(type) {
		case *corev1.Pod:
			return trimPod(o, picked), nil
		case *corev1.Secret:
			return trimSecret(o), nil
		case metav1.Object:
			o.SetManagedFields(ours(o.GetManagedFields()))
		}
		return obj, nil
	}
}

// ours keeps the name of our field manager only: that it is there says that we
// have a part in the object.
func ours(entries []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
	for _, entry := range entries {
		if entry.Manager == apply.FieldManager && entry.Subresource == "" {
			return []metav1.ManagedFieldsEntry{{Manager: entry.Manager, Operation: entry.Operation}}
		}
	}
	return nil
}

func trimPod(pod *corev1.Pod, picked func(map[string]string) map[string]string) *corev1.Pod {
	out := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
		Labels: pod.Labels, Annotations: picked(pod.Annotations), OwnerReferences: pod.OwnerReferences, DeletionTimestamp: pod.DeletionTimestamp,
	}}
	out.Status.Phase = pod.Status.Phase
	out.Spec.ServiceAccountName, out.Spec.HostNetwork = pod.Spec.ServiceAccountName, pod.Spec.HostNetwork
	out.Spec.Containers = trimContainers(pod.Spec.Containers)
	out.Spec.InitContainers = trimContainers(pod.Spec.InitContainers)
	return out
}

func trimContainers(containers []corev1.Container) []corev1.Container {
	out := make([]corev1.Container, 0, len(containers))
	for i := range containers {
		c := &containers[i]
		out = append(out, corev1.Container{
			Name: c.Name, Ports: c.Ports, StartupProbe: c.StartupProbe, LivenessProbe: c.LivenessProbe, ReadinessProbe: c.ReadinessProbe,
		})
	}
	return out
}

// trimSecret leaves the public certificate; a key never stays in memory.
func trimSecret(secret *corev1.Secret) *corev1.Secret {
	out := &corev1.Secret{Type: secret.Type, ObjectMeta: metav1.ObjectMeta{
		Namespace: secret.Namespace, Name: secret.Name, UID: secret.UID, ResourceVersion: secret.ResourceVersion,
	}}
	if certificate, ok := secret.Data[corev1.TLSCertKey]; ok {
		out.Data = map[string][]byte{corev1.TLSCertKey: certificate}
	}
	return out
}
