package controllers

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/traffic"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/internal/reconciler"
	"github.com/meshloom/meshloom/translators/ir"
)

// NeedLeaderElection lets the watches run on every replica, so that a new
// leader knows everything already.
func (a *assembly) NeedLeaderElection() bool { return false }

// Start fills the store and watches native kinds until the context ends.
func (a *assembly) Start(ctx context.Context) error {
	if err := a.watches.Start(ctx, a.informers, a.opts.inputs()...); err != nil {
		return err
	}
	crds, err := a.listen(ctx, &apiextensionsv1.CustomResourceDefinition{}, a.definition)
	if err != nil {
		return err
	}
	synced := []toolscache.InformerSynced{a.watches.Synced, crds}
	for _, kind := range workloads {
		one, err := a.listen(ctx, kind, a.runs)
		if err != nil {
			return err
		}
		synced = append(synced, one)
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), synced...) {
		return nil
	}
	if err := a.watchNative(ctx); err != nil {
		return err
	}
	err = wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) { return a.nativeSynced(), nil })
	if err != nil {
		return nil //nolint:nilerr // The context ended.
	}
	close(a.ready)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.poke:
			if err := a.watchNative(ctx); err != nil {
				return err
			}
		}
	}
}

// listen calls f for every event of a kind: with the object as it is, or as it
// was and gone.
func (a *assembly) listen(ctx context.Context, kind client.Object, f func(obj client.Object, gone bool)) (toolscache.InformerSynced, error) {
	informer, err := a.informers.GetInformer(ctx, kind)
	if err != nil {
		return nil, fmt.Errorf("watch %T: %w", kind, err)
	}
	call := func(obj any, gone bool) {
		if unknown, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
			obj = unknown.Obj
		}
		if o, ok := obj.(client.Object); ok {
			f(o, gone)
		}
	}
	handle, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { call(obj, false) },
		UpdateFunc: func(_, obj any) { call(obj, false) },
		DeleteFunc: func(obj any) { call(obj, true) },
	})
	if err != nil {
		return nil, fmt.Errorf("watch %T: %w", kind, err)
	}
	return handle.HasSynced, nil
}

// definition takes note of a CRD, and has the native watches looked over.
func (a *assembly) definition(obj client.Object, gone bool) {
	crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition)
	if !ok {
		return
	}
	whole, api := a.definitions.Whole(a.names), a.definitions.GatewayAPI()
	if gone {
		a.definitions.Remove(crd.Name)
	} else {
		a.definitions.Put(crd)
	}
	if !whole && a.definitions.Whole(a.names) {
		// Removals that were stopped can go on.
		a.watches.Due(a.cache.Units())
	}
	if !reflect.DeepEqual(api, a.definitions.GatewayAPI()) {
		a.watches.Changed(slices.Concat(a.store.Refs(v1alpha1.KindMesh), a.store.Refs(v1alpha1.KindIngressController)))
	}
	select {
	case a.poke <- struct{}{}:
	default:
	}
}

// runs takes note of what runs, and has the status of those computed that may
// run there.
func (a *assembly) runs(obj client.Object, gone bool) {
	changed := false
	if gone {
		changed = a.running.Remove(obj)
	} else {
		changed = a.running.Put(obj)
	}
	if !changed {
		return
	}
	for _, ref := range a.store.Refs(v1alpha1.KindMesh) {
		if m, ok := a.store.Mesh(ref.Name); ok && m.ControlPlaneNamespace == obj.GetNamespace() {
			a.statuses.Add(ref)
		}
	}
	for _, ref := range a.store.Refs(v1alpha1.KindIngressController) {
		if c, ok := a.store.Controller(ref.Name); ok && c.Namespace == obj.GetNamespace() {
			a.statuses.Add(ref)
		}
	}
}

// happened follows up events of our kinds that concern more than units.
func (a *assembly) happened(old, next client.Object) {
	if m, ok := next.(*v1alpha1.Mesh); ok && a.confirmations.Put(m) {
		a.watches.Due(a.guard.Waiting(m.Name))
	}
	if traffic.EnvChanged(old, next) {
		a.watches.Due(a.dependents(next))
	}
	for _, obj := range []client.Object{old, next} {
		if g, ok := obj.(*v1alpha1.IngressGateway); ok {
			a.statuses.Add(ir.Ref{Kind: v1alpha1.KindIngressController, Name: string(g.Spec.ControllerRef.Name)})
		}
	}
}

// dependents are the units that depend on what was observed of a mesh or a
// controller. It changes so rarely that all units are looked through.
func (a *assembly) dependents(of client.Object) []ir.Key {
	_, isMesh := of.(*v1alpha1.Mesh)
	var keys []ir.Key
	for _, key := range a.store.Keys() {
		if key.Kind == ir.KindGateway || key.Kind == ir.KindRoute || isMesh && key.Mesh == of.GetName() {
			keys = append(keys, key)
		}
	}
	return keys
}

// served says whether a native kind can be written: the API server serves it,
// and all objects of it are known.
func (a *assembly) served(kind schema.GroupVersionKind) bool {
	return a.definitions.Served(kind) && a.kinds.Synced(kind)
}

// referenceGrants are watched like native kinds: their CRD may come later.
var referenceGrants = kinds.ReferenceGrant

// native are the kinds that are watched while they are served.
func (a *assembly) native() []schema.GroupVersionKind {
	return append(slices.Clone(a.catalog.Watched()), referenceGrants)
}

// watchNative starts the watches of kinds that are served now, and ends those
// of kinds that are not any more.
func (a *assembly) watchNative(ctx context.Context) error {
	for _, kind := range a.native() {
		if !a.definitions.Served(kind) {
			if a.kinds.Stop(kind) {
				a.watches.Due(append(a.cache.Forget(kind), a.cache.Changed(apply.Topic{Kind: kind})...))
			}
			continue
		}
		if err := a.kinds.Start(ctx, a.watch(kind)); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembly) nativeSynced() bool {
	for _, kind := range a.native() {
		if a.definitions.Served(kind) && !a.kinds.Synced(kind) {
			return false
		}
	}
	return true
}

// watch says how a native kind is watched. Of kinds that others use, too, only
// our objects are of interest.
func (a *assembly) watch(kind schema.GroupVersionKind) reconciler.Watch {
	if kind == referenceGrants {
		return a.grants()
	}
	w := reconciler.Watch{
		Kind:   kind,
		Keep:   func(obj *unstructured.Unstructured) (any, error) { return apply.NewLive(obj, a.catalog) },
		Seen:   func(obj any) { a.live(obj, a.cache.Put) },
		Gone:   func(obj any) { a.live(obj, func(l *apply.Live) []ir.Key { return a.cache.Remove(l.Ref, l.UID) }) },
		Synced: func() { a.watches.Due(a.cache.Changed(apply.Topic{Kind: kind})) },
	}
	w.Resource, _ = a.definitions.Resource(kind)
	if scheme.Scheme.Recognizes(kind) {
		w.Resource = kind.GroupVersion().WithResource(plural(kind))
		w.Selector = engine.LabelManagedBy + "=" + engine.ManagedBy
	}
	return w
}

// live passes a native object on, and makes due whom it concerns.
func (a *assembly) live(obj any, take func(*apply.Live) []ir.Key) {
	if l, ok := obj.(*apply.Live); ok {
		a.watches.Due(take(l))
	}
}

func (a *assembly) grants() reconciler.Watch {
	resource, _ := a.definitions.Resource(referenceGrants)
	event := func(f func(*gatewayv1beta1.ReferenceGrant)) func(any) {
		return func(obj any) {
			if grant, ok := obj.(*gatewayv1beta1.ReferenceGrant); ok {
				f(grant)
			}
		}
	}
	return reconciler.Watch{
		Kind: referenceGrants, Resource: resource,
		Keep: func(obj *unstructured.Unstructured) (any, error) {
			grant := &gatewayv1beta1.ReferenceGrant{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, grant); err != nil {
				return nil, fmt.Errorf("decode ReferenceGrant %s/%s: %w", obj.GetNamespace(), obj.GetName(), err)
			}
			grant.ManagedFields = nil
			return grant, nil
		},
		Seen:   event(func(grant *gatewayv1beta1.ReferenceGrant) { a.watches.Event(nil, grant) }),
		Gone:   event(func(grant *gatewayv1beta1.ReferenceGrant) { a.watches.Event(grant, nil) }),
		Synced: func() {},
	}
}
