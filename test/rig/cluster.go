package rig

import (
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// NamespaceObject returns the test's Namespace.
func (r *Rig) NamespaceObject() *unstructured.Unstructured {
	r.t.Helper()
	return r.Cluster("Namespace", r.Namespace)
}

// Cluster returns a cluster-scoped object.
func (r *Rig) Cluster(kind, name string) *unstructured.Unstructured {
	r.t.Helper()
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind})
	if slices.Contains([]string{"Mesh", "IngressController"}, kind) {
		obj.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	}
	if err := r.Client.Get(r.t.Context(), types.NamespacedName{Name: name}, obj); err != nil {
		r.t.Fatal(err)
	}
	return obj
}

// Annotate sets an annotation of a cluster-scoped object.
func (r *Rig) Annotate(kind, name, key, value string) {
	r.t.Helper()
	obj := r.Cluster(kind, name)
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, key, value)
	if err := r.Client.Patch(r.t.Context(), obj, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		r.t.Fatal(err)
	}
}

// DeleteNow deletes an object of Kubernetes core without waiting for a kubelet.
func (r *Rig) DeleteNow(kind, name string) {
	r.t.Helper()
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind})
	obj.SetNamespace(r.Namespace)
	obj.SetName(name)
	if err := r.Client.Delete(r.t.Context(), obj, client.GracePeriodSeconds(0)); err != nil {
		r.t.Fatal(err)
	}
}

// DeleteNamespace has the test's Namespace terminate, which it never ends doing.
func (r *Rig) DeleteNamespace() {
	r.t.Helper()
	if err := r.Client.Delete(r.t.Context(), r.NamespaceObject()); err != nil {
		r.t.Fatal(err)
	}
	r.Eventually("the namespace terminates", func() string {
		if r.NamespaceObject().GetDeletionTimestamp() == nil {
			return "not yet"
		}
		return ""
	})
}

// ControlPlane runs the mesh's control plane, as far as anybody can see.
func (r *Rig) ControlPlane() {
	r.t.Helper()
	r.Apply(`
apiVersion: v1
kind: Namespace
metadata: {name: NS-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: NS-system}
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod, istio.io/rev: default}}
    spec: {containers: [{name: discovery, image: "registry.test/istio/pilot:1.31.0"}]}
`)
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"})
	obj.SetNamespace(r.Namespace + "-system")
	obj.SetName("istiod")
	status := client.RawPatch(types.MergePatchType, []byte(`{"status":{"replicas":1,"readyReplicas":1}}`))
	if err := r.Client.Status().Patch(r.t.Context(), obj, status); err != nil {
		r.t.Fatal(err)
	}
}

// DropCRD deletes a CRD with its objects, and returns how to bring it back.
func (r *Rig) DropCRD(name string) (restore func()) {
	r.t.Helper()
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"})
	if err := r.Client.Get(r.t.Context(), types.NamespacedName{Name: name}, crd); err != nil {
		r.t.Fatal(err)
	}
	if err := r.Client.Delete(r.t.Context(), crd.DeepCopy()); err != nil {
		r.t.Fatal(err)
	}
	r.Eventually(name+" is gone", func() string {
		if err := r.Client.Get(r.t.Context(), types.NamespacedName{Name: name}, crd.DeepCopy()); !apierrors.IsNotFound(err) {
			return fmt.Sprint(err)
		}
		return ""
	})
	return func() {
		r.t.Helper()
		again := &unstructured.Unstructured{Object: map[string]any{"spec": crd.Object["spec"]}}
		again.SetGroupVersionKind(crd.GroupVersionKind())
		again.SetName(name)
		if err := r.Client.Create(r.t.Context(), again); err != nil {
			r.t.Fatal(err)
		}
	}
}
