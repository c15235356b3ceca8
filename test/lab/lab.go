// Package lab is a cluster to count requests on: a local one of this
// project's own, or any that a kubeconfig names. Tests and the demo put
// images and objects on it, run the load client in its pods, and reach its
// gateways from outside.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/cluster/local"
)

// Options say which cluster to take.
type Options struct {
	// Kubeconfig names a cluster of somebody else's. Where it is empty, the
	// local cluster called Name is taken, and brought up where it is not.
	Kubeconfig string
	// Context of that kubeconfig; its current one where empty.
	Context string
	Name    string
	// Progress gets a line for each long step. It may be nil.
	Progress io.Writer
}

// Lab is an open cluster.
type Lab struct {
	Kubeconfig string
	Context    string
	Config     *rest.Config
	Client     client.Client
	// Local is nil where the cluster is somebody else's.
	Local *local.Cluster

	kubectl  string
	progress io.Writer
	// started says that Open brought the cluster up.
	started bool
	loading sync.Mutex
}

// Open finds or starts the cluster. What it started goes on running when this
// process ends, unless Close takes it down.
func Open(ctx context.Context, o Options) (*Lab, error) {
	l := &Lab{Kubeconfig: o.Kubeconfig, Context: o.Context, progress: o.Progress}
	if l.progress == nil {
		l.progress = io.Discard
	}
	var err error
	if l.Kubeconfig == "" {
		if err := l.openLocal(ctx, o.Name); err != nil {
			return nil, err
		}
		l.Kubeconfig, l.Context = l.Local.Kubeconfig(), ""
	}
	if l.kubectl, err = binaries.Kubectl(ctx, l.progress); err != nil {
		return nil, err
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: l.Kubeconfig}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: l.Context}
	if l.Config, err = clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig(); err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	if l.Client, err = client.New(l.Config, client.Options{}); err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	return l, nil
}

func (l *Lab) openLocal(ctx context.Context, name string) error {
	if name == "" {
		name = local.DefaultName
	}
	var err error
	l.Local, err = local.Open(name)
	if errors.Is(err, local.ErrDown) {
		l.started = true
		l.Local, err = local.Up(ctx, local.Options{Name: name, Progress: l.progress})
	}
	return err
}

// Close takes the cluster down if Open brought it up, and leaves every other
// as it is.
func (l *Lab) Close(ctx context.Context) error {
	if !l.started {
		return nil
	}
	return l.Local.Down(ctx)
}

// Address is where one port of a LoadBalancer Service is reached from outside
// of the cluster: through the relay of a local one.
func (l *Lab) Address(ctx context.Context, service client.ObjectKey, port int32) (string, error) {
	if l.Local == nil {
		return l.ingress(ctx, service, port)
	}
	inside, err := l.ingress(ctx, service, port)
	if err != nil {
		return "", err
	}
	status, err := l.Local.Status(ctx)
	if err != nil {
		return "", err
	}
	for _, lb := range status.LoadBalancers {
		if lb.Address == inside && lb.Relay != "" {
			return lb.Relay, nil
		}
	}
	return "", fmt.Errorf("find relay to %s of service %s: none leads there", inside, service)
}
