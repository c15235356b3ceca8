// Package installer installs, upgrades and removes Managed meshes: it sees what
// is there, has package install decide what is next, and does that one thing.
// It decides nothing itself, and it remembers nothing that the next process
// could not see again.
//
// An Adopted mesh gets not a single write.
package installer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/tools/events"
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
	// Workers is how many meshes are worked on at the same time; at least one.
	Workers int
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
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
	c := &controller{
		client: mgr.GetClient(), live: mgr.GetAPIReader(), engine: opts.Engine, providers: opts.Providers,
		recorder: mgr.GetEventRecorder("meshloom-installer"), metrics: m, troubles: map[string]*trouble{},
		observer: &observer{cache: mgr.GetCache(), live: mgr.GetAPIReader(), version: serverVersion(info), releases: opts.Engine.Releases},
	}
	c.writes.get = c.known
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &corev1.Pod{}, indexProxied, proxied(opts.Providers)); err != nil {
		return nil, fmt.Errorf("index pods: %w", err)
	}
	if err := c.listen(mgr, opts.Workers); err != nil {
		return nil, fmt.Errorf("add installer: %w", err)
	}
	known := make(chan struct{})
	return known, mgr.Add(awaitCaches(mgr.GetCache(), known))
}

// listen has the controller called for whatever concerns a Mesh.
func (c *controller) listen(mgr manager.Manager, workers int) error {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry)
	b := builder.ControllerManagedBy(mgr).Named("installer").
		WithOptions(ctrlcontroller.Options{MaxConcurrentReconciles: workers, RateLimiter: limiter}).
		Watches(&v1alpha1.Mesh{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(asked())).
		Watches(&v1alpha1.Mesh{}, c.wake(), builder.WithPredicates(asked()))
	for _, kind := range watched() {
		b = b.Watches(kind, c.wake(), builder.WithPredicates(changed()))
	}
	return b.Complete(c)
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

// controller brings Meshes to what is asked of them, one step at a time.
type controller struct {
	client client.Client
	// live reads from the API server.
	live      client.Reader
	engine    *helm.Engine
	providers []translators.Provider
	observer  *observer
	writes    writes
	recorder  events.EventRecorder
	metrics   *metrics

	mu       sync.Mutex
	troubles map[string]*trouble
}

// Reconcile looks at one Mesh and does the next thing for it.
func (c *controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	result, err := c.reconcile(ctx, req.Name)
	if err == nil {
		return result, nil
	}
	if reconciler.ClassOf(err) == reconciler.Transient {
		log.FromContext(ctx).V(1).Info("Trying again", "reason", err.Error())
		return reconcile.Result{RequeueAfter: firstRetry}, nil
	}
	return reconcile.Result{}, err
}

func (c *controller) reconcile(ctx context.Context, name string) (reconcile.Result, error) {
	// What the installer wrote last must not be older than its last act.
	mesh := &v1alpha1.Mesh{}
	if err := c.live.Get(ctx, client.ObjectKey{Name: name}, mesh); err != nil {
		if apierrors.IsNotFound(err) {
			c.forget(name)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("get Mesh %s: %w", name, err)
	}
	if mesh.Spec.Mode != v1alpha1.ModeManaged {
		return reconcile.Result{}, c.handBack(ctx, mesh)
	}
	provider := c.provider(string(mesh.Spec.Provider))
	if provider == nil || provider.Charts == nil || provider.Charts.Mesh == nil {
		return reconcile.Result{}, c.notOffered(ctx, mesh)
	}
	if !c.writes.seen(ctx, name) {
		return reconcile.Result{RequeueAfter: soon}, nil
	}
	t := target{mesh: mesh, provider: provider, namespace: namespaceOf(mesh, provider)}
	wanted, err := c.observer.wanted(ctx, t)
	if err != nil {
		return reconcile.Result{}, err
	}
	seen, err := c.observer.see(ctx, t, wanted)
	if err != nil {
		return reconcile.Result{}, err
	}
	step, state := install.Next(provider.Charts, wanted, seen)
	return c.take(ctx, turn{target: t, wanted: wanted, step: step, state: state})
}

// turn is one step for one Mesh.
type turn struct {
	target

	wanted install.Wanted
	step   install.Step
	state  v1alpha1.InstallState
}

// take records how things stand, and then does the step: what dies in between
// is seen by the next process.
func (c *controller) take(ctx context.Context, t turn) (reconcile.Result, error) {
	if err := c.hold(ctx, t); err != nil {
		return reconcile.Result{}, err
	}
	state := troubled(t.state, t.mesh.Generation, c.troubleOf(t))
	said, err := c.record(ctx, t.mesh, &state)
	if err != nil {
		return reconcile.Result{}, err
	}
	act := acts[t.step.Kind]
	if act == nil {
		if said && t.step.Kind == install.StepRefuse {
			c.warn(t, string(t.step.Reason), t.step.Message)
		}
		return reconcile.Result{RequeueAfter: t.step.After}, nil
	}
	err = act(c, ctx, t)
	c.metrics.took(t.step.Kind, err)
	if err != nil {
		return c.failed(ctx, t, err)
	}
	c.settle(t.mesh.Name, nil)
	c.tell(t)
	return reconcile.Result{RequeueAfter: max(t.step.After, time.Millisecond)}, nil
}

// failed takes note of an act that did not succeed, and says so. What would be
// refused again is no error of ours, and looked at again only if what is seen
// has changed by it.
func (c *controller) failed(ctx context.Context, t turn, err error) (reconcile.Result, error) {
	if t.step.Chart == nil {
		err = fmt.Errorf("%s: %w", describe(t.step), err)
	}
	if reconciler.ClassOf(err) == reconciler.Transient || ctx.Err() != nil {
		return reconcile.Result{}, err
	}
	trouble := newTrouble(t, err)
	news := c.settle(t.mesh.Name, trouble)
	state := troubled(t.state, t.mesh.Generation, trouble)
	if _, recordErr := c.record(ctx, t.mesh, &state); recordErr != nil {
		return reconcile.Result{}, errors.Join(err, recordErr)
	}
	if news {
		c.warn(t, string(trouble.reason), err.Error())
	}
	switch {
	case !trouble.stalled:
		return reconcile.Result{}, err
	case news:
		return reconcile.Result{RequeueAfter: soon}, nil
	}
	return reconcile.Result{RequeueAfter: lastRetry}, nil
}

// provider returns the provider of a name; nil where there is none.
func (c *controller) provider(name string) *translators.Provider {
	for i := range c.providers {
		if c.providers[i].Name == name {
			return &c.providers[i]
		}
	}
	return nil
}

// known returns the resource version that watches know of an object; empty
// where they know none.
func (c *controller) known(ctx context.Context, kind schema.GroupVersionKind, key client.ObjectKey) string {
	made, err := c.client.Scheme().New(kind)
	if err != nil {
		return ""
	}
	object, ok := made.(client.Object)
	if !ok || c.observer.cache.Get(ctx, key, object) != nil {
		return ""
	}
	return object.GetResourceVersion()
}

// forget drops what is known of a Mesh that is gone.
func (c *controller) forget(name string) {
	c.settle(name, nil)
}
