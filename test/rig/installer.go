package rig

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshloom/meshloom/controllers/installer"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/translators"
)

// Install runs an installer of the providers, whose requests go through faults,
// until it is stopped or the test ends.
func (r *Rig) Install(providers []translators.Provider, faults func(http.RoundTripper) http.RoundTripper) *Operator {
	r.t.Helper()
	cfg := rest.CopyConfig(r.Config)
	w := &Writes{}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return w.over(faults(next)) })
	scheme, err := installer.Scheme()
	if err != nil {
		r.t.Fatal(err)
	}
	skip := true
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: scheme, Cache: installer.Cache(providers), Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Controller: config.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	known, err := installer.Add(mgr, installer.Options{
		Providers: providers, Workers: 2, Registerer: prometheus.NewRegistry(), Engine: helm.New(helm.Options{Config: cfg, HTTP: r.Fetches}),
		// A writer that died is not waited for long, and there are no proxies.
		Limits: install.Limits{Writer: 2 * time.Second, Pause: time.Second, Reconnect: time.Second},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return &Operator{Writes: w, Stop: r.run(mgr), primed: known}
}

// run starts a manager, and returns how to end it.
func (r *Rig) run(mgr manager.Manager) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("operator ended: %v", err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}
