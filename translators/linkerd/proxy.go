package linkerd

import (
	"slices"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// proxyContainer is the name of the container that the injector adds, as a
// container or as an init container that stays.
const proxyContainer = "linkerd-proxy"

// Labels of the pods of a control plane and of pods with its proxy.
const (
	labelComponent    = "linkerd.io/control-plane-component"
	labelControlPlane = "linkerd.io/control-plane-ns"
)

// proxied says whether the injector has put Linkerd's proxy into the workload.
func proxied(w ir.Workload) bool { return slices.Contains(w.Containers, proxyContainer) }

// member says whether the injector acts in a namespace.
func member(_, annotations map[string]string) bool {
	mode := annotations[annotationInject]
	return mode == injectEnabled || mode == injectIngress
}

// memberMarks returns the annotation by which the injector knows a namespace.
func memberMarks(translators.Env) []translators.Mark {
	return []translators.Mark{{Place: translators.OnNamespace, Annotation: true, Key: annotationInject, Value: injectEnabled}}
}

// proxyOf reads off a pod which control plane injected its proxy, the proxy's
// version, and which roots it was given. The proxies of the control plane
// itself come and go with it, and are not looked at.
func proxyOf(pod install.Pod) (install.Proxy, bool) {
	if slices.Contains(components, pod.Labels[labelComponent]) {
		return install.Proxy{}, false
	}
	for _, c := range pod.Containers {
		if c.Name == proxyContainer {
			return install.Proxy{
				Revision: pod.Labels[labelControlPlane],
				Version:  firstVersion(tagOf(c.Image), pod.Annotations["linkerd.io/proxy-version"]),
				Roots:    pod.Annotations["linkerd.io/trust-root-sha256"],
			}, true
		}
	}
	return install.Proxy{}, false
}
