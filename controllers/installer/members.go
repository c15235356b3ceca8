package installer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// namespace is what is in one namespace, by what owns it.
type namespace struct {
	provider string
	running  map[types.UID]*running
	// owners are the owners of ReplicaSets, by the ReplicaSet.
	owners  map[types.UID]*metav1.OwnerReference
	budgets []policyv1.PodDisruptionBudget
	pods    []corev1.Pod
}

// namespace sees what is in a namespace.
func (o *observer) namespace(ctx context.Context, provider, name string) (*namespace, error) {
	n := &namespace{provider: provider, running: map[types.UID]*running{}, owners: map[types.UID]*metav1.OwnerReference{}}
	in := client.InNamespace(name)
	var pods corev1.PodList
	var budgets policyv1.PodDisruptionBudgetList
	sets := partialList(replicaSets)
	for _, list := range []client.ObjectList{&pods, &budgets, sets} {
		if err := o.cache.List(ctx, list, in); err != nil {
			return nil, fmt.Errorf("list what is in namespace %s: %w", name, err)
		}
	}
	all, err := o.running(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		n.running[r.object.GetUID()] = r
	}
	for i := range sets.Items {
		n.owners[sets.Items[i].UID] = metav1.GetControllerOf(&sets.Items[i])
	}
	n.pods, n.budgets = pods.Items, budgets.Items
	return n, nil
}

// workloads groups the pods of the namespace by what they belong to, sorted by
// kind and name. Pods whose owner is not there are strays.
func (n *namespace) workloads() (out []install.MemberWorkload, strays []install.PodSeen) {
	found := map[string]*install.MemberWorkload{}
	for i := range n.pods {
		pod := &n.pods[i]
		if finished(pod) {
			continue
		}
		w := n.workloadOf(pod)
		if w == nil {
			strays = append(strays, n.pod(pod))
			continue
		}
		id := w.Kind + "/" + w.Name
		if found[id] == nil {
			found[id] = w
		}
		found[id].Pods = append(found[id].Pods, n.pod(pod))
	}
	for _, w := range found {
		slices.SortFunc(w.Pods, func(a, b install.PodSeen) int { return cmp.Compare(a.Name, b.Name) })
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b install.MemberWorkload) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return out, strays
}

// workloadOf returns what a pod belongs to, without pods; nil where that is not
// there.
func (n *namespace) workloadOf(pod *corev1.Pod) *install.MemberWorkload {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return n.alone("Pod", pod.Name, pod)
	}
	if owner.Kind == replicaSets.Kind {
		above, ok := n.owners[owner.UID]
		if !ok {
			return nil
		}
		owner = cmp.Or(above, owner)
	}
	if r := n.running[owner.UID]; r != nil {
		w := r.member()
		w.RolledOut = w.RolledOut && n.renewed(r)
		w.Restarted, _ = time.Parse(time.RFC3339, r.template.Annotations[v1alpha1.AnnotationRestartedAt])
		w.Disruptions, w.Locked = n.allowed(r.template.Labels)
		return &w
	}
	switch owner.Kind {
	case "Deployment", "StatefulSet", "DaemonSet":
		return nil
	}
	return n.alone(owner.Kind, owner.Name, pod)
}

// alone is what makes pods in a way that is not known here, if at all.
func (n *namespace) alone(kind, name string, pod *corev1.Pod) *install.MemberWorkload {
	w := &install.MemberWorkload{Kind: kind, Namespace: pod.Namespace, Name: name, Replicas: 1, RolledOut: true}
	w.Disruptions, w.Locked = n.allowed(pod.Labels)
	return w
}

// renewed says whether the pods that are seen are those of the newest restart,
// and all there: watches of pods and of what makes them are not in step.
func (n *namespace) renewed(r *running) bool {
	ready := int32(0)
	for i := range n.pods {
		pod := &n.pods[i]
		if pod.DeletionTimestamp != nil || finished(pod) || n.ownerOf(pod) != r.object.GetUID() {
			continue
		}
		if pod.Annotations[v1alpha1.AnnotationRestartedAt] != r.template.Annotations[v1alpha1.AnnotationRestartedAt] {
			return false
		}
		if readySince(pod) != nil {
			ready++
		}
	}
	return ready == r.replicas
}

func (n *namespace) ownerOf(pod *corev1.Pod) types.UID {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return ""
	}
	if above := n.owners[owner.UID]; above != nil {
		return above.UID
	}
	return owner.UID
}

// allowed is how many pods with the labels the budgets let go now, -1 where
// none selects them, and whether one of them never lets any go.
func (n *namespace) allowed(of map[string]string) (count int32, locked bool) {
	count = -1
	for i := range n.budgets {
		b := &n.budgets[i]
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil || !selector.Matches(labels.Set(of)) {
			continue
		}
		here := b.Status.DisruptionsAllowed
		if b.Status.ObservedGeneration < b.Generation {
			here = 0
		} else if b.Status.ExpectedPods > 0 && b.Status.DesiredHealthy >= b.Status.ExpectedPods {
			locked = true
		}
		if count < 0 || here < count {
			count = here
		}
	}
	return count, locked
}

func (n *namespace) pod(pod *corev1.Pod) install.PodSeen {
	return podSeen(pod, n.provider)
}

func podSeen(pod *corev1.Pod, provider string) install.PodSeen {
	seen := install.PodSeen{
		Name: pod.Name, Created: pod.CreationTimestamp.Time, Leaving: pod.DeletionTimestamp != nil, Proxy: proxyOf(pod, provider),
	}
	if since := readySince(pod); since != nil {
		seen.Ready, seen.ReadySince = true, since.Time
	}
	return seen
}

// readySince is when a pod became ready; nil where it is not.
func readySince(pod *corev1.Pod) *metav1.Time {
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return &c.LastTransitionTime
		}
	}
	return nil
}

// finished pods run no more, their proxy included.
func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
