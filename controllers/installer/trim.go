package installer

import (
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// proxyPrefix begins the annotations that trimming leaves on a pod: which proxy
// each provider sees in it. No API server admits a key with two slashes.
const proxyPrefix = "meshloom.io/proxy/"

// trimmer takes from objects all that is not read here, before an informer
// keeps them: most of a cluster's memory is pods.
type trimmer struct{ providers []translators.Provider }

// trim implements the transformation of informers.
func (t trimmer) trim(obj any) (any, error) {
	switch o := obj.(type) {
	case *corev1.Pod:
		return t.pod(o), nil
	case *appsv1.Deployment:
		trimmed := &appsv1.Deployment{ObjectMeta: trimMeta(o.ObjectMeta), Status: o.Status}
		trimmed.Spec.Replicas, trimmed.Spec.Strategy, trimmed.Spec.Paused = o.Spec.Replicas, o.Spec.Strategy, o.Spec.Paused
		trimmed.Spec.Template, trimmed.Status.Conditions = trimTemplate(o.Spec.Template), nil
		return trimmed, nil
	case *appsv1.StatefulSet:
		trimmed := &appsv1.StatefulSet{ObjectMeta: trimMeta(o.ObjectMeta), Status: o.Status}
		trimmed.Spec.Replicas, trimmed.Spec.UpdateStrategy = o.Spec.Replicas, o.Spec.UpdateStrategy
		trimmed.Spec.Template, trimmed.Status.Conditions = trimTemplate(o.Spec.Template), nil
		return trimmed, nil
	case *appsv1.DaemonSet:
		trimmed := &appsv1.DaemonSet{ObjectMeta: trimMeta(o.ObjectMeta), Status: o.Status}
		trimmed.Spec.UpdateStrategy = o.Spec.UpdateStrategy
		trimmed.Spec.Template, trimmed.Status.Conditions = trimTemplate(o.Spec.Template), nil
		return trimmed, nil
	case *apiextensionsv1.CustomResourceDefinition:
		return trimDefinition(o), nil
	}
	return trimOther(obj)
}

// trimOther trims the kinds of which an informer keeps little more than who
// they are.
func trimOther(obj any) (any, error) {
	switch o := obj.(type) {
	case *metav1.PartialObjectMetadata:
		trimmed := &metav1.PartialObjectMetadata{TypeMeta: o.TypeMeta, ObjectMeta: trimMeta(o.ObjectMeta)}
		trimmed.OwnerReferences = controllers(o.OwnerReferences)
		return trimmed, nil
	case *corev1.Namespace:
		trimmed := &corev1.Namespace{ObjectMeta: trimMeta(o.ObjectMeta)}
		trimmed.Annotations = o.Annotations
		return trimmed, nil
	case *admissionv1.MutatingWebhookConfiguration:
		trimmed := &admissionv1.MutatingWebhookConfiguration{ObjectMeta: trimMeta(o.ObjectMeta)}
		for i := range o.Webhooks {
			trimmed.Webhooks = append(trimmed.Webhooks, admissionv1.MutatingWebhook{ClientConfig: trimClient(o.Webhooks[i].ClientConfig)})
		}
		return trimmed, nil
	case *admissionv1.ValidatingWebhookConfiguration:
		trimmed := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: trimMeta(o.ObjectMeta)}
		for i := range o.Webhooks {
			trimmed.Webhooks = append(trimmed.Webhooks, admissionv1.ValidatingWebhook{ClientConfig: trimClient(o.Webhooks[i].ClientConfig)})
		}
		return trimmed, nil
	case metav1.Object:
		o.SetManagedFields(nil)
	}
	return obj, nil
}

// pod keeps whose a pod is, whether it is ready, and what each provider says of
// its proxy: the rest of a pod is read once, here.
func (t trimmer) pod(pod *corev1.Pod) *corev1.Pod {
	out := &corev1.Pod{ObjectMeta: trimMeta(pod.ObjectMeta)}
	out.OwnerReferences = controllers(pod.OwnerReferences)
	out.Annotations = map[string]string{}
	if at, ok := pod.Annotations[v1alpha1.AnnotationRestartedAt]; ok {
		out.Annotations[v1alpha1.AnnotationRestartedAt] = at
	}
	// An informer may trim what it lists twice.
	for key, value := range pod.Annotations {
		if strings.HasPrefix(key, proxyPrefix) {
			out.Annotations[key] = value
		}
	}
	read := install.Pod{Labels: pod.Labels, Annotations: pod.Annotations, Containers: containersOf(pod.Spec)}
	for i := range t.providers {
		p := &t.providers[i]
		if p.Charts == nil || p.Charts.ProxyOf == nil {
			continue
		}
		if proxy, ok := p.Charts.ProxyOf(read); ok {
			out.Annotations[proxyPrefix+p.Name] = proxy.Revision + "/" + proxy.Version + "/" + proxy.Roots
		}
	}
	out.Status.Phase = pod.Status.Phase
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			out.Status.Conditions = []corev1.PodCondition{{Type: c.Type, Status: c.Status, LastTransitionTime: c.LastTransitionTime}}
		}
	}
	return out
}

// proxyOf returns the proxy of a provider in a trimmed pod; nil where it has
// none.
func proxyOf(pod *corev1.Pod, provider string) *install.Proxy {
	text, ok := pod.Annotations[proxyPrefix+provider]
	if !ok {
		return nil
	}
	revision, rest, _ := strings.Cut(text, "/")
	version, roots, _ := strings.Cut(rest, "/")
	return &install.Proxy{Revision: revision, Version: version, Roots: roots}
}

func containersOf(spec corev1.PodSpec) []install.Container {
	var out []install.Container
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			out = append(out, install.Container{Name: list[i].Name, Image: list[i].Image})
		}
	}
	return out
}

func trimMeta(m metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, Generation: m.Generation,
		Labels: m.Labels, CreationTimestamp: m.CreationTimestamp, DeletionTimestamp: m.DeletionTimestamp,
	}
}

// controllers keeps the reference to what made the object.
func controllers(refs []metav1.OwnerReference) []metav1.OwnerReference {
	for _, ref := range refs {
		if ref.Controller != nil && *ref.Controller {
			return []metav1.OwnerReference{{APIVersion: ref.APIVersion, Kind: ref.Kind, Name: ref.Name, UID: ref.UID, Controller: ref.Controller}}
		}
	}
	return nil
}

// trimTemplate keeps what says how pods come and go.
func trimTemplate(t corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	var out corev1.PodTemplateSpec
	out.Labels = t.Labels
	if at, ok := t.Annotations[v1alpha1.AnnotationRestartedAt]; ok {
		out.Annotations = map[string]string{v1alpha1.AnnotationRestartedAt: at}
	}
	out.Spec.TerminationGracePeriodSeconds = t.Spec.TerminationGracePeriodSeconds
	out.Spec.Containers = make([]corev1.Container, 0, len(t.Spec.Containers))
	for i := range t.Spec.Containers {
		c := &t.Spec.Containers[i]
		kept := corev1.Container{Name: c.Name, Image: c.Image, Ports: c.Ports[:min(len(c.Ports), 1)]}
		if c.ReadinessProbe != nil {
			kept.ReadinessProbe = &corev1.Probe{}
		}
		if c.Lifecycle != nil && c.Lifecycle.PreStop != nil {
			kept.Lifecycle = &corev1.Lifecycle{PreStop: c.Lifecycle.PreStop}
		}
		out.Spec.Containers = append(out.Spec.Containers, kept)
	}
	return out
}

// trimClient keeps whom a webhook calls and whether it knows a CA.
func trimClient(c admissionv1.WebhookClientConfig) admissionv1.WebhookClientConfig {
	out := admissionv1.WebhookClientConfig{Service: c.Service}
	if len(c.CABundle) > 0 {
		out.CABundle = []byte{1}
	}
	return out
}

// trimDefinition keeps the name of a CRD, whether it is served, and what it says
// it is from.
func trimDefinition(crd *apiextensionsv1.CustomResourceDefinition) *apiextensionsv1.CustomResourceDefinition {
	out := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: trimMeta(crd.ObjectMeta)}
	for _, name := range []string{annotationBundle, annotationReleaseName, annotationReleaseNamespace} {
		if value, ok := crd.Annotations[name]; ok {
			metav1.SetMetaDataAnnotation(&out.ObjectMeta, name, value)
		}
	}
	for _, c := range crd.Status.Conditions {
		if c.Type == apiextensionsv1.Established {
			out.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{{Type: c.Type, Status: c.Status}}
		}
	}
	return out
}
