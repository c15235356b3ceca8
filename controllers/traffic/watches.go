package traffic

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// Watches turns events of the cluster into units that are due and objects
// whose status is to be computed. An event costs what it touches, never what
// there is.
type Watches struct {
	Store  *resolve.Store
	Cache  *apply.Cache
	Guard  *apply.Guard
	Joiner *status.Joiner
	// Add puts units into the queue, and Changed objects.
	Add     func([]ir.Key)
	Changed func([]ir.Ref)
	// Happened is told of every event of our kinds, before and after; either
	// may be nil.
	Happened func(old, next client.Object)

	// events orders the store before the joiner: who asks both under its read
	// lock never sees an object whose units are not known to be due.
	events      sync.RWMutex
	terminating sync.Map
	handles     []toolscache.ResourceEventHandlerRegistration
}

// manyUnits is the number of units above which one event has its removals
// assessed as a whole.
const manyUnits = 3

// Start has the informers tell of the kinds of objects.
func (w *Watches) Start(ctx context.Context, informers ctrlcache.Cache, objects ...client.Object) error {
	for _, object := range objects {
		informer, err := informers.GetInformer(ctx, object)
		if err != nil {
			return fmt.Errorf("watch %T: %w", object, err)
		}
		handle, err := informer.AddEventHandler(w.Handler())
		if err != nil {
			return fmt.Errorf("watch %T: %w", object, err)
		}
		w.handles = append(w.handles, handle)
	}
	return nil
}

// Synced says whether the store has every object that there was at the start.
func (w *Watches) Synced() bool {
	for _, handle := range w.handles {
		if !handle.HasSynced() {
			return false
		}
	}
	return true
}

// Handler takes events of objects that the store holds. That an informer tells
// of all its objects again is no event.
func (w *Watches) Handler() toolscache.ResourceEventHandlerFuncs {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) { w.Event(nil, object(obj)) },
		UpdateFunc: func(old, obj any) {
			before, now := object(old), object(obj)
			if before != nil && now != nil && before.GetResourceVersion() != now.GetResourceVersion() {
				w.Event(before, now)
			}
		},
		DeleteFunc: func(obj any) { w.Event(object(obj), nil) },
	}
}

// Event takes one event: old is nil for a new object, next for a removed one.
func (w *Watches) Event(old, next client.Object) {
	if old == nil && next == nil {
		return
	}
	w.take(old, next)
	if namespace, ok := present(old, next).(*corev1.Namespace); ok {
		w.namespace(namespace, next == nil)
	}
	if next == nil {
		w.gone(old)
	} else if len(next.GetManagedFields()) > 0 {
		w.part(next)
	}
	if w.Happened != nil {
		w.Happened(old, next)
	}
}

// take brings an event into the store, and says what is due because of it.
func (w *Watches) take(old, next client.Object) {
	cause, changed := ir.Ref{}, []ir.Ref{}
	if ref, ok := resolve.RefOf(present(old, next)); ok && Ours(ref.Kind) {
		cause, changed = ref, append(changed, ref)
	}
	w.events.Lock()
	var keys []ir.Key
	switch {
	case next == nil:
		keys = w.Store.Delete(old)
	case Leaving(next):
		keys = w.Store.Delete(next)
	default:
		keys = w.Store.Upsert(next)
	}
	w.Joiner.Expect(cause, keys)
	if len(keys) > manyUnits {
		w.Guard.Expect(keys)
	}
	w.events.Unlock()
	changed = append(changed, w.Store.Rechecks()...)
	w.Add(keys)
	w.Changed(changed)
}

// Due makes units run for a reason that is no event of the store.
func (w *Watches) Due(keys []ir.Key) {
	if len(keys) == 0 {
		return
	}
	w.Joiner.Expect(ir.Ref{}, keys)
	w.Add(keys)
}

// Consistent runs f while no event is halfway between the store and the joiner.
func (w *Watches) Consistent(f func()) {
	w.events.RLock()
	defer w.events.RUnlock()
	f()
}

// namespace takes note of namespaces that are going away.
func (w *Watches) namespace(namespace *corev1.Namespace, gone bool) {
	if !gone && namespace.DeletionTimestamp != nil {
		w.terminating.Store(namespace.Name, true)
		return
	}
	if _, was := w.terminating.LoadAndDelete(namespace.Name); was {
		w.Due(w.Cache.Changed(apply.Topic{Namespace: namespace.Name}))
	}
}

// Terminating says whether a namespace is going away.
func (w *Watches) Terminating(namespace string) bool {
	_, ok := w.terminating.Load(namespace)
	return ok
}

// part makes an object of somebody else due in which we have a part: somebody
// may have changed it, or the units that wanted it may be gone.
func (w *Watches) part(obj client.Object) {
	ref, ok := resolve.RefOf(obj)
	if !ok || Ours(ref.Kind) || obj.GetLabels()[engine.LabelManagedBy] == engine.ManagedBy && obj.GetLabels()[engine.LabelUnit] != "" {
		return
	}
	w.Due([]ir.Key{apply.SharedKey(native(ref))})
}

// gone takes note that an object of Kubernetes' own is not there any more: one
// that had the name of an object of ours is watched nowhere else.
func (w *Watches) gone(obj client.Object) {
	if ref, ok := resolve.RefOf(obj); ok && !Ours(ref.Kind) {
		w.Due(w.Cache.Remove(native(ref), obj.GetUID()))
	}
}

// native is the reference to an object of Kubernetes' own.
func native(ref ir.Ref) translators.ObjectRef {
	gvk := corev1.SchemeGroupVersion.WithKind(ref.Kind)
	return translators.ObjectRef{GroupVersionKind: gvk, Namespace: ref.Namespace, Name: ref.Name}
}

// Leaving says whether an object is a Mesh that the installer is removing. For
// us it is gone then: what we wrote goes while its control plane runs, which may
// have to let go of it. One that waits for members to leave is still there.
func Leaving(object client.Object) bool {
	mesh, ok := object.(*v1alpha1.Mesh)
	if !ok || mesh.DeletionTimestamp == nil || mesh.Status.Install == nil {
		return false
	}
	c := meta.FindStatusCondition(mesh.Status.Install.Conditions, string(v1alpha1.ConditionReconciling))
	return c != nil && c.Reason == string(v1alpha1.ReasonDeleting)
}

// EnvChanged says whether an event changed what was observed of a mesh or a
// controller, which every unit there depends on.
func EnvChanged(old, next client.Object) bool {
	switch n := next.(type) {
	case *v1alpha1.Mesh:
		o, ok := old.(*v1alpha1.Mesh)
		return ok && !equality.Semantic.DeepEqual(o.Status.Env, n.Status.Env)
	case *v1alpha1.IngressController:
		o, ok := old.(*v1alpha1.IngressController)
		return ok && !equality.Semantic.DeepEqual(o.Status.Env, n.Status.Env)
	}
	return false
}

// Ours says whether a kind is one of the unified API.
func Ours(kind string) bool {
	switch kind {
	case v1alpha1.KindMesh, v1alpha1.KindIngressController, v1alpha1.KindIngressGateway, v1alpha1.KindTrafficSplit,
		v1alpha1.KindGatewayRoute, v1alpha1.KindTrafficPolicy, v1alpha1.KindAccessPolicy, v1alpha1.KindExternalService:
		return true
	}
	return false
}

func present(old, next client.Object) client.Object {
	if next != nil {
		return next
	}
	return old
}

// object returns what an informer tells of; the last known state where it
// missed a deletion.
func object(obj any) client.Object {
	if unknown, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
		obj = unknown.Obj
	}
	o, _ := obj.(client.Object)
	return o
}
