package linkerd

import (
	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// The charts of Linkerd, by their names in its repository, which are also those
// of their releases.
const (
	chartCRDs         = "linkerd-crds"
	chartControlPlane = "linkerd-control-plane"
)

// planner says what is installed for a mesh of Linkerd: one control plane for a
// cluster, which is upgraded where it stands.
func planner() *install.Planner {
	return &install.Planner{
		Catalog: catalog(),
		Mesh:    planMesh,
		ProxyOf: proxyOf,
		Found:   found,
		// The policy controller and the controllers of the image "controller"
		// make Leases, and the heartbeat's CronJob makes Jobs.
		Managers: []string{"policy-controller", "controller"},
		Trust:    trust(),
	}
}

// chartOf returns a chart in a version of Linkerd: from where the user has it
// come from, else from Linkerd's repository.
func chartOf(name string, req install.MeshRequest) install.Chart {
	version := catalog().Entry(req.Version)
	chart := install.Chart{
		Release: name, Namespace: req.Namespace, Name: name, Version: version.Charts[name],
		Source: install.Source{Kind: install.Repository, Location: catalog().Repository},
	}
	if chart.Version == "" {
		chart.Version = req.Version
	}
	if helm := req.Spec.Helm; helm != nil && helm.ChartSource != nil {
		chart.Source.Location = helm.ChartSource.Repository
		if ref := helm.ChartSource.SecretRef; ref != nil {
			chart.Source.SecretRef = string(ref.Name)
		}
	}
	return chart
}

// gate waits for something that the charts make.
func gate(kind install.GateKind, resource, namespace, name string) install.Gate {
	return install.Gate{Kind: kind, Resource: resource, Namespace: namespace, Name: name}
}

// ownLabels are ours on all that the control plane's chart makes.
func ownLabels(req install.MeshRequest) map[string]any {
	return map[string]any{v1alpha1.LabelOwner: install.OwnerLabel("Mesh/" + req.Mesh)}
}
