package installer

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// meshes brings Meshes to what is asked of them.
type meshes struct {
	*observer
	*actor
}

func (m *meshes) loop() loop {
	return loop{kind: "mesh", object: &v1alpha1.Mesh{}, reconcile: m.reconcile, concerned: m.concerned}
}

// target is a Mesh that is observed.
type target struct {
	mesh     *v1alpha1.Mesh
	provider *translators.Provider
	// namespace is that of the control plane.
	namespace string
}

// namespaceOf returns where a mesh's control plane runs.
func namespaceOf(mesh *v1alpha1.Mesh, provider *translators.Provider) string {
	return cmp.Or(string(mesh.Spec.ControlPlaneNamespace), provider.Usual.ControlPlaneNamespace)
}

// ownerOfMesh names a Mesh as its releases do.
func ownerOfMesh(name string) string { return v1alpha1.KindMesh + "/" + name }

func (m *meshes) reconcile(ctx context.Context, key client.ObjectKey) (reconcile.Result, error) {
	owner := ownerOfMesh(key.Name)
	// What the installer wrote last must not be older than its last act.
	mesh := &v1alpha1.Mesh{}
	if err := m.actor.live.Get(ctx, key, mesh); err != nil {
		if apierrors.IsNotFound(err) {
			m.settle(owner, nil)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("get Mesh %s: %w", key.Name, err)
	}
	if mesh.Spec.Mode != v1alpha1.ModeManaged {
		return reconcile.Result{}, m.handBack(ctx, mesh)
	}
	provider := m.provider(string(mesh.Spec.Provider))
	if provider == nil || provider.Charts == nil || provider.Charts.Mesh == nil {
		return reconcile.Result{}, m.notOffered(ctx, mesh, string(mesh.Spec.Provider))
	}
	if !m.writes.seen(ctx, owner) {
		return reconcile.Result{RequeueAfter: soon}, nil
	}
	t := target{mesh: mesh, provider: provider, namespace: namespaceOf(mesh, provider)}
	wanted, err := m.wanted(ctx, t)
	if err != nil {
		return reconcile.Result{}, err
	}
	seen, err := m.see(ctx, t, wanted)
	if err != nil {
		return reconcile.Result{}, err
	}
	step, state := install.Next(provider.Charts, wanted, seen)
	next := turn{
		object: mesh, owner: owner, step: step, state: &state, held: true, planner: provider.Charts,
		takeOver: mesh.Annotations[v1alpha1.AnnotationAdopt] == t.namespace, definitions: agreed(mesh, "crds"),
	}
	if provider.Charts.Trust != nil {
		next.place = t.place()
	}
	return m.take(ctx, next)
}

// concerned returns the Meshes that an object may matter to: it is the
// cluster's, or in a namespace that has to do with the mesh, or a pod with its
// proxy. A mesh is looked at as a whole, so that it matters little which object
// it was.
func (m *meshes) concerned(ctx context.Context, obj client.Object) []client.ObjectKey {
	var all v1alpha1.MeshList
	if err := m.cache.List(ctx, &all); err != nil {
		return nil
	}
	var out []client.ObjectKey
	for i := range all.Items {
		if mesh := &all.Items[i]; mesh.Spec.Mode == v1alpha1.ModeManaged && m.concerns(ctx, mesh, obj) {
			out = append(out, client.ObjectKeyFromObject(mesh))
		}
	}
	return out
}

func (m *meshes) concerns(ctx context.Context, mesh *v1alpha1.Mesh, obj client.Object) bool {
	if ns, ok := obj.(*corev1.Namespace); ok {
		return m.partOf(mesh, ns)
	}
	if obj.GetNamespace() == "" || obj.GetLabels()["owner"] == "helm" {
		return true
	}
	if pod, ok := obj.(*corev1.Pod); ok && proxyOf(pod, string(mesh.Spec.Provider)) != nil {
		return true
	}
	if gateway, ok := obj.(*v1alpha1.IngressGateway); ok {
		return gateway.Spec.MeshRef != nil && string(gateway.Spec.MeshRef.Name) == mesh.Name
	}
	var ns corev1.Namespace
	if err := m.cache.Get(ctx, client.ObjectKey{Name: obj.GetNamespace()}, &ns); err != nil {
		return true
	}
	return m.partOf(mesh, &ns)
}

func (m *meshes) partOf(mesh *v1alpha1.Mesh, ns *corev1.Namespace) bool {
	home := string(mesh.Spec.ControlPlaneNamespace)
	if p := m.provider(string(mesh.Spec.Provider)); p != nil {
		home = namespaceOf(mesh, p)
	}
	return ns.Name == home || ns.Labels[v1alpha1.LabelMesh] == mesh.Name || ns.Labels[v1alpha1.LabelGatewayMesh] == mesh.Name
}
