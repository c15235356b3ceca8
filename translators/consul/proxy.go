package consul

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// proxyContainer is the name of the container that the injector adds; in a pod
// of several services there is one for each, with the service's name after it.
const proxyContainer = "consul-dataplane"

// The mark on namespaces by which the injector that we install knows whose new
// pods get a proxy. Consul has none of its own: its chart takes a selector.
const (
	labelInject   = "meshloom.io/consul-inject"
	injectEnabled = "enabled"
)

// memberMarks are those of a namespace of a mesh that we install.
func memberMarks(translators.Env) []translators.Mark {
	return []translators.Mark{{Place: translators.OnNamespace, Key: labelInject, Value: injectEnabled}}
}

// membership contributes the mark of the injector to the Namespace, where it is
// ours to write.
func membership(u *ir.NamespaceUnit) []translators.Contribution {
	if u.MarksAlone {
		return nil
	}
	return []translators.Contribution{{
		Object: translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: u.Name},
		Path:   []string{"metadata", "labels", labelInject}, Value: injectEnabled, Source: u.Mesh.Source.At("spec.members"),
	}}
}

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
