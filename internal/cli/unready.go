package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// unready names the workloads of a namespace that are not ready, each with its
// condition and what happened to it last. It is for error messages: what
// cannot be read is left out.
func unready(ctx context.Context, c client.Reader, namespace string) []string {
	var out []string
	deployments := &appsv1.DeploymentList{}
	if c.List(ctx, deployments, client.InNamespace(namespace)) == nil {
		for i := range deployments.Items {
			if text := unreadyDeployment(&deployments.Items[i]); text != "" {
				out = append(out, text+eventOf(ctx, c, &deployments.Items[i]))
			}
		}
	}
	daemons := &appsv1.DaemonSetList{}
	if c.List(ctx, daemons, client.InNamespace(namespace)) == nil {
		for i := range daemons.Items {
			d := &daemons.Items[i]
			if d.Status.NumberReady < d.Status.DesiredNumberScheduled {
				out = append(out, fmt.Sprintf("DaemonSet %s/%s: %d of %d ready%s", d.Namespace, d.Name,
					d.Status.NumberReady, d.Status.DesiredNumberScheduled, eventOf(ctx, c, d)))
			}
		}
	}
	return out
}

// unreadyDeployment says what a Deployment lacks, or "".
func unreadyDeployment(d *appsv1.Deployment) string {
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	s := d.Status
	if s.ObservedGeneration >= d.Generation && s.UpdatedReplicas >= wanted && s.AvailableReplicas >= wanted {
		return ""
	}
	text := fmt.Sprintf("Deployment %s/%s: %d of %d ready", d.Namespace, d.Name, min(s.AvailableReplicas, s.UpdatedReplicas), wanted)
	for _, condition := range s.Conditions {
		bad := condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue ||
			condition.Type != appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionFalse
		if bad {
			text += fmt.Sprintf("; %s %s: %s", condition.Type, condition.Reason, condition.Message)
		}
	}
	return text
}

func eventOf(ctx context.Context, c client.Reader, obj client.Object) string {
	if event := lastEvent(ctx, c, obj.GetNamespace(), obj.GetName()); event != "" {
		return "; last event: " + event
	}
	return ""
}

// lastEvent returns the newest event about an object, or about one that was
// made for it and has its name with an ending; "" where there is none.
// Warnings are preferred: they say why.
func lastEvent(ctx context.Context, c client.Reader, namespace, name string) string {
	events := &corev1.EventList{}
	if c.List(ctx, events, client.InNamespace(namespace)) != nil {
		return ""
	}
	var last *corev1.Event
	for i := range events.Items {
		e := &events.Items[i]
		about := e.InvolvedObject.Name
		if about != name && !strings.HasPrefix(about, name+"-") {
			continue
		}
		if last == nil || newer(e, last) {
			last = e
		}
	}
	if last == nil {
		return ""
	}
	return fmt.Sprintf("%s %s: %s: %s", last.InvolvedObject.Kind, last.InvolvedObject.Name, last.Reason, last.Message)
}

func newer(a, b *corev1.Event) bool {
	if warns := a.Type == corev1.EventTypeWarning; warns != (b.Type == corev1.EventTypeWarning) {
		return warns
	}
	return happened(a).After(happened(b))
}

// happened is when an event was seen last, in whichever field its writer says so.
func happened(e *corev1.Event) time.Time {
	for _, t := range []time.Time{e.LastTimestamp.Time, e.EventTime.Time} {
		if !t.IsZero() {
			return t
		}
	}
	return e.CreationTimestamp.Time
}
