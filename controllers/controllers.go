// Package controllers lists the controllers and connects them with each other
// and with a manager: watches fill the store, the store says which units are
// due, one loop runs units, another writes status.
package controllers

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/mesh"
	"github.com/meshloom/meshloom/controllers/traffic"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/internal/reconciler"
	"github.com/meshloom/meshloom/internal/running"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// Options are what the controllers depend on beside a cluster.
type Options struct {
	Providers []translators.Provider
	// Workers run units, and as many write status; at least one.
	Workers int
	// Settle is how long a change of routes has to arrive at proxies before
	// what it replaces is removed.
	Settle time.Duration
	// CertificateNamespaces are those whose TLS Secrets are read, to check the
	// certificates that listeners name; nil is every namespace.
	CertificateNamespaces []string
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
}

// inputs are the kinds of which the store holds every object.
var inputs = []client.Object{
	&v1alpha1.Mesh{}, &v1alpha1.IngressController{}, &v1alpha1.IngressGateway{}, &v1alpha1.TrafficSplit{},
	&v1alpha1.GatewayRoute{}, &v1alpha1.TrafficPolicy{}, &v1alpha1.AccessPolicy{}, &v1alpha1.ExternalService{},
	&corev1.Namespace{}, &corev1.Service{}, &corev1.Pod{}, &corev1.Secret{},
}

// Scheme returns the scheme that a manager of the controllers needs.
func Scheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, appsv1.AddToScheme, apiextensionsv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("build scheme: %w", err)
		}
	}
	return scheme, nil
}

// Cache returns the options of the cache that a manager of the controllers
// needs: informers keep no more than is read.
func Cache(opts Options) ctrlcache.Options {
	return ctrlcache.Options{
		DefaultTransform: traffic.Trim(engine.StoreOptions(opts.Providers).Picked),
		ByObject: map[client.Object]ctrlcache.ByObject{
			&corev1.Secret{}: opts.secrets(),
			&apiextensionsv1.CustomResourceDefinition{}: {Transform: reconciler.TrimDefinition},
			&appsv1.Deployment{}:                        {Transform: running.Trim},
			&appsv1.DaemonSet{}:                         {Transform: running.Trim},
		},
	}
}

// Progress says how far controllers have come since their start.
type Progress struct {
	// Known is closed when everything that there was at the start is known.
	Known <-chan struct{}
	// Primed is closed when every unit has run once; on the leader only.
	Primed <-chan struct{}
}

// Add connects the controllers with the manager. The manager must have been
// made with Scheme and Cache.
func Add(mgr manager.Manager, opts Options) (Progress, error) {
	a, err := assemble(mgr, opts)
	if err != nil {
		return Progress{}, err
	}
	for _, runnable := range []manager.Runnable{a, a.units, a.statuses} {
		if err := mgr.Add(runnable); err != nil {
			return Progress{}, fmt.Errorf("add controllers: %w", err)
		}
	}
	return Progress{Known: a.ready, Primed: a.primed}, nil
}

// assemble makes the parts and connects them.
func assemble(mgr manager.Manager, opts Options) (*assembly, error) {
	dyn, err := dynamic.NewForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	resources, names, err := own()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(opts.Registerer)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	store := resolve.NewStore(opts.store())
	if err := opts.Registerer.Register(newUnitCollector(store.Keys)); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	a := &assembly{
		opts: opts, informers: mgr.GetCache(), store: store, catalog: apply.NewCatalog(opts.Providers),
		cache: apply.NewCache(), definitions: reconciler.NewDefinitions(), kinds: reconciler.NewKinds(dyn),
		joiner: status.NewJoiner(), names: names, poke: make(chan struct{}, 1), ready: make(chan struct{}), primed: make(chan struct{}),
		units: reconciler.NewLoop[ir.Key]("units", opts.Workers), statuses: reconciler.NewLoop[ir.Ref]("status", opts.Workers),
		statusWriter: &status.Writer{Client: dyn, Resources: resources, Wrote: m.wroteStatus},
	}
	a.guard = &apply.Guard{
		Live: a.cache.Count, Confirmed: a.confirmations.Of, Now: time.Now,
		Stopped: func() bool { return !a.definitions.Whole(names) },
	}
	a.watches = &traffic.Watches{
		Store: store, Cache: a.cache, Guard: a.guard, Joiner: a.joiner, Happened: a.happened,
		Add:     func(keys []ir.Key) { a.units.Add(keys...) },
		Changed: func(refs []ir.Ref) { a.statuses.Add(refs...) },
	}
	a.controller = &traffic.Controller{
		Engine: engine.New(engine.Config{Store: store, Providers: opts.Providers}),
		Cache:  a.cache, Guard: a.guard, Joiner: a.joiner, Settle: opts.Settle,
		Writer: &apply.Writer{Client: dyn, Mapper: mgr.GetRESTMapper(), Cache: a.cache, Catalog: a.catalog, Wrote: m.wrote},
		Intact: intact(mgr.GetAPIReader(), resources),
		Served: a.served, Terminating: a.watches.Terminating, Due: a.watches.Due, Changed: a.watches.Changed, Ran: m.ran,
	}
	a.units.Process, a.units.Ready = a.controller.Process, a.prime
	a.statuses.Process, a.statuses.Ready = a.writeStatus, a.wait
	return a, nil
}

// assembly is all controllers of one process.
type assembly struct {
	opts          Options
	informers     ctrlcache.Cache
	store         *resolve.Store
	catalog       apply.Catalog
	cache         *apply.Cache
	guard         *apply.Guard
	joiner        *status.Joiner
	watches       *traffic.Watches
	controller    *traffic.Controller
	definitions   *reconciler.Definitions
	kinds         *reconciler.Kinds
	running       running.Store
	confirmations mesh.Confirmations
	units         *reconciler.Loop[ir.Key]
	statuses      *reconciler.Loop[ir.Ref]
	statusWriter  *status.Writer
	// names are those of our CRDs.
	names []string
	// poke has the watches of native kinds looked over; ready is closed when
	// everything that there was at the start is known, primed when every unit
	// has run.
	poke          chan struct{}
	ready, primed chan struct{}
}

// own returns the resources of our kinds, and the names of their CRDs.
func own() (map[string]schema.GroupVersionResource, []string, error) {
	definitions, err := kinds.Definitions()
	if err != nil {
		return nil, nil, err
	}
	resources := map[string]schema.GroupVersionResource{}
	var names []string
	for _, crd := range definitions {
		resources[crd.Spec.Names.Kind] = v1alpha1.GroupVersion.WithResource(crd.Spec.Names.Plural)
		names = append(names, crd.Name)
	}
	return resources, names, nil
}

// prime makes every unit due once all is known: those that there are, and those
// of which only objects are left.
func (a *assembly) prime(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-a.ready:
	}
	var keys, shared []ir.Key
	for _, key := range append(a.store.Keys(), a.cache.Units()...) {
		if key.Kind == apply.KindShared {
			shared = append(shared, key)
		} else {
			keys = append(keys, key)
		}
	}
	a.guard.Expect(keys)
	first := a.controller.Begin(keys)
	a.watches.Due(append(keys, shared...))
	go func() {
		select {
		case <-ctx.Done():
		case <-first:
			close(a.primed)
		}
	}()
	return nil
}

// wait holds status back until every unit has run.
func (a *assembly) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-a.primed:
	}
	return nil
}
