package istio

import (
	"testing"

	"github.com/meshloom/meshloom/install"
)

func TestProxyOf(t *testing.T) {
	const status = `{"initContainers":["istio-init","istio-proxy"],"containers":null,"volumes":["workload-socket"],"imagePullSecrets":null,"revision":"shop-1-30-0"}`
	for name, test := range map[string]struct {
		pod  install.Pod
		want install.Proxy
		none bool
	}{
		"no proxy": {pod: install.Pod{Containers: []install.Container{{Name: "app", Image: "app:1"}}}, none: true},
		"native sidecar": {
			pod: install.Pod{
				Annotations: map[string]string{"istio.io/rev": "shop-1-31-0", "sidecar.istio.io/status": status},
				Labels:      map[string]string{"security.istio.io/tlsMode": "istio"},
				Containers: []install.Container{
					{Name: "istio-init", Image: "docker.io/istio/proxyv2:1.31.0"},
					{Name: "istio-proxy", Image: "docker.io/istio/proxyv2:1.31.0"},
					{Name: "app", Image: "app:1"},
				},
			},
			want: install.Proxy{Revision: "shop-1-31-0", Version: "1.31.0"},
		},
		"sidecar of an older injector": {
			pod: install.Pod{
				Annotations: map[string]string{"sidecar.istio.io/status": status},
				Containers:  []install.Container{{Name: "app", Image: "app:1"}, {Name: "istio-proxy", Image: "registry:5000/istio/proxyv2:1.30.0-distroless"}},
			},
			want: install.Proxy{Revision: "shop-1-30-0", Version: "1.30.0"},
		},
		"gateway, whose label names a tag": {
			pod: install.Pod{
				Annotations: map[string]string{"istio.io/rev": "shop", "inject.istio.io/templates": "gateway"},
				Labels:      map[string]string{"istio.io/rev": "prod", "sidecar.istio.io/inject": "true"},
				Containers:  []install.Container{{Name: "istio-proxy", Image: "docker.io/istio/proxyv2:1.31.0"}},
			},
			want: install.Proxy{Revision: "shop", Version: "1.31.0"},
		},
		"gateway that was not injected": {
			pod: install.Pod{
				Labels:     map[string]string{"istio.io/rev": "shop", "sidecar.istio.io/inject": "true"},
				Containers: []install.Container{{Name: "istio-proxy", Image: "auto"}},
			},
			none: true,
		},
		"by digest, default revision": {
			pod: install.Pod{
				Annotations: map[string]string{"sidecar.istio.io/status": "{"},
				Containers:  []install.Container{{Name: "istio-proxy", Image: "docker.io/istio/proxyv2@sha256:00"}},
			},
			want: install.Proxy{Revision: "default"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := proxyOf(test.pod)
			if ok == test.none || got != test.want {
				t.Errorf("proxy is %+v, %t; want %+v", got, ok, test.want)
			}
		})
	}
}
