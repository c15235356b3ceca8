package installer_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// consulFinalizer is on every object that Consul's injector has read: it alone
// takes it off.
const consulFinalizer = "finalizers.consul.hashicorp.com"

// consulPlane plays Consul: its servers, its injector, and that the injector
// holds on to the objects that it has read until they are deleted.
type consulPlane struct {
	c     client.Client
	home  string
	kinds []schema.GroupVersionKind

	mu sync.Mutex
	// let are the objects that it let go of.
	let []string
}

// released returns the objects that a running control plane let go of.
func (p *consulPlane) released() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.let)
}

// mark is done by the operator, which runs.
func (p *consulPlane) mark(context.Context, *corev1.Namespace) error { return nil }

// injector is what the chart made of it.
func (p *consulPlane) injector(ctx context.Context) (*appsv1.Deployment, error) {
	var injector appsv1.Deployment
	err := p.c.Get(ctx, types.NamespacedName{Namespace: p.home, Name: "consul-connect-injector"}, &injector)
	return &injector, err
}

// inject gives pods a proxy of the injector's version in the namespaces that its
// webhook asks for.
func (p *consulPlane) inject(ctx context.Context, ns *corev1.Namespace, pod *corev1.Pod) error {
	var hook admissionv1.MutatingWebhookConfiguration
	if err := p.c.Get(ctx, types.NamespacedName{Name: "consul-connect-injector"}, &hook); err != nil {
		return client.IgnoreNotFound(err)
	}
	// The one that was passed may be older than the restart.
	var now corev1.Namespace
	if err := p.c.Get(ctx, client.ObjectKeyFromObject(ns), &now); err != nil {
		return err
	}
	selector, err := metav1.LabelSelectorAsSelector(hook.Webhooks[0].NamespaceSelector)
	if err != nil || !selector.Matches(labels.Set(now.Labels)) {
		return err
	}
	injector, err := p.injector(ctx)
	if err != nil {
		return err
	}
	_, tag, _ := strings.Cut(injector.Spec.Template.Spec.Containers[0].Image, ":")
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "consul-dataplane", Image: "registry.test/consul-dataplane:" + tag})
	return nil
}

// work has the servers run, and reads what is configured while the injector is
// there.
func (p *consulPlane) work(ctx context.Context) error {
	if err := p.serve(ctx); err != nil {
		return err
	}
	if _, err := p.injector(ctx); err != nil {
		return client.IgnoreNotFound(err)
	}
	for _, kind := range p.kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := p.c.List(ctx, list); meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue
		} else if err != nil {
			return err
		}
		for i := range list.Items {
			list.Items[i].SetGroupVersionKind(kind)
			if err := p.read(ctx, &list.Items[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// read holds on to one object, or lets go of it.
func (p *consulPlane) read(ctx context.Context, object *metav1.PartialObjectMetadata) error {
	held := slices.Contains(object.Finalizers, consulFinalizer)
	switch {
	case held == (object.DeletionTimestamp == nil):
		return nil
	case held:
		p.mu.Lock()
		p.let = append(p.let, object.Kind+" "+object.Namespace+"/"+object.Name)
		p.mu.Unlock()
		return client.IgnoreNotFound(p.c.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))))
	}
	patch := fmt.Sprintf(`{"metadata":{"finalizers":[%q]}}`, consulFinalizer)
	return client.IgnoreNotFound(p.c.Patch(ctx, object, client.RawPatch(types.MergePatchType, []byte(patch))))
}

// serve says that the servers are what they are to be.
func (p *consulPlane) serve(ctx context.Context) error {
	var servers appsv1.StatefulSet
	err := p.c.Get(ctx, types.NamespacedName{Namespace: p.home, Name: "consul-server"}, &servers)
	if err != nil || servers.Status.ObservedGeneration == servers.Generation {
		return client.IgnoreNotFound(err)
	}
	n := *servers.Spec.Replicas
	status := fmt.Sprintf(`{"status":{"observedGeneration":%d,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d}}`, servers.Generation, n, n, n, n)
	return p.c.Status().Patch(ctx, &servers, client.RawPatch(types.MergePatchType, []byte(status)))
}
