package linkerd

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// planMesh plans the control plane: the definitions of Gateway API, where the
// cluster has none of somebody else, those of Linkerd, then all that runs.
func planMesh(req install.MeshRequest) install.Plan {
	source := sourceOf(req)
	own, issues := install.UserValues(source, req.Spec.Helm, codeValues)
	plan := install.Plan{Issues: issues}
	if req.Spec.DataPlane == v1alpha1.DataPlaneAmbient {
		plan.Issues = append(plan.Issues, planRefused(source.At("spec.dataPlane"), codeCannotInstall, v1alpha1.ReasonUnsupported,
			"Linkerd has a proxy in each pod: set dataPlane to Sidecar"))
	}
	if inherits(req) && (!hasValue(own, "identityTrustAnchorsPEM") || !hasValue(own, "identity.issuer.scheme")) {
		plan.Issues = append(plan.Issues, planRefused(source.At("spec.helm.values"), codeCannotInstall, v1alpha1.ReasonAdoptionRequired,
			"the control plane that runs has roots of trust that Meshloom does not know, and without them proxies would refuse each other: "+
				"have it take its issuer from a Secret (identity.issuer.scheme "+issuerScheme+"), and repeat that and identityTrustAnchorsPEM there"))
	}
	plan.Issues = append(plan.Issues, install.Contradictions(source, own, saidByMesh(req), codeValues)...)
	if value, _ := install.LookUp(own, "cniEnabled"); value == true {
		plan.Issues = append(plan.Issues, planNote(source.At("spec.helm.values.cniEnabled"),
			"the chart linkerd2-cni is not installed by Meshloom: install it before, or pods of members do not start"))
	}
	bundle, unfit := install.GatewayAPI(req.Cluster, catalog().Entry(req.Version).GatewayAPI, source.At("spec.version"))
	plan.Issues = append(plan.Issues, unfit...)
	if bundle != nil {
		plan.Charts = append(plan.Charts, *bundle)
	}
	plan.Charts = append(plan.Charts, crdsChart(req), controlPlaneChart(req, own))
	return plan
}

func sourceOf(req install.MeshRequest) ir.Source {
	return ir.Source{Ref: ir.Ref{Kind: v1alpha1.KindMesh, Name: req.Mesh}}
}

// inherits says that a control plane runs whose authority is not Meshloom's:
// one that was adopted.
func inherits(req install.MeshRequest) bool {
	return req.Roots == "" && slices.ContainsFunc(found(req.Cluster), func(i install.Installation) bool { return i.Namespace == req.Namespace })
}

// crdsChart plans Linkerd's own definitions. They stay in the release that has
// them.
func crdsChart(req install.MeshRequest) install.Chart {
	chart := chartOf(chartCRDs, req)
	chart.Shared = true
	for _, r := range req.Cluster.Releases {
		if r.Chart == chartCRDs {
			chart.Release, chart.Namespace = r.Name, r.Namespace
		}
	}
	chart.Values = map[string]any{"installGatewayAPI": false}
	for _, name := range crdNames {
		chart.Gates = append(chart.Gates, gate(install.DefinitionServed, "CustomResourceDefinition", "", name))
	}
	return chart
}

// crdNames are the names of Linkerd's CRDs that all versions have.
var crdNames = []string{
	"authorizationpolicies.policy.linkerd.io",
	"egressnetworks.policy.linkerd.io",
	"httplocalratelimitpolicies.policy.linkerd.io",
	"meshtlsauthentications.policy.linkerd.io",
	"networkauthentications.policy.linkerd.io",
	"servers.policy.linkerd.io",
	"serviceprofiles.linkerd.io",
}

// controlPlaneChart plans all that runs.
func controlPlaneChart(req install.MeshRequest, own map[string]any) install.Chart {
	chart := chartOf(chartControlPlane, req)
	for _, r := range req.Cluster.Releases {
		if r.Chart == chartControlPlane && r.Namespace == req.Namespace {
			chart.Release = r.Name // One that was adopted keeps the name that somebody gave it.
		}
	}
	chart.Values = install.MergeValues(controlPlaneValues(req), own)
	withoutKeys(chart.Values)
	for _, component := range components {
		chart.Gates = append(chart.Gates, gate(install.WorkloadReady, "Deployment", req.Namespace, "linkerd-"+component))
	}
	chart.Gates = append(chart.Gates,
		gate(install.WebhookTrusted, "MutatingWebhookConfiguration", "", injectorHook),
		gate(install.WebhookTrusted, "ValidatingWebhookConfiguration", "", "linkerd-policy-validator-webhook-config"),
		gate(install.WebhookTrusted, "ValidatingWebhookConfiguration", "", "linkerd-sp-validator-webhook-config"),
	)
	return chart
}

// controlPlaneValues are those of the control plane before the user's own: whose
// it is, on all that is made; an issuer in a Secret, so that its key is in no
// release of Helm; and what proxies trust. The rest is as the chart has it.
func controlPlaneValues(req install.MeshRequest) map[string]any {
	out := map[string]any{
		"commonLabels": ownLabels(req),
		"identity":     map[string]any{"issuer": map[string]any{"scheme": issuerScheme}},
	}
	if req.Roots != "" {
		out["identityTrustAnchorsPEM"] = anchors(req.Roots)
	}
	if domain := askedTrustDomain(req.Spec); domain != "" {
		out["identityTrustDomain"] = domain
	}
	return out
}

// askedTrustDomain is what the Mesh says; empty where the cluster's own is taken.
func askedTrustDomain(spec v1alpha1.MeshSpec) string {
	if spec.Trust == nil {
		return ""
	}
	return string(spec.Trust.Domain)
}
