package istio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// release is one chart of Istio's with its values.
type release struct {
	name, namespace string
	// chart is a folder below manifests/charts.
	chart  string
	values map[string]any
}

// apply installs the release or upgrades it, and waits until all of it is
// ready.
func (i *Installer) apply(ctx context.Context, r release) error {
	begun := time.Now()
	c, err := loader.Load(filepath.Join(i.charts, r.chart))
	if err != nil {
		return fmt.Errorf("load chart %s: %w", r.chart, err)
	}
	config, err := i.helm(r.namespace)
	if err != nil {
		return err
	}
	upgrade, err := i.settled(ctx, config, r)
	if err != nil {
		return err
	}
	if upgrade {
		err = i.upgrade(ctx, config, c, r)
	} else {
		err = i.install(ctx, config, c, r)
	}
	if err != nil {
		return fmt.Errorf("install %s: %w", r.name, err)
	}
	i.say("%s is ready (%.1f s)", r.name, time.Since(begun).Seconds())
	return nil
}

// settled says whether the release is there to be upgraded. One that a broken
// run left half installed is removed first.
func (i *Installer) settled(ctx context.Context, config *action.Configuration, r release) (bool, error) {
	history, err := action.NewHistory(config).Run(r.name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read release %s: %w", r.name, err)
	}
	for _, h := range history {
		if v, ok := h.(*releasev1.Release); ok && v.Info.Status == common.StatusDeployed {
			return true, nil
		}
	}
	i.say("%s was left half installed and is removed first", r.name)
	return false, i.remove(ctx, r.name, r.namespace)
}

func (i *Installer) install(ctx context.Context, config *action.Configuration, c chart.Charter, r release) error {
	in := action.NewInstall(config)
	in.ReleaseName, in.Namespace, in.CreateNamespace = r.name, r.namespace, true
	in.WaitStrategy, in.Timeout = kube.StatusWatcherStrategy, i.Timeout
	// istiod fills in parts of its own webhooks; they are the chart's again on
	// an upgrade.
	in.ForceConflicts = true
	_, err := in.RunWithContext(ctx, c, r.values)
	return err
}

func (i *Installer) upgrade(ctx context.Context, config *action.Configuration, c chart.Charter, r release) error {
	up := action.NewUpgrade(config)
	up.Namespace, up.ForceConflicts = r.namespace, true
	up.WaitStrategy, up.Timeout, up.MaxHistory = kube.StatusWatcherStrategy, i.Timeout, 3
	_, err := up.RunWithContext(ctx, r.name, c, r.values)
	return err
}

// remove uninstalls a release and waits until its objects are gone.
func (i *Installer) remove(ctx context.Context, name, namespace string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	config, err := i.helm(namespace)
	if err != nil {
		return err
	}
	un := action.NewUninstall(config)
	un.IgnoreNotFound = true
	un.WaitStrategy, un.Timeout = kube.StatusWatcherStrategy, i.Timeout
	if _, err := un.Run(name); err != nil {
		return fmt.Errorf("uninstall %s: %w", name, err)
	}
	return nil
}

// helm returns Helm's configuration for one namespace, without its log.
func (i *Installer) helm(namespace string) (*action.Configuration, error) {
	config := action.NewConfiguration(action.ConfigurationSetLogger(slog.NewTextHandler(io.Discard, nil)))
	if err := config.Init(i.getter(namespace), namespace, "secret"); err != nil {
		return nil, fmt.Errorf("set up Helm: %w", err)
	}
	return config, nil
}

func (i *Installer) getter(namespace string) *genericclioptions.ConfigFlags {
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig, flags.Context, flags.Namespace = &i.cluster.Kubeconfig, &i.cluster.Context, &namespace
	return flags
}
