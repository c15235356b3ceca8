package consul

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// proxyContainer is the name of the container that the injector adds; in a pod
// of several services there is one for each, with the service's name after it.
const proxyContainer = "consul-dataplane"

func isProxy(container string) bool {
	return container == proxyContainer || strings.HasPrefix(container, proxyContainer+"-")
}

// proxied says whether the injector has put Consul's proxy into the workload.
func proxied(w ir.Workload) bool { return slices.ContainsFunc(w.Containers, isProxy) }

// proxyOf reads the version of a pod's proxy off its image. A cluster has one
// control plane, so that pods do not name theirs.
func proxyOf(pod install.Pod) (install.Proxy, bool) {
	for _, c := range pod.Containers {
		if isProxy(c.Name) {
			return install.Proxy{Version: tagOf(c.Image)}, true
		}
	}
	return install.Proxy{}, false
}

// tagOf is the tag of an image where it is a version; empty where it is none.
func tagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	i := strings.LastIndexByte(image, ':')
	if i <= strings.LastIndexByte(image, '/') || i+1 == len(image) || image[i+1] < '0' || image[i+1] > '9' {
		return ""
	}
	return image[i+1:]
}

// plural is the name of a kind's resource.
func plural(kind string) string {
	name := strings.ToLower(kind)
	switch {
	case strings.HasSuffix(name, "sh"):
		return name + "es"
	case strings.HasSuffix(name, "s"):
		return name
	}
	return name + "s"
}
