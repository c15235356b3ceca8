package consul

import (
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// chartName is that of Consul's one chart, of our release of it, and of all that
// it makes, which is called "consul-" and more.
const chartName = "consul"

// refusingBundle is the first bundle of Gateway API that refuses definitions of
// older ones beside it, such as the one of TCPRoute in charts before 2.0.
const refusingBundle = "1.5.0"

// Codes of issues of plans, documented in docs/reference/codes.md.
const (
	// codeValues: a value of the chart that says otherwise than the object it is
	// for. Remove it, and set the field of the object.
	codeValues = "ML2391"
	// codeCannotInstall: something that Consul's chart cannot make.
	codeCannotInstall = "ML2392"
	// codeUnproven: without access control lists servers give the identity of a
	// service to whoever asks them for it. Set global.acls.manageSystemACLs in
	// the Mesh's helm.values, with ServiceAccounts named as their Services.
	codeUnproven = "ML2393"
)

// planner says what is installed for a mesh of Consul: servers and one injector
// for a cluster, upgraded where they stand. The servers keep the root of trust.
func planner() *install.Planner {
	return &install.Planner{
		Catalog:  catalog(),
		Mesh:     planMesh,
		ProxyOf:  proxyOf,
		Found:    installations,
		Managers: []string{"consul-k8s-control-plane"},
		Held:     slices.Clone(kinds),
	}
}

// planMesh plans the bundle of Gateway API, where the cluster has none, which the
// injector does not start without, then Consul.
func planMesh(req install.MeshRequest) install.Plan {
	source := ir.Source{Ref: ir.Ref{Kind: v1alpha1.KindMesh, Name: req.Mesh}}
	own, issues := install.UserValues(source, req.Spec.Helm, codeValues)
	plan := install.Plan{Issues: issues}
	refuse := func(field, message string) {
		plan.Issues = append(plan.Issues, ir.Issue{
			Effect: ir.EffectRejected, Source: source.At(field), Reason: string(v1alpha1.ReasonUnsupported), Code: codeCannotInstall, Message: message,
		})
	}
	if req.Spec.DataPlane == v1alpha1.DataPlaneAmbient {
		refuse("spec.dataPlane", "Consul has a proxy in each pod: set dataPlane to Sidecar")
	}
	if req.Spec.Trust != nil {
		refuse("spec.trust", "Consul's servers make their root of trust and its domain, and keep both: remove trust")
	}
	window := catalog().Entry(req.Version).GatewayAPI
	if has := req.Cluster.GatewayAPI; has != "" && !install.Newer(refusingBundle, has) && !window.Holds(refusingBundle) {
		refuse("spec.version", fmt.Sprintf("its chart brings a definition of TCPRoute that bundle %s of Gateway API refuses: ask for version 2.0", has))
	}
	plan.Issues = append(plan.Issues, install.Contradictions(source, own, saidByMesh(), codeValues)...)
	if on, _ := install.LookUp(own, "global.acls.manageSystemACLs"); on != true {
		plan.Issues = append(plan.Issues, ir.Issue{
			Effect: ir.EffectNote, Source: source.At("spec.helm.values"), Reason: string(v1alpha1.ReasonEmulated), Code: codeUnproven,
			Message: "without access control lists whoever reaches the servers can take the identity of any service: " +
				"set global.acls.manageSystemACLs, and name each ServiceAccount as its Service",
		})
	}
	bundle, unfit := install.GatewayAPI(req.Cluster, window, source.At("spec.version"))
	plan.Issues = append(plan.Issues, unfit...)
	if bundle != nil {
		plan.Charts = append(plan.Charts, *bundle)
	}
	plan.Charts = append(plan.Charts, consulChart(req, own))
	return plan
}

// saidByMesh is what a Mesh says of the values of its chart.
func saidByMesh() []install.Said {
	const bundle = "let Meshloom choose the bundle of Gateway API"
	const members = "say by spec.members who is in the mesh"
	return []install.Said{
		{Path: "global.enabled", Value: "true", Remedy: "leave it to Meshloom"},
		{Path: "global.name", Value: chartName, Remedy: "leave the names of its parts to Meshloom"},
		{Path: "global.installK8sNetworkingCRDs", Value: "false", Remedy: bundle},
		{Path: "connectInject.apiGateway.manageExternalCRDs", Value: "false", Remedy: bundle},
		{Path: "connectInject.enabled", Value: "true", Remedy: "leave it to Meshloom"},
		{Path: "connectInject.default", Value: "true", Remedy: members},
		{Path: "connectInject.namespaceSelector", Value: memberSelector(), Remedy: members},
		{Path: "connectInject.transparentProxy.defaultEnabled", Value: "true", Remedy: "let proxies capture what members send"},
		{Path: "global.enableConsulNamespaces", Value: "false", Remedy: "use the Community Edition, which is what Meshloom knows"},
	}
}

// memberSelector is that of the namespaces whose new pods get a proxy: those with
// our mark. The label of members would not do, which stays until the last proxy
// has left. The chart takes it as text.
func memberSelector() string {
	text, err := yaml.Marshal(map[string]any{"matchLabels": map[string]string{labelInject: injectEnabled}})
	if err != nil {
		return ""
	}
	return string(text)
}

// consulChart plans all that runs.
func consulChart(req install.MeshRequest, own map[string]any) install.Chart {
	chart := install.Chart{
		Release: chartName, Namespace: req.Namespace, Name: chartName, Version: req.Version,
		Source: install.Source{Kind: install.Repository, Location: catalog().Repository},
		Values: install.MergeValues(ownValues(), own),
		Gates: []install.Gate{
			{Kind: install.WorkloadReady, Resource: "StatefulSet", Namespace: req.Namespace, Name: "consul-server"},
			{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: req.Namespace, Name: "consul-connect-injector"},
			{Kind: install.WebhookTrusted, Resource: "MutatingWebhookConfiguration", Name: injectorHook},
		},
	}
	if helm := req.Spec.Helm; helm != nil && helm.ChartSource != nil {
		chart.Source.Location = helm.ChartSource.Repository
		if ref := helm.ChartSource.SecretRef; ref != nil {
			chart.Source.SecretRef = string(ref.Name)
		}
	}
	for _, r := range req.Cluster.Releases {
		if r.Chart == chartName && r.Namespace == req.Namespace {
			chart.Release = r.Name // One that was adopted keeps the name that somebody gave it.
		}
	}
	for _, name := range definitions() {
		chart.Gates = append(chart.Gates, install.Gate{Kind: install.DefinitionServed, Resource: "CustomResourceDefinition", Name: name})
	}
	return chart
}

// ownValues are those of the chart before the user's own.
func ownValues() map[string]any {
	return map[string]any{
		"global": map[string]any{
			"name":                     chartName,
			"installK8sNetworkingCRDs": false,
			"tls":                      map[string]any{"enabled": true},
			"gossipEncryption":         map[string]any{"autoGenerate": true},
		},
		"connectInject": map[string]any{
			"enabled": true, "default": true, "namespaceSelector": memberSelector(),
			"apiGateway": map[string]any{"manageExternalCRDs": false, "manageNonStandardCRDs": true},
		},
	}
}

// definitions are the names of the CRDs that Meshloom writes objects of.
func definitions() []string {
	var names []string
	for _, kind := range kinds {
		names = append(names, plural(kind.Kind)+"."+kind.Group)
	}
	slices.Sort(names)
	return names
}
