package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// role is a part of the operator that runs alone or with the others.
type role string

const (
	// traffic keeps native objects and writes status; it needs few permissions.
	traffic role = "traffic"
	// installing installs, upgrades and removes meshes; it needs many.
	installing role = "install"
)

// flags are the operator's settings.
type flags struct {
	controllers              []string
	kubeconfig, context      string
	metrics, probes, pprof   string
	leaderElection           bool
	leaderNamespace          string
	workers                  int
	settle                   time.Duration
	verbosity                int
	qps                      float32
	leaseDuration, renewTime time.Duration
	bundle                   string
	installTimeout           time.Duration
	certificates             []string
}

func parse(args []string) (*flags, error) {
	f := &flags{}
	set := pflag.NewFlagSet("operator", pflag.ContinueOnError)
	set.StringSliceVar(&f.controllers, "controllers", []string{string(traffic), string(installing)}, "what runs in this process: traffic (native objects and status), install (meshes and ingresses)")
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file; default is the pod's service account, then $KUBECONFIG and ~/.kube/config")
	set.StringVar(&f.context, "context", "", "context of the kubeconfig")
	set.StringVar(&f.metrics, "metrics-bind-address", ":8080", "where metrics are served; 0 turns them off")
	set.StringVar(&f.probes, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served; 0 turns them off")
	set.StringVar(&f.pprof, "pprof-bind-address", "", "where profiles are served; empty turns them off")
	set.BoolVar(&f.leaderElection, "leader-elect", true, "let one of several replicas lead")
	set.StringVar(&f.leaderNamespace, "leader-election-namespace", "", "namespace of the lease; default is the pod's own, or the kubeconfig's")
	set.DurationVar(&f.leaseDuration, "leader-election-lease-duration", 15*time.Second, "how long a lost leader keeps others waiting")
	set.DurationVar(&f.renewTime, "leader-election-renew-deadline", 10*time.Second, "how long the leader tries to renew before it gives up")
	set.IntVar(&f.workers, "workers", 8, "units that are processed at the same time")
	set.DurationVar(&f.settle, "settle", 2*time.Second, "how long a change of routes has to reach proxies before what it replaces is removed")
	set.StringVar(&f.bundle, "chart-bundle", "", "archive with the charts of all that is installed, made by meshctl bundle; empty takes each chart from where it is published")
	set.DurationVar(&f.installTimeout, "install-timeout", 5*time.Minute, "how long a control plane may take to become ready before it is rolled back")
	set.StringSliceVar(&f.certificates, "certificate-namespaces", []string{everyNamespace}, "namespaces whose TLS Secrets are read to check the certificates of listeners; * is all, empty is none")
	set.IntVarP(&f.verbosity, "verbosity", "v", 0, "log level: 0 what changes, 1 why")
	set.Float32Var(&f.qps, "kube-api-qps", -1, "limit of requests a second to the API server; -1 leaves it to the server's own flow control")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	return f, f.check(set.Args())
}

// check refuses settings that cannot work.
func (f *flags) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case f.workers < 1:
		return errors.New("--workers must be at least 1")
	case f.settle < 0:
		return errors.New("--settle must not be negative")
	case len(f.controllers) == 0:
		return errors.New("--controllers must name at least one of traffic and install")
	}
	for _, name := range f.controllers {
		if name != string(traffic) && name != string(installing) {
			return fmt.Errorf("--controllers: unknown value %q; choose from traffic and install", name)
		}
	}
	return nil
}

// roles returns what runs in this process, each once.
func (f *flags) roles() []role {
	var out []role
	for _, one := range []role{traffic, installing} {
		if slices.Contains(f.controllers, string(one)) {
			out = append(out, one)
		}
	}
	return out
}

// everyNamespace stands for all namespaces in a list of them.
const everyNamespace = "*"

// certificateNamespaces are those whose TLS Secrets may be read; nil is all.
func (f *flags) certificateNamespaces() []string {
	if slices.Contains(f.certificates, everyNamespace) {
		return nil
	}
	return append([]string{}, f.certificates...)
}

// level is the lowest level that is logged: logr's verbosity counts downwards.
func (f *flags) level() slog.Level { return slog.Level(-f.verbosity) }

// restConfig finds the cluster: a named kubeconfig, else the one we run in,
// else the user's. Outside of a cluster the lease is in the kubeconfig's
// namespace, unless a flag names one.
func (f *flags) restConfig() (*rest.Config, error) {
	config, err := f.cluster()
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = f.qps, int(2*f.qps)
	return config, nil
}

func (f *flags) cluster() (*rest.Config, error) {
	if f.kubeconfig == "" && f.context == "" {
		if config, err := rest.InClusterConfig(); err == nil {
			return config, nil
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	user := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: f.context})
	if f.leaderNamespace == "" {
		namespace, _, err := user.Namespace()
		if err != nil {
			return nil, err
		}
		f.leaderNamespace = namespace
	}
	return user.ClientConfig()
}
