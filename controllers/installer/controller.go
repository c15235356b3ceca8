// Package installer installs, upgrades and removes what is Managed: meshes,
// ingress controllers and the workloads of IngressGateways. It sees what is
// there, has package install decide what is next, and does that one thing. It
// decides nothing itself, and it remembers nothing that the next process could
// not see again.
//
// What is Adopted gets not a single write.
package installer

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlcontroller "sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/reconciler"
	"github.com/meshloom/meshloom/translators"
)

// Options are what the installer depends on beside a cluster.
type Options struct {
	Providers []translators.Provider
	Engine    *helm.Engine
	// Workers is how many objects of each kind are worked on at the same time;
	// at least one.
	Workers int
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
	// Limits are how long charts of control planes may take; zero fields mean
	// the defaults.
	Limits install.Limits
}

const (
	// firstRetry and lastRetry bound the time between two attempts at what
	// failed.
	firstRetry = 500 * time.Millisecond
	lastRetry  = 2 * time.Minute
	// soon is when to look again while watches are behind our own writes.
	soon = 50 * time.Millisecond
)

// Add connects the installer with a manager that was made with Scheme and
// Cache. What it returns is closed when the installer knows all there is.
func Add(mgr manager.Manager, opts Options) (<-chan struct{}, error) {
	m, err := newMetrics(opts.Registerer)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	info, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &corev1.Pod{}, indexProxied, proxied(opts.Providers)); err != nil {
		return nil, fmt.Errorf("index pods: %w", err)
	}
	o := &observer{
		providers: opts.Providers, limits: opts.Limits, cache: mgr.GetCache(), live: mgr.GetAPIReader(), version: serverVersion(info), releases: opts.Engine.Releases,
		info: info,
	}
	a := &actor{
		client: mgr.GetClient(), live: mgr.GetAPIReader(), engine: opts.Engine, recorder: mgr.GetEventRecorder(Manager), metrics: m,
		writes: writes{get: o.known(mgr.GetScheme())}, troubles: map[string]*trouble{},
	}
	for _, one := range []loop{(&meshes{o, a}).loop(), (&ingressControllers{o, a}).loop(), (&gateways{o, a}).loop()} {
		if err := one.add(mgr, opts.Workers); err != nil {
			return nil, fmt.Errorf("add installer of %s: %w", one.kind, err)
		}
	}
	known := make(chan struct{})
	return known, mgr.Add(awaitCaches(mgr.GetCache(), known))
}

// serverVersion returns a function that asks the API server for its version.
func serverVersion(info discovery.ServerVersionInterface) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		v, err := info.ServerVersion()
		if err != nil {
			return "", fmt.Errorf("get version of the API server: %w", err)
		}
		return v.GitVersion, nil
	}
}

// loop is the controller of one kind.
type loop struct {
	kind   string
	object client.Object
	// reconcile looks at one object and does the next thing for it.
	reconcile func(context.Context, client.ObjectKey) (reconcile.Result, error)
	// concerned returns the objects that another one may matter to.
	concerned func(context.Context, client.Object) []client.ObjectKey
}

// add has a manager call the loop for whatever concerns an object of its kind.
func (l loop) add(mgr manager.Manager, workers int) error {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry)
	b := builder.ControllerManagedBy(mgr).Named("install-"+l.kind).
		WithOptions(ctrlcontroller.Options{MaxConcurrentReconciles: workers, RateLimiter: limiter}).
		Watches(l.object, &handler.EnqueueRequestForObject{}, builder.WithPredicates(asked()))
	for _, kind := range []client.Object{&v1alpha1.Mesh{}, &v1alpha1.IngressController{}, &v1alpha1.IngressGateway{}} {
		b = b.Watches(kind, l.wake(), builder.WithPredicates(told()))
	}
	for _, kind := range watched() {
		b = b.Watches(kind, l.wake(), builder.WithPredicates(changed()))
	}
	return b.Complete(reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		result, err := l.reconcile(ctx, req.NamespacedName)
		if err == nil || reconciler.ClassOf(err) != reconciler.Transient {
			return result, err
		}
		log.FromContext(ctx).V(1).Info("Trying again", "reason", err.Error())
		return reconcile.Result{RequeueAfter: firstRetry}, nil
	}))
}
