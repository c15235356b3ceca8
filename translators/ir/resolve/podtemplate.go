package resolve

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators/ir"
)

// perRevision are labels that differ between pods of unequal revisions of one
// controller. No Service can sensibly select by them.
var perRevision = []string{"pod-template-hash", "controller-revision-hash", "pod-template-generation"}

// perPod are labels that differ between pods of one template. Services may
// select by them; workloads do not show them.
var perPod = []string{
	"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
	"batch.kubernetes.io/job-completion-index", "batch.kubernetes.io/controller-uid", "controller-uid",
}

// template is what runs, or will run, because of an object.
type template struct {
	labels map[string]string
	// observed is true for Pods, false for templates of workload controllers.
	observed bool
	workload ir.Workload
}

// templateOf reads a Pod or a workload controller; nil is for all else, and for
// pods that have ended.
func (o Options) templateOf(obj client.Object) *template {
	switch w := obj.(type) {
	case *corev1.Pod:
		if w.Status.Phase == corev1.PodSucceeded || w.Status.Phase == corev1.PodFailed {
			return nil
		}
		t := o.template(w.Namespace, w.Labels, w.Annotations, &w.Spec)
		t.observed = true
		return t
	case *appsv1.Deployment:
		return o.podTemplate(w.Namespace, &w.Spec.Template)
	case *appsv1.StatefulSet:
		return o.podTemplate(w.Namespace, &w.Spec.Template)
	case *appsv1.DaemonSet:
		return o.podTemplate(w.Namespace, &w.Spec.Template)
	}
	return nil
}

func (o Options) podTemplate(namespace string, t *corev1.PodTemplateSpec) *template {
	return o.template(namespace, t.Labels, t.Annotations, &t.Spec)
}

func (o Options) template(namespace string, labels, annotations map[string]string, spec *corev1.PodSpec) *template {
	t := &template{labels: without(labels, perRevision)}
	t.workload = ir.Workload{
		Namespace:   namespace,
		Labels:      without(t.labels, perPod),
		Identity:    ir.Identity{Namespace: namespace, ServiceAccount: orElse(spec.ServiceAccountName, "default")},
		Annotations: o.Picked(annotations),
		HostNetwork: spec.HostNetwork,
	}
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		t.workload.Containers = append(t.workload.Containers, c.Name)
		for _, p := range c.Ports {
			t.workload.Ports = append(t.workload.Ports, ir.ContainerPort{Name: p.Name, Number: p.ContainerPort})
		}
		t.workload.Probes = append(t.workload.Probes, probes(&c)...)
	}
	tidy(&t.workload)
	return t
}

func tidy(w *ir.Workload) {
	slices.Sort(w.Containers)
	w.Containers = slices.Compact(w.Containers)
	slices.SortFunc(w.Ports, func(a, b ir.ContainerPort) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Name, b.Name))
	})
	w.Ports = slices.Compact(w.Ports)
	slices.SortFunc(w.Probes, func(a, b ir.Probe) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Port, b.Port))
	})
	w.Probes = slices.Compact(w.Probes)
}

// grpcProbe is the path of the health service that kubelet's gRPC probes call.
const grpcProbe = "/grpc.health.v1.Health/Check"

// probes returns the container's probes that reach a port of the pod.
func probes(c *corev1.Container) []ir.Probe {
	var found []ir.Probe
	for _, p := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		switch {
		case p == nil:
		case p.HTTPGet != nil && p.HTTPGet.Host == "":
			path, _, _ := strings.Cut(orElse(p.HTTPGet.Path, "/"), "?")
			if !strings.HasPrefix(path, "/") {
				path = "/" + path
			}
			if port := containerPort(c.Ports, p.HTTPGet.Port); port != 0 {
				found = append(found, ir.Probe{Path: path, Port: port})
			}
		case p.GRPC != nil:
			found = append(found, ir.Probe{Path: grpcProbe, Port: p.GRPC.Port})
		}
	}
	return found
}

// containerPort resolves a port that may be named; 0 where the name is unknown.
func containerPort(ports []corev1.ContainerPort, port intstr.IntOrString) int32 {
	if port.Type == intstr.Int {
		return port.IntVal
	}
	for _, p := range ports {
		if p.Name == port.StrVal {
			return p.ContainerPort
		}
	}
	return 0
}

func without(all map[string]string, keys []string) map[string]string {
	if !slices.ContainsFunc(keys, func(k string) bool { _, ok := all[k]; return ok }) {
		return all
	}
	rest := maps.Clone(all)
	for _, k := range keys {
		delete(rest, k)
	}
	return rest
}

// controllerOf returns the workload controller that made a pod, and whether it
// is of a kind that a store holds.
func controllerOf(pod *corev1.Pod) (ir.Ref, bool) {
	for _, owner := range pod.OwnerReferences {
		if owner.Controller == nil || !*owner.Controller {
			continue
		}
		switch owner.Kind {
		case kindStatefulSet, kindDaemonSet:
			return ir.Ref{Kind: owner.Kind, Namespace: pod.Namespace, Name: owner.Name}, true
		case "ReplicaSet":
			name, ok := strings.CutSuffix(owner.Name, "-"+pod.Labels["pod-template-hash"])
			return ir.Ref{Kind: kindDeployment, Namespace: pod.Namespace, Name: name}, ok
		}
	}
	return ir.Ref{}, false
}
