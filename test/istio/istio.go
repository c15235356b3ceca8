// Package istio installs a real Istio on a cluster for tests and the demo:
// the charts that come with Istio's own module, through the Helm SDK.
//
// Its proxies are the official Envoy and not Istio's own build of it, so the
// values here turn off what only that build understands. They belong to the
// tests alone; the product never writes them.
package istio

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/meshloom/meshloom/test/binaries"
)

// Namespace is where the control plane is installed.
const Namespace = "istio-system"

// Cluster is where to install.
type Cluster struct {
	Kubeconfig string
	// Context of the kubeconfig; its current one where empty.
	Context string
}

// Installer installs on one cluster. The images it asks for have to be on the
// cluster's nodes already: see test/images.
type Installer struct {
	cluster  Cluster
	charts   string
	progress io.Writer
	// Timeout bounds the wait for each chart to be ready.
	Timeout time.Duration
}

// New finds the charts and returns an installer. Progress, which may be nil,
// gets a line for each chart.
func New(ctx context.Context, cluster Cluster, progress io.Writer) (*Installer, error) {
	if progress == nil {
		progress = io.Discard
	}
	source, err := binaries.ModuleDir(ctx, "istio", "istio.io/istio")
	if err != nil {
		return nil, err
	}
	return &Installer{
		cluster: cluster, progress: progress, Timeout: 3 * time.Minute,
		charts: filepath.Join(source, "manifests", "charts"),
	}, nil
}

// Install installs or changes the control plane and returns when istiod is
// ready to inject. Values are merged over those that a plain Envoy needs; nil
// is fine.
func (i *Installer) Install(ctx context.Context, values map[string]any) error {
	base := release{name: "istio-base", namespace: Namespace, chart: "base", values: map[string]any{"defaultRevision": "default"}}
	if err := i.apply(ctx, base); err != nil {
		return err
	}
	control := release{name: "istiod", namespace: Namespace, chart: "istio-control/istio-discovery", values: merge(plainEnvoy(), values)}
	if err := i.apply(ctx, control); err != nil {
		return err
	}
	return i.awaitInjector(ctx)
}

// Gateway is one gateway to install: a Deployment, a Service and a
// ServiceAccount.
type Gateway struct {
	// Name of all of them, and of the labels app and istio of the pods, which
	// a native Gateway selects by.
	Name, Namespace string
	// Labels for all objects and pods. "app" and "istio" replace the default.
	Labels map[string]string
	// ServiceAccount is Name where empty.
	ServiceAccount string
	// ServiceType is LoadBalancer where empty.
	ServiceType string
	// Values are merged over all of these.
	Values map[string]any
}

// InstallGateway installs or changes a gateway, makes its namespace where
// there is none, and returns when its pods are ready. The control plane has to
// be there first: it fills in the pods.
func (i *Installer) InstallGateway(ctx context.Context, g Gateway) error {
	return i.apply(ctx, release{name: g.Name, namespace: g.Namespace, chart: "gateway", values: merge(g.values(), g.Values)})
}

// UninstallGateway removes a gateway, and does nothing where there is none.
func (i *Installer) UninstallGateway(ctx context.Context, g Gateway) error {
	return i.remove(ctx, g.Name, g.Namespace)
}

// Uninstall removes the control plane, and does nothing where there is none.
// The CRDs and their objects stay.
func (i *Installer) Uninstall(ctx context.Context) error {
	for _, name := range []string{"istiod", "istio-base"} {
		if err := i.remove(ctx, name, Namespace); err != nil {
			return err
		}
	}
	return nil
}

// CRDs returns the file with the definitions of Istio's kinds, which need no
// templating.
func (i *Installer) CRDs() string {
	return filepath.Join(i.charts, "base", "files", "crd-all.gen.yaml")
}

func (i *Installer) say(format string, args ...any) {
	fmt.Fprintf(i.progress, format+"\n", args...)
}
