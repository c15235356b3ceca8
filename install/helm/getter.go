package helm

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// getter gives Helm the cluster of a configuration, with what it serves read
// once. One step uses one getter, so that each sees new CRDs.
type getter struct {
	config    *rest.Config
	namespace string

	once   sync.Once
	served discovery.CachedDiscoveryInterface
	mapper meta.RESTMapper
	err    error
}

func newGetter(config *rest.Config, namespace string) *getter {
	return &getter{config: config, namespace: namespace}
}

func (g *getter) discover() {
	g.once.Do(func() {
		client, err := discovery.NewDiscoveryClientForConfig(g.config)
		if err != nil {
			g.err = err
			return
		}
		g.served = memory.NewMemCacheClient(client)
		g.mapper = restmapper.NewDeferredDiscoveryRESTMapper(g.served)
	})
}

// ToRESTConfig returns a copy of the configuration.
func (g *getter) ToRESTConfig() (*rest.Config, error) { return rest.CopyConfig(g.config), nil }

// ToDiscoveryClient returns the getter's one client.
func (g *getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	g.discover()
	return g.served, g.err
}

// ToRESTMapper returns the getter's one mapper.
func (g *getter) ToRESTMapper() (meta.RESTMapper, error) {
	g.discover()
	return g.mapper, g.err
}

// ToRawKubeConfigLoader tells the namespace, which is all that Helm asks it for.
func (g *getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: g.namespace}}
	return clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), overrides)
}
