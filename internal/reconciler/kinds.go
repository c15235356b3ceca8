package reconciler

import (
	"context"
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
)

// Watch says how one kind is watched.
type Watch struct {
	Kind     schema.GroupVersionKind
	Resource schema.GroupVersionResource
	// Selector limits the watch to objects with the labels; empty is all.
	Selector string
	// Keep turns an object into what the watch's store keeps of it.
	Keep func(*unstructured.Unstructured) (any, error)
	// Seen and Gone get what Keep made of an object.
	Seen, Gone func(any)
	// Synced is called once, when Seen has got every object that there was.
	Synced func()
}

// Kinds runs watches of kinds that come and go. It is safe for concurrent use.
type Kinds struct {
	client dynamic.Interface

	mu      sync.Mutex
	running map[schema.GroupVersionKind]*running
}

type running struct {
	stop   context.CancelFunc
	synced <-chan struct{}
}

// NewKinds returns Kinds that watches nothing yet.
func NewKinds(client dynamic.Interface) *Kinds {
	return &Kinds{client: client, running: map[schema.GroupVersionKind]*running{}}
}

// Start begins a watch, unless the kind is being watched. It ends with the
// context or with Stop.
func (k *Kinds) Start(ctx context.Context, w Watch) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running[w.Kind] != nil {
		return nil
	}
	informer := cache.NewSharedIndexInformerWithOptions(k.lists(w), &unstructured.Unstructured{}, cache.SharedIndexInformerOptions{})
	if err := informer.SetTransform(keeping(w.Keep)); err != nil {
		return fmt.Errorf("watch %s: %w", w.Kind.Kind, err)
	}
	handle, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    w.Seen,
		UpdateFunc: func(_, obj any) { w.Seen(obj) },
		DeleteFunc: func(obj any) { w.Gone(last(obj)) },
	})
	if err != nil {
		return fmt.Errorf("watch %s: %w", w.Kind.Kind, err)
	}
	ctx, stop := context.WithCancel(ctx)
	synced := make(chan struct{})
	k.running[w.Kind] = &running{stop: stop, synced: synced}
	go informer.RunWithContext(ctx)
	go func() {
		if cache.WaitForCacheSync(ctx.Done(), handle.HasSynced) {
			close(synced)
			w.Synced()
		}
	}()
	return nil
}

// Stop ends the watch of a kind, and says whether there was one.
func (k *Kinds) Stop(kind schema.GroupVersionKind) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.running[kind]
	if w == nil {
		return false
	}
	w.stop()
	delete(k.running, kind)
	return true
}

// Synced says whether the watch of a kind has seen all that there was.
func (k *Kinds) Synced(kind schema.GroupVersionKind) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.running[kind]
	if w == nil {
		return false
	}
	select {
	case <-w.synced:
		return true
	default:
		return false
	}
}

func (k *Kinds) lists(w Watch) cache.ListerWatcher {
	resource := k.client.Resource(w.Resource)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = w.Selector
			return resource.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = w.Selector
			return resource.Watch(ctx, options)
		},
	}, k.client)
}

func keeping(keep func(*unstructured.Unstructured) (any, error)) cache.TransformFunc {
	return func(obj any) (any, error) {
		if u, ok := obj.(*unstructured.Unstructured); ok {
			return keep(u)
		}
		return obj, nil
	}
}

// last is the last known state of an object whose deletion was missed.
func last(obj any) any {
	if unknown, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		return unknown.Obj
	}
	return obj
}
