package installer_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// play does what a cluster does that has nodes, and a translator: it makes the
// pods of Deployments in namespaces that begin with the prefix, with the proxy
// that the namespace's mark asks for, and marks members as their record says.
func play(t *testing.T, c client.Client, prefix string) *player {
	t.Helper()
	p := &player{c: c, prefix: prefix, rollouts: map[string]int{}}
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() {
		for ctx.Err() == nil {
			if err := p.turn(ctx); err != nil && ctx.Err() == nil {
				t.Logf("play: %v", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	t.Cleanup(func() {
		cancel()
		ended.Wait()
	})
	return p
}

type player struct {
	c      client.Client
	prefix string

	mu sync.Mutex
	// rollouts counts how often the pods of a Deployment were made.
	rollouts map[string]int
	// most is how many Deployments of members were on their way at once because
	// the installer had restarted them.
	most int
	// mesh marks and injects instead of the tests' own mesh, where it is set.
	mesh dialect
}

// dialect is how a mesh marks its members and makes proxies.
type dialect interface {
	mark(ctx context.Context, ns *corev1.Namespace) error
	inject(ctx context.Context, ns *corev1.Namespace, pod *corev1.Pod) error
}

// worker is a dialect whose control plane does something by itself, over and
// over.
type worker interface {
	work(ctx context.Context) error
}

// speak has the player mark and inject as another mesh does.
func (p *player) speak(mesh dialect) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mesh = mesh
}

func (p *player) spoken() dialect {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mesh
}

// made returns how often the pods of a Deployment were made.
func (p *player) made(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rollouts[name]
}

func (p *player) turn(ctx context.Context) error {
	var namespaces corev1.NamespaceList
	if err := p.c.List(ctx, &namespaces); err != nil {
		return err
	}
	if works, ok := p.spoken().(worker); ok {
		if err := works.work(ctx); err != nil {
			return err
		}
	}
	behind := 0
	for i := range namespaces.Items {
		ns := &namespaces.Items[i]
		if !strings.HasPrefix(ns.Name, p.prefix) {
			continue
		}
		if err := p.mark(ctx, ns); err != nil {
			return err
		}
		var deployments appsv1.DeploymentList
		if err := p.c.List(ctx, &deployments, client.InNamespace(ns.Name)); err != nil {
			return err
		}
		for j := range deployments.Items {
			d := &deployments.Items[j]
			if d.Status.ObservedGeneration == d.Generation {
				continue
			}
			if d.Labels["member"] != "" && d.Spec.Template.Annotations[v1alpha1.AnnotationRestartedAt] != "" {
				behind++
			}
			if err := p.rollOut(ctx, ns, d); err != nil {
				return err
			}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = max(p.most, behind)
	return nil
}

// mark is what a translator does to a member.
func (p *player) mark(ctx context.Context, ns *corev1.Namespace) error {
	name := ns.Labels[v1alpha1.LabelMesh]
	if name == "" {
		return nil
	}
	if mesh := p.spoken(); mesh != nil {
		return mesh.mark(ctx, ns)
	}
	revision := ns.Annotations[v1alpha1.AnnotationRevision]
	if revision == "" {
		var mesh v1alpha1.Mesh
		if err := p.c.Get(ctx, types.NamespacedName{Name: name}, &mesh); err != nil || mesh.Status.Install == nil {
			return client.IgnoreNotFound(err)
		}
		revision = mesh.Status.Install.Revision
	}
	if revision == "" || ns.Labels[labelRevision] == revision {
		return nil
	}
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, labelRevision, revision)
	return p.c.Patch(ctx, ns, client.RawPatch(types.MergePatchType, []byte(patch)))
}

// rollOut makes the pods of a Deployment anew, the new ones first, and says so
// in its status. An image that is broken never becomes ready.
func (p *player) rollOut(ctx context.Context, ns *corev1.Namespace, d *appsv1.Deployment) error {
	n := ptr.Deref(d.Spec.Replicas, 1)
	if d.Labels["member"] != "" {
		if err := p.pods(ctx, ns, d); err != nil {
			return err
		}
	}
	status := fmt.Sprintf(`{"status":{"observedGeneration":%d,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d}}`, d.Generation, n, n, n, n)
	if err := p.c.Status().Patch(ctx, d, client.RawPatch(types.MergePatchType, []byte(status))); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rollouts[d.Name]++
	return nil
}

func (p *player) pods(ctx context.Context, ns *corev1.Namespace, d *appsv1.Deployment) error {
	of := client.MatchingLabels{"app": d.Name}
	var before corev1.PodList
	if err := p.c.List(ctx, &before, client.InNamespace(ns.Name), of); err != nil {
		return err
	}
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: ns.Name, Name: fmt.Sprintf("%s-%d", d.Name, d.Generation), OwnerReferences: owner("Deployment", d.Name, d.UID)}}
	set.Spec.Selector = d.Spec.Selector
	set.Spec.Template.Labels, set.Spec.Template.Spec = d.Spec.Template.Labels, d.Spec.Template.Spec
	if err := p.c.Create(ctx, set); err != nil {
		return err
	}
	for i := range ptr.Deref(d.Spec.Replicas, 1) {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Namespace: ns.Name, Name: fmt.Sprintf("%s-%d", set.Name, i), Labels: d.Spec.Template.Labels,
			Annotations:     map[string]string{v1alpha1.AnnotationRestartedAt: d.Spec.Template.Annotations[v1alpha1.AnnotationRestartedAt]},
			OwnerReferences: owner("ReplicaSet", set.Name, set.UID),
		}, Spec: *d.Spec.Template.Spec.DeepCopy()}
		if d.Spec.Template.Annotations[v1alpha1.AnnotationRestartedAt] == "" {
			delete(pod.Annotations, v1alpha1.AnnotationRestartedAt)
		}
		if mesh := p.spoken(); mesh != nil {
			if err := mesh.inject(ctx, ns, pod); err != nil {
				return err
			}
		} else if revision := ns.Labels[labelRevision]; revision != "" {
			pod.Annotations[annotationRevision] = revision
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "proxy", Image: "proxy:" + p.version(ctx, ns, revision)})
		}
		if err := p.c.Create(ctx, pod); err != nil {
			return err
		}
		ready := fmt.Sprintf(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":%q}]}}`, time.Now().UTC().Format(time.RFC3339))
		if err := p.c.Status().Patch(ctx, pod, client.RawPatch(types.MergePatchType, []byte(ready))); err != nil {
			return err
		}
	}
	for i := range before.Items {
		if err := p.c.Delete(ctx, &before.Items[i], client.GracePeriodSeconds(0)); err != nil {
			return err
		}
	}
	return nil
}

// version is that of the control plane that serves a revision now.
func (p *player) version(ctx context.Context, ns *corev1.Namespace, revision string) string {
	var mesh v1alpha1.Mesh
	var control appsv1.Deployment
	if p.c.Get(ctx, types.NamespacedName{Name: ns.Labels[v1alpha1.LabelMesh]}, &mesh) != nil ||
		p.c.Get(ctx, types.NamespacedName{Namespace: string(mesh.Spec.ControlPlaneNamespace), Name: "control-" + revision}, &control) != nil {
		return ""
	}
	_, version, _ := strings.Cut(control.Spec.Template.Spec.Containers[0].Image, ":")
	return version
}

func owner(kind, name string, uid types.UID) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: kind, Name: name, UID: uid, Controller: ptr.To(true)}}
}

// tidy takes our objects and all Deployments away after a test, whatever became
// of them: the next one must have no neighbours.
func tidy(t *testing.T, c client.Client) {
	t.Helper()
	t.Cleanup(func() {
		ctx := context.Background()
		for _, list := range []client.ObjectList{
			&v1alpha1.IngressGatewayList{}, &v1alpha1.IngressControllerList{}, &v1alpha1.MeshList{}, &appsv1.DeploymentList{}, &appsv1.StatefulSetList{},
		} {
			if err := c.List(ctx, list); err != nil {
				t.Error(err)
			}
			items, err := meta.ExtractList(list)
			if err != nil {
				t.Error(err)
			}
			for _, item := range items {
				object, ok := item.(client.Object)
				if !ok {
					continue
				}
				patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
				if err := c.Patch(ctx, object, patch); err != nil {
					t.Error(err)
				}
				if err := c.Delete(ctx, object); client.IgnoreNotFound(err) != nil {
					t.Error(err)
				}
			}
		}
	})
}
