package installer

import (
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
)

// running is what is read off a Deployment, StatefulSet or DaemonSet.
type running struct {
	kind     string
	object   client.Object
	template corev1.PodTemplateSpec
	replicas int32
	ready    int32
	// complete says that its controller has seen its newest form, and that all
	// its pods are of it and available.
	complete bool
	// surge and unavailable are those of its rolling update.
	surge, unavailable int32
	recreate           bool
	// frozen says that a changed template makes no new pods.
	frozen bool
}

// read returns what is read off an object; nil for other kinds.
func read(obj client.Object) *running {
	switch o := obj.(type) {
	case *appsv1.Deployment:
		return readDeployment(o)
	case *appsv1.StatefulSet:
		return readStatefulSet(o)
	case *appsv1.DaemonSet:
		return readDaemonSet(o)
	}
	return nil
}

func readDeployment(o *appsv1.Deployment) *running {
	replicas, s := ptr.Deref(o.Spec.Replicas, 1), o.Status
	r := &running{
		kind: "Deployment", object: o, template: o.Spec.Template, replicas: replicas, ready: s.ReadyReplicas, frozen: o.Spec.Paused,
		complete: s.ObservedGeneration >= o.Generation && s.UpdatedReplicas == replicas && s.Replicas == replicas && s.AvailableReplicas == replicas,
	}
	if o.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		r.recreate, r.unavailable = true, replicas
		return r
	}
	quarter := intstr.FromString("25%")
	surge, unavailable := &quarter, &quarter
	if rolling := o.Spec.Strategy.RollingUpdate; rolling != nil {
		surge, unavailable = ptr.To(ptr.Deref(rolling.MaxSurge, quarter)), ptr.To(ptr.Deref(rolling.MaxUnavailable, quarter))
	}
	r.surge, r.unavailable = scaled(surge, replicas, true), scaled(unavailable, replicas, false)
	if r.surge == 0 && r.unavailable == 0 {
		r.unavailable = 1
	}
	return r
}

func readStatefulSet(o *appsv1.StatefulSet) *running {
	replicas, s := ptr.Deref(o.Spec.Replicas, 1), o.Status
	r := &running{
		kind: "StatefulSet", object: o, template: o.Spec.Template, replicas: replicas, ready: s.ReadyReplicas, unavailable: 1,
		frozen: o.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType,
		complete: s.ObservedGeneration >= o.Generation && s.UpdateRevision == s.CurrentRevision &&
			s.ReadyReplicas == replicas && s.Replicas == replicas,
	}
	if rolling := o.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		// Pods below the partition are not made anew.
		r.frozen = r.frozen || ptr.Deref(rolling.Partition, 0) > 0
		if rolling.MaxUnavailable != nil {
			r.unavailable = max(scaled(rolling.MaxUnavailable, replicas, true), 1)
		}
	}
	return r
}

func readDaemonSet(o *appsv1.DaemonSet) *running {
	s := o.Status
	r := &running{
		kind: "DaemonSet", object: o, template: o.Spec.Template, replicas: s.DesiredNumberScheduled, ready: s.NumberReady, unavailable: 1,
		frozen: o.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType,
		complete: s.ObservedGeneration >= o.Generation && s.UpdatedNumberScheduled == s.DesiredNumberScheduled &&
			s.NumberAvailable == s.DesiredNumberScheduled,
	}
	if rolling := o.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		if rolling.MaxSurge != nil {
			r.surge = scaled(rolling.MaxSurge, r.replicas, true)
		}
		if rolling.MaxUnavailable != nil {
			r.unavailable = scaled(rolling.MaxUnavailable, r.replicas, true)
		}
	}
	return r
}

// scaled returns a number of pods; what cannot be read is none.
func scaled(value *intstr.IntOrString, of int32, up bool) int32 {
	n, err := intstr.GetScaledValueFromIntOrPercent(value, int(of), up)
	if err != nil || n < 0 {
		return 0
	}
	return int32(min(n, 1<<30))
}

// workload is what the life of a control plane depends on.
func (r *running) workload() install.Workload {
	out := install.Workload{
		Kind: r.kind, Namespace: r.object.GetNamespace(), Name: r.object.GetName(), Labels: r.object.GetLabels(), PodLabels: r.template.Labels,
		Replicas: r.replicas, Ready: r.ready, RolledOut: r.complete,
	}
	for i := range r.template.Spec.Containers {
		out.Images = append(out.Images, r.template.Spec.Containers[i].Image)
	}
	return out
}

// member is what moving a workload depends on, without its pods.
func (r *running) member() install.MemberWorkload {
	return install.MemberWorkload{
		Kind: r.kind, Namespace: r.object.GetNamespace(), Name: r.object.GetName(), Replicas: r.replicas,
		Surge: r.surge, Unavailable: r.unavailable, Recreate: r.recreate, Restartable: !r.frozen,
		Readiness: probed(r.template.Spec.Containers), Drain: drain(r.template.Spec), RolledOut: r.complete,
	}
}

// serving returns the containers that declare ports; all where none does.
func serving(containers []corev1.Container) []corev1.Container {
	var out []corev1.Container
	for i := range containers {
		if len(containers[i].Ports) > 0 {
			out = append(out, containers[i])
		}
	}
	if len(out) == 0 {
		return containers
	}
	return out
}

// probed says whether every container that serves has a readiness probe.
func probed(containers []corev1.Container) bool {
	for _, c := range serving(containers) {
		if c.ReadinessProbe == nil {
			return false
		}
	}
	return len(containers) > 0
}

// drain is how long every container that serves goes on doing so after its pod
// was told to end: its preStop hook sleeps, within the time the pod is given.
func drain(spec corev1.PodSpec) time.Duration {
	grace := time.Duration(ptr.Deref(spec.TerminationGracePeriodSeconds, 30)) * time.Second
	shortest := grace
	for _, c := range serving(spec.Containers) {
		if c.Lifecycle == nil {
			return 0
		}
		shortest = min(shortest, sleep(c.Lifecycle.PreStop))
	}
	return shortest
}

// sleep is how long a hook does nothing.
func sleep(hook *corev1.LifecycleHandler) time.Duration {
	switch {
	case hook == nil:
		return 0
	case hook.Sleep != nil:
		return time.Duration(hook.Sleep.Seconds) * time.Second
	case hook.Exec != nil:
		return slept(hook.Exec.Command)
	}
	return 0
}

// slept recognises `sleep 15`, also in a shell and also as "15s".
func slept(command []string) time.Duration {
	words := strings.Fields(strings.NewReplacer(";", " ", "&", " ", "'", " ", `"`, " ").Replace(strings.Join(command, " ")))
	for i, word := range words[:max(len(words)-1, 0)] {
		if word != "sleep" && !strings.HasSuffix(word, "/sleep") {
			continue
		}
		seconds, err := strconv.ParseFloat(strings.TrimSuffix(words[i+1], "s"), 64)
		if err == nil && seconds > 0 && seconds < 1e6 {
			return time.Duration(seconds * float64(time.Second))
		}
	}
	return 0
}
