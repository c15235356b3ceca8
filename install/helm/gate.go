package helm

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/install"
)

// gateKinds are what gates look at, by Gate.Resource.
var gateKinds = map[string]schema.GroupVersionResource{
	"Deployment":                     {Group: "apps", Version: "v1", Resource: "deployments"},
	"DaemonSet":                      {Group: "apps", Version: "v1", Resource: "daemonsets"},
	"StatefulSet":                    {Group: "apps", Version: "v1", Resource: "statefulsets"},
	"MutatingWebhookConfiguration":   {Group: "admissionregistration.k8s.io", Version: "v1", Resource: "mutatingwebhookconfigurations"},
	"ValidatingWebhookConfiguration": {Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"},
	definitionKind:                   definitions,
}

// Gate reports whether a gate holds now, and if not, why: for a workload with
// what its pods say.
func (e *Engine) Gate(ctx context.Context, g install.Gate) (holds bool, why string, err error) {
	clients, err := e.cluster()
	if err != nil {
		return false, "", err
	}
	resource := g.Resource
	if g.Kind == install.DefinitionServed {
		resource = definitionKind
	}
	kind, ok := gateKinds[resource]
	if !ok {
		return false, "", fmt.Errorf("look at gate %s: no gate looks at a %q", g.Name, g.Resource)
	}
	object, err := clients.dynamic.Resource(kind).Namespace(g.Namespace).Get(ctx, g.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, "it does not exist", nil
	}
	if err != nil {
		return false, "", fmt.Errorf("look at %s: %w", g, err)
	}
	switch g.Kind {
	case install.DefinitionServed:
		why = unserved(object)
	case install.WebhookTrusted:
		why = untrusted(object)
	default:
		why = unready(object)
		if said := e.podsOf(ctx, object); why != "" && said != "" {
			why += ": " + said
		}
	}
	return why == "", why, nil
}

// unserved says why a CRD is not served.
func unserved(o *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
			return ""
		}
	}
	return "it is not established yet"
}

// untrusted says which webhook of a configuration has no CA.
func untrusted(o *unstructured.Unstructured) string {
	webhooks, _, _ := unstructured.NestedSlice(o.Object, "webhooks")
	for _, w := range webhooks {
		webhook, ok := w.(map[string]any)
		if !ok {
			continue
		}
		if ca, _, _ := unstructured.NestedString(webhook, "clientConfig", "caBundle"); ca == "" {
			return fmt.Sprintf("webhook %v has no CA yet", webhook["name"])
		}
	}
	return ""
}

// unready says why a workload has not rolled out.
func unready(o *unstructured.Unstructured) string {
	number := func(fields ...string) int64 {
		n, _, _ := unstructured.NestedInt64(o.Object, fields...)
		return n
	}
	if number("status", "observedGeneration") < o.GetGeneration() {
		return "it was not looked at yet"
	}
	want, updated, ready := number("spec", "replicas"), number("status", "updatedReplicas"), number("status", "availableReplicas")
	if _, set, _ := unstructured.NestedInt64(o.Object, "spec", "replicas"); !set {
		want = 1
	}
	if o.GetKind() == "DaemonSet" {
		want, updated = number("status", "desiredNumberScheduled"), number("status", "updatedNumberScheduled")
		ready = number("status", "numberAvailable")
	}
	switch {
	case updated < want:
		return fmt.Sprintf("%d of %d pods are of the newest template", updated, want)
	case o.GetKind() != "DaemonSet" && number("status", "replicas") > want:
		return fmt.Sprintf("%d older pods are still there", number("status", "replicas")-want)
	case ready < want:
		return fmt.Sprintf("%d of %d pods are ready", ready, want)
	}
	return ""
}

// podsOf returns what the first pod in trouble of a workload says.
func (e *Engine) podsOf(ctx context.Context, o *unstructured.Unstructured) string {
	labels, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector", "matchLabels")
	if len(labels) == 0 {
		return ""
	}
	selector := metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: labels})
	pods, err := e.clients.typed.CoreV1().Pods(o.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return ""
	}
	for i := range pods.Items {
		if said := trouble(&pods.Items[i]); said != "" {
			return "pod " + pods.Items[i].Name + ": " + said
		}
	}
	return ""
}

// trouble returns why a pod does not run.
func trouble(pod *corev1.Pod) string {
	for _, s := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		waiting := s.State.Waiting
		if waiting == nil || waiting.Reason == "PodInitializing" || waiting.Reason == "ContainerCreating" {
			continue
		}
		if waiting.Message == "" {
			return waiting.Reason
		}
		return waiting.Reason + ": " + waiting.Message
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason + ": " + c.Message
		}
	}
	return ""
}
