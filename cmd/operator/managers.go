package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshloom/meshloom/controllers"
	"github.com/meshloom/meshloom/controllers/installer"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/translators/all"
)

// leases are the names of the leases by which one process leads in each role:
// the roles may run in different processes.
var leases = map[role]string{traffic: "operator.meshloom.io", installing: "installer.meshloom.io"}

// managers returns one manager for each role. They share nothing, as each keeps
// other parts of what it watches; the first one serves probes and metrics for
// all.
func (f *flags) managers(config *rest.Config) ([]manager.Manager, error) {
	var out []manager.Manager
	for _, one := range f.roles() {
		mgr, known, err := f.manager(config, one, len(out) == 0)
		if err != nil {
			return nil, fmt.Errorf("set up controllers of %s: %w", one, err)
		}
		out = append(out, mgr)
		if err := out[0].AddReadyzCheck(string(one), check(known)); err != nil {
			return nil, fmt.Errorf("add readiness probe: %w", err)
		}
	}
	if err := out[0].AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, fmt.Errorf("add health probe: %w", err)
	}
	return out, nil
}

// manager returns the manager of a role, and what is closed when it knows all
// there is.
func (f *flags) manager(config *rest.Config, one role, serves bool) (manager.Manager, <-chan struct{}, error) {
	options := ctrl.Options{
		Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		LeaderElection: f.leaderElection, LeaderElectionID: leases[one], LeaderElectionNamespace: f.leaderNamespace,
		LeaseDuration: &f.leaseDuration, RenewDeadline: &f.renewTime,
		// The next leader need not wait for the lease to run out: when the
		// manager has ended, nothing of this process writes any more.
		LeaderElectionReleaseOnCancel: true,
	}
	if serves {
		options.Metrics.BindAddress, options.HealthProbeBindAddress, options.PprofBindAddress = f.metrics, f.probes, f.pprof
	}
	if one == installing {
		return f.installer(config, options)
	}
	return f.traffic(config, options)
}

func (f *flags) traffic(config *rest.Config, options ctrl.Options) (manager.Manager, <-chan struct{}, error) {
	what := controllers.Options{Providers: all.Providers(), Workers: f.workers, Settle: f.settle, CertificateNamespaces: f.certificateNamespaces(), Registerer: ctrlmetrics.Registry}
	var err error
	if options.Scheme, err = controllers.Scheme(); err != nil {
		return nil, nil, err
	}
	options.Cache = controllers.Cache(what)
	mgr, err := ctrl.NewManager(config, options)
	if err != nil {
		return nil, nil, fmt.Errorf("make manager: %w", err)
	}
	progress, err := controllers.Add(mgr, what)
	return mgr, progress.Known, err
}

// meshes is how many meshes are installed or upgraded at the same time.
const meshes = 4

func (f *flags) installer(config *rest.Config, options ctrl.Options) (manager.Manager, <-chan struct{}, error) {
	what := installer.Options{
		Providers: all.Providers(), Workers: meshes, Registerer: ctrlmetrics.Registry,
		Limits: install.Limits{Gates: f.installTimeout},
		Engine: helm.New(helm.Options{
			Config: config, Namespace: f.home(), Bundle: f.bundle,
			Log: slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn + 4*f.level()}),
		}),
	}
	var err error
	if options.Scheme, err = installer.Scheme(); err != nil {
		return nil, nil, err
	}
	options.Cache = installer.Cache(what.Providers)
	mgr, err := ctrl.NewManager(config, options)
	if err != nil {
		return nil, nil, fmt.Errorf("make manager: %w", err)
	}
	known, err := installer.Add(mgr, what)
	return mgr, known, err
}

// podNamespace is where a pod finds the namespace that it is in.
const podNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// home is the namespace that Meshloom runs in, where Secrets of chart sources
// are.
func (f *flags) home() string {
	if f.leaderNamespace != "" {
		return f.leaderNamespace
	}
	text, err := os.ReadFile(podNamespace)
	if err != nil {
		return "meshloom-system"
	}
	return strings.TrimSpace(string(text))
}

// check is ready once all is known.
func check(known <-chan struct{}) healthz.Checker {
	return func(*http.Request) error {
		select {
		case <-known:
			return nil
		default:
			return errors.New("caches are not filled yet")
		}
	}
}

// runAll runs managers until the context ends or one of them does: a role that
// lost its lease ends the process, as the others' work is not known to it.
func runAll(ctx context.Context, managers []manager.Manager) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(managers))
	for _, mgr := range managers {
		go func() {
			defer cancel()
			ended <- mgr.Start(ctx)
		}()
	}
	var errs []error
	for range managers {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}
