package istio

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/meshloom/meshloom/install"
)

// proxyContainer is the name of the container that the injector adds, as a
// container or as an init container that stays, and of the one in a gateway.
const proxyContainer = "istio-proxy"

// proxyOf reads off a pod which control plane injected its proxy, and the
// proxy's version. A gateway that was not injected has no proxy yet.
func proxyOf(pod install.Pod) (install.Proxy, bool) {
	for _, c := range pod.Containers {
		if c.Name == proxyContainer && c.Image != "auto" {
			return install.Proxy{Revision: revisionOf(pod), Version: imageVersion([]string{c.Image}, nil)}, true
		}
	}
	return install.Proxy{}, false
}

// revisionOf reads the revision off what the injector noted on the pod. The
// label comes last: it may name a tag, which is no revision.
func revisionOf(pod install.Pod) string {
	if revision := pod.Annotations["istio.io/rev"]; revision != "" {
		return revision
	}
	var status struct {
		Revision string `json:"revision"`
	}
	if err := json.Unmarshal([]byte(pod.Annotations["sidecar.istio.io/status"]), &status); err == nil && status.Revision != "" {
		return status.Revision
	}
	return cmp.Or(pod.Labels["istio.io/rev"], defaultRevision)
}

// imageVariants end the tags of images of one version that hold the same
// programs on another base.
var imageVariants = []string{"-distroless", "-debug"}

// imageVersion reads the version off the tag of the first image that has one,
// else off the chart's label; empty where neither is one. The image comes first
// because it is what runs: charts that were not packaged for a release say
// 1.0.0.
func imageVersion(images []string, labels map[string]string) string {
	for _, version := range append(tags(images), labels["app.kubernetes.io/version"]) {
		if version == "" || version[0] < '0' || version[0] > '9' {
			continue
		}
		for _, variant := range imageVariants {
			version = strings.TrimSuffix(version, variant)
		}
		return version
	}
	return ""
}
