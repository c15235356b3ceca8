package installer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/workqueue"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
)

// indexProxied finds trimmed pods by the providers whose proxy they carry.
const indexProxied = "proxied"

// quiet is how long events of a cluster's daily life are gathered.
const quiet = 200 * time.Millisecond

// watched are the kinds that informers keep, beside our own.
func watched() []client.Object {
	return []client.Object{
		&corev1.Namespace{}, &corev1.Pod{}, &policyv1.PodDisruptionBudget{},
		&appsv1.Deployment{}, &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, &apiextensionsv1.CustomResourceDefinition{},
		&admissionv1.MutatingWebhookConfiguration{}, &admissionv1.ValidatingWebhookConfiguration{},
		partial(replicaSets), partial(secrets), partial(services),
	}
}

// Scheme returns the scheme that a manager of the installer needs.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme, admissionv1.AddToScheme, apiextensionsv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("build scheme: %w", err)
		}
	}
	return scheme, nil
}

// Cache returns the options of the cache that a manager of the installer needs:
// informers keep no more than is read, and nobody changes what they keep.
func Cache(providers []translators.Provider) ctrlcache.Options {
	shared := true
	return ctrlcache.Options{DefaultTransform: trimmer{providers}.trim, DefaultUnsafeDisableDeepCopy: &shared}
}

// proxied is the function of indexProxied.
func proxied(providers []translators.Provider) client.IndexerFunc {
	return func(obj client.Object) []string {
		pod, ok := obj.(*corev1.Pod)
		if !ok {
			return nil
		}
		var out []string
		for i := range providers {
			if proxyOf(pod, providers[i].Name) != nil {
				out = append(out, providers[i].Name)
			}
		}
		return out
	}
}

// changed lets events through that change anything of what is kept: most of
// what happens to pods is of no interest.
func changed() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, _ := e.ObjectOld.DeepCopyObject().(client.Object)
		after, _ := e.ObjectNew.DeepCopyObject().(client.Object)
		if before == nil || after == nil {
			return true
		}
		before.SetResourceVersion("")
		after.SetResourceVersion("")
		return !equality.Semantic.DeepEqual(before, after)
	}}
}

// asked lets events of an object through by which somebody asks for something:
// not those that only say what was observed.
func asked() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() ||
			!maps.Equal(e.ObjectOld.GetAnnotations(), e.ObjectNew.GetAnnotations()) ||
			!slices.Equal(e.ObjectOld.GetFinalizers(), e.ObjectNew.GetFinalizers()) ||
			(e.ObjectOld.GetDeletionTimestamp() == nil) != (e.ObjectNew.GetDeletionTimestamp() == nil)
	}}
}

// awaitCaches closes the channel when informers know all there is, on every
// replica.
func awaitCaches(informers ctrlcache.Cache, known chan<- struct{}) manager.Runnable {
	return everywhere(func(ctx context.Context) error {
		if informers.WaitForCacheSync(ctx) {
			close(known)
		}
		return nil
	})
}

// everywhere is a runnable that does not wait for leadership.
type everywhere func(context.Context) error

// Start implements manager.Runnable.
func (f everywhere) Start(ctx context.Context) error { return f(ctx) }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (everywhere) NeedLeaderElection() bool { return false }

// told lets events of our kinds through by which somebody asks for something,
// or the installer says something: one object's progress is another's turn.
func told() predicate.Predicate {
	return predicate.Or(asked(), predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := stateOf(e.ObjectOld), stateOf(e.ObjectNew)
		return before != nil && after != nil && !equality.Semantic.DeepEqual(*before, *after)
	}})
}

// wake has every object looked at that another may concern, a little later:
// events come in flocks.
func (l loop) wake() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	add := func(ctx context.Context, obj client.Object, q queue) {
		for _, key := range l.concerned(ctx, obj) {
			q.AddAfter(reconcile.Request{NamespacedName: key}, quiet)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { add(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			add(ctx, e.ObjectOld, q)
			add(ctx, e.ObjectNew, q)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { add(ctx, e.Object, q) },
	}
}
