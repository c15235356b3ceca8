package istio

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

const (
	// labelGateway tells the pods of gateways of one name apart by their
	// namespace: Istio looks for the pods of a Gateway in all of them.
	labelGateway = v1alpha1.GroupName + "/gateway-namespace"
	// annotationProxy on the pods of a gateway has them made anew for a new
	// version of the proxy, which the chart leaves to the injector.
	annotationProxy = v1alpha1.GroupName + "/proxy-version"
)

// proxyPorts are ports of the proxy itself: administration, metrics, health.
var proxyPorts = []int32{15000, 15020, 15021, 15090}

// planGateway plans the proxy of one IngressGateway.
func planGateway(req install.GatewayRequest) install.Plan {
	gateway := &req.Gateway
	source := ir.Source{
		Ref:        ir.Ref{Kind: "IngressGateway", Namespace: gateway.Namespace, Name: gateway.Name},
		Generation: gateway.Generation,
	}
	plan := install.Plan{Issues: gatewayIssues(source, req)}
	values := ir.Source{
		Ref: ir.Ref{Kind: "IngressController", Name: req.Controller.Name}, Generation: req.Controller.Generation,
	}
	own, issues := install.UserValues(values, req.Controller.Spec.Helm, codeValues)
	plan.Issues = append(plan.Issues, issues...)
	plan.Issues = append(plan.Issues, install.Contradictions(values, own, saidByGateway(req), codeValues)...)

	chart := chartOf(chartGateway, req.Version, gatewayHelm(req))
	chart.Release, chart.Namespace = gateway.Name, gateway.Namespace
	ours, kind := gatewayValues(req), "Deployment"
	if own["kind"] == "DaemonSet" {
		kind = "DaemonSet"
		for _, key := range deploymentValues {
			delete(ours, key)
		}
	}
	chart.Values = install.MergeValues(ours, own)
	chart.Gates = []install.Gate{{Kind: install.WorkloadReady, Resource: kind, Namespace: gateway.Namespace, Name: gateway.Name}}
	plan.Charts = []install.Chart{chart}
	return plan
}

// gatewayHelm is where the chart comes from: where the controller's do, else
// where the mesh's do.
func gatewayHelm(req install.GatewayRequest) *v1alpha1.Helm {
	if helm := req.Controller.Spec.Helm; helm != nil && helm.ChartSource != nil || req.Mesh == nil {
		return helm
	}
	return req.Mesh.Spec.Helm
}

// gatewayIssues are what cannot be a gateway of Istio.
func gatewayIssues(source ir.Source, req install.GatewayRequest) []ir.Issue {
	var issues []ir.Issue
	name := req.Gateway.Name
	if !isDNSLabel(name) || len(name) > maxRelease {
		issues = append(issues, finding{Source: source.At("metadata.name"), Code: codeCannotInstall}.Reject(
			"%s cannot be the name of a Service and of a Helm release: use at most %d lower case letters, digits and dashes, beginning with a letter",
			name, maxRelease))
	}
	if req.Revision == "" {
		issues = append(issues, finding{Source: source.At("spec.meshRef"), Code: codeCannotInstall}.Issue(
			ir.EffectRejected, v1alpha1.ReasonNotInstalled,
			"no control plane of Istio runs that could run the gateway: install one with a Mesh of provider Istio, and name it in meshRef"))
	}
	for i, l := range req.Gateway.Spec.Listeners {
		if slices.Contains(proxyPorts, int32(l.Port)) {
			issues = append(issues, finding{Source: source.At(fmt.Sprintf("spec.listeners[%d].port", i)), Code: codeCannotInstall}.Reject(
				"port %d is the proxy's own: choose another one", l.Port))
		}
	}
	return issues
}

// saidByGateway is what an IngressGateway says of the values of its proxy.
func saidByGateway(req install.GatewayRequest) []install.Said {
	const names = "leave the names of gateways to Meshloom"
	revision := revisionValue(req.Revision)
	all := []install.Said{
		{Path: "name", Value: req.Gateway.Name, Remedy: names},
		{Path: "labels.app", Value: req.Gateway.Name, Remedy: names},
		{Path: "labels.istio", Value: req.Gateway.Name, Remedy: names},
		{Path: "revision", Value: revision, Blank: revision == "", Remedy: "leave the names of revisions to Meshloom"},
		{Path: "service.type", Value: serviceType(req.Gateway.Spec.Service), Remedy: "set spec.service.type of the IngressGateway"},
		{Path: "service.ports", Remedy: "set spec.listeners of the IngressGateway"},
	}
	for i := range all {
		all[i].By = v1alpha1.KindIngressGateway
	}
	return all
}

func serviceType(service *v1alpha1.GatewayService) string {
	if service == nil || service.Type == "" {
		return string(v1alpha1.GatewayServiceLoadBalancer)
	}
	return string(service.Type)
}

// gatewayPorts are the ports of the Service: that of the proxy's health, which
// load balancers look at and which Istio's own charts put first, and one for
// each port of the listeners. The proxy listens to the very same ones.
func gatewayPorts(listeners []v1alpha1.Listener) []any {
	ports := []any{port("status-port", 15021)}
	var seen []int32
	for _, l := range listeners {
		if slices.Contains(seen, int32(l.Port)) {
			continue
		}
		seen = append(seen, int32(l.Port))
		ports = append(ports, port(fmt.Sprintf("%s-%d", strings.ToLower(string(l.Protocol)), l.Port), int32(l.Port)))
	}
	return ports
}

func port(name string, number int32) any {
	return map[string]any{"name": name, "port": int64(number), "protocol": "TCP", "targetPort": int64(number)}
}
