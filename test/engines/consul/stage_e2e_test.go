//go:build e2e

package consul

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/test/engines/consulk8s"
	"github.com/meshloom/meshloom/test/engines/process"
	"github.com/meshloom/meshloom/test/load"
)

//go:embed testdata/base.yaml
var base string

// stage is a Consul, the workloads of the base beside their proxies, and what
// is programmed.
type stage struct {
	folder    string
	agent     *agent
	instances []*instance
	proxies   []*process.Process
	// written are the resources in force, in the order of their application.
	written []*unstructured.Unstructured
}

// instance is a workload as Consul knows it.
type instance struct {
	id, service, version string
	// fail is the status that every request is answered with.
	fail string
	meta map[string]string
	// app is the echo server's port, public and admin are the proxy's.
	app, public, admin int
	// upstreams are the ports at which the proxy takes requests to services.
	upstreams map[string]int
}

func (i *instance) proxy() string { return i.id + "-sidecar-proxy" }

// open starts everything and returns when Consul finds all proxies healthy.
func (s *stage) open(ctx context.Context) error {
	var err error
	if s.agent, err = startAgent(ctx, s.folder, 8500); err != nil {
		return err
	}
	if err := s.place(); err != nil {
		return err
	}
	for _, i := range s.instances {
		server := &load.Server{Name: i.service, Version: i.version, Instance: i.id, Fail: i.fail}
		// It ends with this process; that it cannot serve shows in every count.
		go func() { _ = server.Serve(ctx, load.Listeners{HTTP: []string{local(i.app)}}, 0) }()
		if err := s.agent.call(ctx, http.MethodPut, "/v1/agent/service/register", i.registration(), nil); err != nil {
			return fmt.Errorf("register %s: %w", i.id, err)
		}
		proxy, err := startEnvoy(ctx, s.folder, s.agent, i)
		if err != nil {
			return err
		}
		s.proxies = append(s.proxies, proxy)
	}
	return s.awaitHealthy(ctx)
}

func (s *stage) awaitHealthy(ctx context.Context) error {
	for n, i := range s.instances {
		err := s.agent.await(ctx, i.proxy(), func() error {
			var passing []struct{ Service struct{ ID string } }
			if err := s.agent.call(ctx, http.MethodGet, "/v1/health/connect/"+url.PathEscape(i.service)+"?passing", nil, &passing); err != nil {
				return err
			}
			for _, p := range passing {
				if p.Service.ID == i.proxy() {
					return nil
				}
			}
			return errors.New("its checks do not pass")
		})
		if err != nil {
			return fmt.Errorf("%w\n%s", err, s.proxies[n].LastWords())
		}
	}
	return nil
}

// close ends what the stage has started.
func (s *stage) close() {
	for _, p := range s.proxies {
		p.Kill()
	}
	if s.agent != nil {
		s.agent.process.Kill()
	}
}

// place makes an instance of every Deployment of the base, of the service that
// selects it, as the injector does of pods: annotations of pods become meta.
func (s *stage) place() error {
	objects, err := manifest.Reader{Stdin: strings.NewReader(base)}.Read(manifest.Stdin)
	if err != nil {
		return fmt.Errorf("read base: %w", err)
	}
	var services []string
	for _, o := range objects.Objects {
		if service, ok := o.Object.(*corev1.Service); ok {
			services = append(services, service.Name)
		}
	}
	for _, o := range objects.Objects {
		deployment, ok := o.Object.(*appsv1.Deployment)
		if !ok {
			continue
		}
		n := len(s.instances)
		i := &instance{
			id: deployment.Name, version: deployment.Spec.Template.Labels["version"], meta: meta(deployment.Spec.Template.Annotations),
			app: 10000 + n, public: 11000 + n, admin: 12000 + n, upstreams: map[string]int{},
		}
		for _, other := range objects.Objects {
			if service, ok := other.Object.(*corev1.Service); ok &&
				labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(deployment.Spec.Template.Labels)) {
				i.service = service.Name
			}
		}
		for _, e := range deployment.Spec.Template.Spec.Containers[0].Env {
			if e.Name == "FAIL" {
				i.fail = e.Value
			}
		}
		for k, service := range services {
			if service != i.service {
				i.upstreams[service] = 13000 + 100*n + k
			}
		}
		s.instances = append(s.instances, i)
	}
	return nil
}

// meta is what the injector makes of annotations.
func meta(annotations map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range annotations {
		if name, ok := strings.CutPrefix(key, consulk8s.Group+"/service-meta-"); ok {
			out[name] = value
		}
	}
	return out
}

// registration is the instance and its proxy, whose check is made as often as
// Consul lets it, so that nobody waits for it.
func (i *instance) registration() object {
	upstreams := make([]object, 0, len(i.upstreams))
	for service, port := range i.upstreams {
		upstreams = append(upstreams, object{"DestinationName": service, "LocalBindAddress": "127.0.0.1", "LocalBindPort": port})
	}
	return object{
		"ID": i.id, "Name": i.service, "Address": "127.0.0.1", "Port": i.app, "Meta": i.meta,
		"Connect": object{"SidecarService": object{
			"Port": i.public, "Address": "127.0.0.1", "Meta": i.meta,
			"Checks": []object{{"Name": "listens", "TCP": local(i.public), "Interval": "1s"}},
			"Proxy":  object{"Config": object{"bind_address": "127.0.0.1"}, "Upstreams": upstreams},
		}},
	}
}

// caller is the first instance of a service.
func (s *stage) caller(service string) (*instance, error) {
	at := slices.IndexFunc(s.instances, func(i *instance) bool { return i.service == service })
	if at < 0 {
		return nil, fmt.Errorf("find an instance of %s: there is none", service)
	}
	return s.instances[at], nil
}
