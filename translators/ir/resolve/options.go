package resolve

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Options are what resolving depends on besides objects. Functions must be
// pure; nil functions know nothing.
type Options struct {
	// ClusterDomain is the DNS suffix of Services; "cluster.local" where empty.
	ClusterDomain string
	// Proxied says whether a workload carries the proxy of a provider. Without
	// it no workload is ever said to lack one.
	Proxied func(provider string, w ir.Workload) bool
	// Needs says what units of a provider's meshes have beside what users said.
	Needs func(provider string) Needs
	// Annotations are the keys that are copied from Services and pods; one that
	// ends in "*" stands for all that begin so.
	Annotations []string
	// ControlPlaneNamespace is the usual one of a mesh's provider, for Meshes
	// that name none.
	ControlPlaneNamespace func(provider string) string
	// Controller is the usual namespace and GatewayClass of an ingress's
	// provider, for IngressControllers that name none.
	Controller func(provider string) (namespace, gatewayClass string)
	// Member says whether an adopted mesh that names no members takes the
	// namespace for one by its own marks.
	Member func(mesh *v1alpha1.Mesh, namespace *corev1.Namespace) bool
	// Installs says whether what is Managed of a provider is installed; a nil
	// function says yes.
	Installs func(provider string) bool
	// Gateways says whether the workloads of a provider's Managed gateways are
	// installed: what a gateway says of its workload is then the installer's to
	// do, and nobody's to translate. A nil function says no.
	Gateways func(provider string) bool
	// Unread says that no Secret of a namespace is known, whether it is there
	// or not; nil says that all are.
	Unread func(namespace string) bool
}

const defaultDomain = "cluster.local"

func (o Options) clusterDomain() string {
	if o.ClusterDomain == "" {
		return defaultDomain
	}
	return o.ClusterDomain
}

func (o Options) controlPlaneNamespace(mesh *v1alpha1.Mesh) string {
	if mesh.Spec.ControlPlaneNamespace != "" || o.ControlPlaneNamespace == nil {
		return string(mesh.Spec.ControlPlaneNamespace)
	}
	return o.ControlPlaneNamespace(string(mesh.Spec.Provider))
}

// installsGateways says whether the workloads of a controller's gateways are
// installed for it.
func (o Options) installsGateways(c *v1alpha1.IngressController) bool {
	return c.Spec.Mode == v1alpha1.ModeManaged && o.Gateways != nil && o.Gateways(string(c.Spec.Provider))
}

func (o Options) controllerPlace(c *v1alpha1.IngressController) (namespace, class string) {
	if o.Controller != nil {
		namespace, class = o.Controller(string(c.Spec.Provider))
	}
	if c.Spec.Namespace != "" {
		namespace = string(c.Spec.Namespace)
	}
	if c.Spec.GatewayClassName != "" {
		class = string(c.Spec.GatewayClassName)
	}
	return namespace, class
}

// Picked returns those of all annotations that Options.Annotations names.
func (o Options) Picked(all map[string]string) map[string]string {
	var picked map[string]string
	for key, value := range all {
		if !slices.ContainsFunc(o.Annotations, func(named string) bool { return names(named, key) }) {
			continue
		}
		if picked == nil {
			picked = map[string]string{}
		}
		picked[key] = value
	}
	return picked
}

// names says whether a key of an annotation, or all that begin so, is the one.
func names(named, key string) bool {
	if prefix, many := strings.CutSuffix(named, "*"); many {
		return strings.HasPrefix(key, prefix)
	}
	return named == key
}
