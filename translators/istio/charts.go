package istio

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// The charts of Istio, by their names in its repository.
const (
	chartBase    = "base"
	chartIstiod  = "istiod"
	chartCNI     = "cni"
	chartZtunnel = "ztunnel"
	chartGateway = "gateway"
)

// chartPaths are the folders of the charts in Istio's module.
var chartPaths = map[string]string{
	chartBase:    "charts/base",
	chartIstiod:  "charts/istio-control/istio-discovery",
	chartCNI:     "charts/istio-cni",
	chartZtunnel: "charts/ztunnel",
	chartGateway: "charts/gateway",
}

// planner says what is installed for a mesh and for a gateway of Istio.
func planner() *install.Planner {
	return &install.Planner{
		Catalog:    catalog(),
		Revisions:  true,
		Mesh:       planMesh,
		Controller: planController,
		Gateway:    planGateway,
		ProxyOf:    proxyOf,
		Found:      found,
		Managers:   []string{"pilot-discovery"},
		Leftovers:  leftovers(),
		Trust:      trust(),
		Charts:     charts(),
	}
}

// leftovers are what istiod puts into every namespace that it discovers, so that
// proxies know whom to trust.
func leftovers() []install.Leftover {
	return []install.Leftover{{
		Kind:   corev1.SchemeGroupVersion.WithKind("ConfigMap"),
		Names:  []string{"istio-ca-root-cert", "istio-ca-crl"},
		Labels: map[string]string{"istio.io/config": "true"},
	}}
}

// planController plans nothing: the control plane of a mesh runs Istio's
// gateways, and each of them has a workload of its own.
func planController(install.ControllerRequest) install.Plan { return install.Plan{} }

// chartOf returns a chart in a version: from where the user has it come from,
// else from this binary, else from Istio's repository.
func chartOf(name, version string, helm *v1alpha1.Helm) install.Chart {
	chart := install.Chart{Name: name, Version: version}
	switch {
	case helm != nil && helm.ChartSource != nil:
		chart.Source = install.Source{Kind: install.Repository, Location: helm.ChartSource.Repository}
		if ref := helm.ChartSource.SecretRef; ref != nil {
			chart.Source.SecretRef = string(ref.Name)
		}
	case version == embeddedVersion():
		chart.Source = install.Source{Kind: install.Embedded}
		chart.Path = chartPaths[name]
	default:
		chart.Source = install.Source{Kind: install.Repository, Location: catalog().Repository}
	}
	return chart
}
