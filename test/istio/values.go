package istio

import (
	"maps"

	"github.com/meshloom/meshloom/test/binaries"
)

// PlainEnvoy are the values that make istiod configure proxies with what an
// official Envoy has, with images of this project's own, and everything small
// enough for many pods on one small node. They name no tag of images.
func PlainEnvoy() map[string]any {
	small := func(cpu, memory string) map[string]any {
		return map[string]any{"requests": map[string]any{"cpu": cpu, "memory": memory}}
	}
	return map[string]any{
		"global": map[string]any{
			"hub":             "docker.io/local",
			"imagePullPolicy": "IfNotPresent",
			"proxy":           map[string]any{"resources": small("5m", "40Mi")},
		},
		// The filters istio.stats, peer_metadata, metadata_exchange and
		// istio.alpn are in Istio's build of Envoy alone.
		"telemetry": map[string]any{"enabled": false},
		"pilot": map[string]any{
			"env": map[string]any{
				"PILOT_ENABLE_METADATA_EXCHANGE": "false",
				"PILOT_ENABLE_ALPN_FILTER":       "false",
			},
			"autoscaleEnabled": false,
			"resources":        small("10m", "100Mi"),
		},
	}
}

// plainEnvoy are those values for the charts of Istio's module, whose images
// have no tag of a release.
func plainEnvoy() map[string]any {
	return merge(PlainEnvoy(), map[string]any{"global": map[string]any{"tag": binaries.IstioVersion}})
}

// SmallGateway are the values of the gateway chart that go with PlainEnvoy.
func SmallGateway() map[string]any {
	return map[string]any{
		"autoscaling": map[string]any{"enabled": false},
		"resources":   map[string]any{"requests": map[string]any{"cpu": "10m", "memory": "40Mi"}},
		// The pod is made with the image "auto", for which the API server sets
		// Always before the injector puts the real name in.
		"imagePullPolicy": "IfNotPresent",
		// The injector's own probe looks every 15 seconds.
		"readinessProbe": map[string]any{
			"httpGet":       map[string]any{"path": "/healthz/ready", "port": 15021},
			"periodSeconds": 1,
		},
	}
}

func (g Gateway) values() map[string]any {
	service := "LoadBalancer"
	if g.ServiceType != "" {
		service = g.ServiceType
	}
	labels := map[string]any{}
	for k, v := range g.Labels {
		labels[k] = v
	}
	return merge(SmallGateway(), map[string]any{
		"service":        map[string]any{"type": service},
		"serviceAccount": map[string]any{"create": true, "name": g.ServiceAccount},
		"labels":         labels,
	})
}

// merge returns a copy of base with the values of over in it, map by map.
func merge(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for k, v := range over {
		below, isMap := v.(map[string]any)
		under, wasMap := out[k].(map[string]any)
		if isMap && wasMap {
			v = merge(under, below)
		}
		out[k] = v
	}
	return out
}
