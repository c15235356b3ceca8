// Package running remembers what runs in the namespaces of a cluster: the
// Deployments and DaemonSets by which providers recognise a mesh or an ingress
// controller and its version.
package running

import (
	"maps"
	"slices"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators"
)

// Store holds what runs. Its zero value is empty and it is safe for concurrent
// use.
type Store struct {
	mu         sync.RWMutex
	namespaces map[string]map[string]translators.Running
}

// Put takes note of a Deployment or DaemonSet and says whether anything about
// it changed; other kinds are ignored.
func (s *Store) Put(obj client.Object) bool {
	key, next, ok := read(obj)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.namespaces == nil {
		s.namespaces = map[string]map[string]translators.Running{}
	}
	in := s.namespaces[obj.GetNamespace()]
	if in == nil {
		in = map[string]translators.Running{}
		s.namespaces[obj.GetNamespace()] = in
	}
	old, found := in[key]
	in[key] = next
	return !found || !equal(old, next)
}

// Remove takes note that a Deployment or DaemonSet is gone, and says whether
// it was there.
func (s *Store) Remove(obj client.Object) bool {
	key, _, ok := read(obj)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.namespaces[obj.GetNamespace()]
	_, found := in[key]
	delete(in, key)
	if len(in) == 0 {
		delete(s.namespaces, obj.GetNamespace())
	}
	return found
}

// In returns what runs in a namespace, sorted by kind and name.
func (s *Store) In(namespace string) []translators.Running {
	s.mu.RLock()
	defer s.mu.RUnlock()
	in := s.namespaces[namespace]
	out := make([]translators.Running, 0, len(in))
	for _, key := range slices.Sorted(maps.Keys(in)) {
		out = append(out, in[key])
	}
	return out
}

func read(obj client.Object) (key string, r translators.Running, ok bool) {
	r = translators.Running{Name: obj.GetName(), Labels: obj.GetLabels()}
	switch o := obj.(type) {
	case *appsv1.Deployment:
		r.PodLabels, r.Images, r.Ready = o.Spec.Template.Labels, images(o.Spec.Template), o.Status.ReadyReplicas > 0
		return "Deployment/" + r.Name, r, true
	case *appsv1.DaemonSet:
		r.PodLabels, r.Images, r.Ready = o.Spec.Template.Labels, images(o.Spec.Template), o.Status.NumberReady > 0
		return "DaemonSet/" + r.Name, r, true
	}
	return "", r, false
}

func images(template corev1.PodTemplateSpec) []string {
	var out []string
	for _, container := range template.Spec.Containers {
		out = append(out, container.Image)
	}
	return out
}

func equal(a, b translators.Running) bool {
	return a.Ready == b.Ready && slices.Equal(a.Images, b.Images) && maps.Equal(a.Labels, b.Labels) && maps.Equal(a.PodLabels, b.PodLabels)
}

// Trim takes from a Deployment or DaemonSet all that is not read here.
func Trim(obj any) (any, error) {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		trimmed := &appsv1.Deployment{ObjectMeta: meta(o.ObjectMeta)}
		trimmed.Spec.Template, trimmed.Status.ReadyReplicas = template(o.Spec.Template), o.Status.ReadyReplicas
		return trimmed, nil
	case *appsv1.DaemonSet:
		trimmed := &appsv1.DaemonSet{ObjectMeta: meta(o.ObjectMeta)}
		trimmed.Spec.Template, trimmed.Status.NumberReady = template(o.Spec.Template), o.Status.NumberReady
		return trimmed, nil
	}
	return obj, nil
}

func meta(m metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, Labels: m.Labels}
}

func template(t corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	var trimmed corev1.PodTemplateSpec
	trimmed.Labels = t.Labels
	for _, container := range t.Spec.Containers {
		trimmed.Spec.Containers = append(trimmed.Spec.Containers, corev1.Container{Name: container.Name, Image: container.Image})
	}
	return trimmed
}
