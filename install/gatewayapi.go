package install

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// The release by which we install the definitions of Gateway API. They are the
// cluster's: it is Shared, and they stay when it goes.
const (
	GatewayAPIRelease   = "gateway-api"
	GatewayAPINamespace = "gateway-system"
)

// gatewayAPIBundles are the bundles that we install, the preferred one first:
// the one whose stable kinds most meshes and ingresses read, then newer ones,
// then older ones. Each is the standard channel.
var gatewayAPIBundles = []string{"1.5.1", "1.6.1", "1.4.1", "1.2.1"}

// gatewayAPIAddress is where the project publishes a bundle.
func gatewayAPIAddress(version string) string {
	return "https://github.com/kubernetes-sigs/gateway-api/releases/download/v" + version + "/standard-install.yaml"
}

// GatewayAPI returns the chart that brings the definitions of Gateway API to a
// product with the window, for the front of its plan; nil where the cluster has
// a bundle that is not ours, which is never touched. Charts' own copies of the
// definitions are to be turned off: a cluster has one bundle for all.
//
// A bundle of ours stays as it is while the window holds it. Otherwise it
// becomes a newer one: from 1.5 on the bundle itself refuses to be replaced by
// an older one. Where none fits, an Issue says so and the bundle stays; source
// is the field that it is about.
func GatewayAPI(c Cluster, window Window, source ir.Source) (*Chart, []ir.Issue) {
	present, ours := c.gatewayAPI()
	switch {
	case present != "" && !ours:
		return nil, nil // The preflight says whether it fits.
	case present != "" && window.Holds(present):
		return bundleChart(present), nil
	}
	for _, version := range gatewayAPIBundles {
		if window.Holds(version) && (present == "" || Newer(version, present)) {
			return bundleChart(version), nil
		}
	}
	if present != "" {
		return bundleChart(present), []ir.Issue{unfit(source, "it needs Gateway API "+window.String()+
			" and the cluster has "+present+", which cannot be replaced by an older one: ask for another version")}
	}
	return nil, []ir.Issue{unfit(source, "it needs Gateway API "+window.String()+
		", which Meshloom does not install: install its bundle, or ask for another version")}
}

func unfit(source ir.Source, message string) ir.Issue {
	return ir.Issue{
		Effect: ir.EffectPartial, Source: source, Reason: string(v1alpha1.ReasonUnsupported), Code: CodeGatewayAPI, Message: message,
	}
}

// Codes of issues of plans, documented in docs/reference/codes.md.
const (
	// CodeGatewayAPI: no bundle of Gateway API fits what is to be installed. Ask
	// for a version that takes the bundle of the cluster, or install one that the
	// version takes.
	CodeGatewayAPI = "ML4001"
)

// gatewayAPI is the bundle of the cluster, and whether it came with our release.
func (c Cluster) gatewayAPI() (version string, ours bool) {
	i := slices.IndexFunc(c.Releases, func(r Release) bool {
		return r.Namespace == GatewayAPINamespace && r.Name == GatewayAPIRelease && r.Owner != ""
	})
	if i >= 0 {
		return c.Releases[i].ChartVersion, true
	}
	return c.GatewayAPI, false
}

// isGatewayAPI says whether the chart is a bundle of Gateway API of ours.
func (c Chart) isGatewayAPI() bool {
	return c.Namespace == GatewayAPINamespace && c.Release == GatewayAPIRelease
}

func bundleChart(version string) *Chart {
	return &Chart{
		Release: GatewayAPIRelease, Namespace: GatewayAPINamespace, Name: GatewayAPIRelease, Version: version, Shared: true,
		Source: Source{Kind: Manifests, Location: gatewayAPIAddress(version)},
		Gates: []Gate{
			{Kind: DefinitionServed, Resource: "CustomResourceDefinition", Name: "httproutes.gateway.networking.k8s.io"},
			{Kind: DefinitionServed, Resource: "CustomResourceDefinition", Name: "gateways.gateway.networking.k8s.io"},
		},
	}
}
