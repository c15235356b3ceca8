package helm

import (
	"fmt"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

// clients are the ways that an Engine itself asks the cluster, without Helm.
type clients struct {
	typed    kubernetes.Interface
	dynamic  dynamic.Interface
	metadata metadata.Interface
}

// cluster returns the clients, made once.
func (e *Engine) cluster() (clients, error) {
	e.clientsOnce.Do(func() { e.clients, e.clientsErr = connect(e.options.Config) })
	return e.clients, e.clientsErr
}

func connect(config *rest.Config) (clients, error) {
	if config == nil {
		return clients{}, errOffline
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return clients{}, fmt.Errorf("set up clients: %w", err)
	}
	var c clients
	if c.typed, err = kubernetes.NewForConfigAndClient(config, client); err != nil {
		return clients{}, fmt.Errorf("set up clients: %w", err)
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, client); err != nil {
		return clients{}, fmt.Errorf("set up clients: %w", err)
	}
	if c.metadata, err = metadata.NewForConfigAndClient(config, client); err != nil {
		return clients{}, fmt.Errorf("set up clients: %w", err)
	}
	return c, nil
}
