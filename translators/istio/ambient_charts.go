package istio

import (
	"maps"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// profileAmbient is the profile of Istio's charts for ambient mode.
const profileAmbient = "ambient"

// Where Istio's charts for nodes put what they make. There is one of each in a
// cluster, whatever the revisions of istiod.
const (
	releaseCNI      = "istio-cni"
	releaseZtunnel  = "ztunnel"
	daemonSetCNI    = "istio-cni-node"
	daemonSetTunnel = "ztunnel"
)

func isAmbient(req install.MeshRequest) bool {
	return req.Spec.DataPlane == v1alpha1.DataPlaneAmbient
}

// waypointBundle is the bundle of Gateway API, in whose words waypoints and
// their routes are written, where the cluster has none of somebody else.
func waypointBundle(req install.MeshRequest) ([]install.Chart, []ir.Issue) {
	chart, issues := install.GatewayAPI(req.Cluster, catalog().Entry(req.Version).GatewayAPI, sourceOf(req).At("spec.version"))
	if chart == nil {
		return nil, issues
	}
	return []install.Chart{*chart}, issues
}

// nodeChart plans what runs on each node: the agent that captures pods, and the
// proxy that it hands them to.
func nodeChart(req install.MeshRequest, own map[string]any, name string) install.Chart {
	chart := chartOf(name, req.Version, req.Spec.Helm)
	chart.Namespace = req.Namespace
	values := map[string]any{"profile": profileAmbient, "revision": revisionValue(req.Revision)}
	daemonSet := daemonSetCNI
	switch name {
	case chartCNI:
		chart.Release = releaseCNI
	default:
		chart.Release, daemonSet = releaseZtunnel, daemonSetTunnel
		values["istioNamespace"] = req.Namespace
	}
	chart.Values = install.MergeValues(values, ofNodes(own, name))
	chart.Gates = []install.Gate{{Kind: install.WorkloadReady, Resource: "DaemonSet", Namespace: req.Namespace, Name: daemonSet}}
	return chart
}

// ofNodes returns what of the user's values is for a chart of the nodes: what is
// global, and what is below the name of the chart.
func ofNodes(own map[string]any, name string) map[string]any {
	out := map[string]any{}
	if global, ok := own["global"]; ok {
		out["global"] = global
	}
	if below, ok := own[name].(map[string]any); ok {
		out = install.MergeValues(out, below)
	}
	return out
}

// ofIstiod returns the user's values without those of ztunnel, which the chart of
// istiod does not know.
func ofIstiod(own map[string]any) map[string]any {
	out := maps.Clone(own)
	delete(out, chartZtunnel)
	return out
}

// besideOthers refuses what there can be only one of in a cluster, and what cannot
// run beside another of its kind.
func besideOthers(source ir.Source, req install.MeshRequest) []ir.Issue {
	var issues []ir.Issue
	source = source.At("spec.dataPlane")
	nodes := slices.ContainsFunc(req.Cluster.Workloads, func(w install.Workload) bool {
		return w.Kind == "DaemonSet" && w.PodLabels["app"] == daemonSetTunnel && w.Namespace != req.Namespace
	})
	switch {
	case isAmbient(req) && len(req.Neighbours) > 0:
		issues = append(issues, finding{Source: source, Code: codeCannotInstall}.Reject(
			"ztunnel and the node agent are the cluster's, so that a mesh in ambient mode is the only one of Istio: Mesh %s is there; take the namespaces as members there", req.Neighbours[0]))
	case !isAmbient(req) && len(req.Neighbours) > 0 && nodes:
		issues = append(issues, finding{Source: source, Code: codeCannotInstall}.Reject(
			"Mesh %s is in ambient mode, beside which there is no second mesh of Istio: take the namespaces as members there", req.Neighbours[0]))
	}
	if upgrade := req.Spec.Upgrade; isAmbient(req) && upgrade != nil && upgrade.Strategy == v1alpha1.UpgradeCanary {
		issues = append(issues, finding{Source: source, Code: codeCannotInstall}.Reject(
			"ztunnel serves all members of a node at once, so that ambient mode is upgraded in place: set upgrade.strategy to InPlace, or remove it"))
	}
	return issues
}
