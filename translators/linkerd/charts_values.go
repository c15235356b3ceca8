package linkerd

import (
	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// Codes of issues of plans, documented in docs/reference/codes.md.
const (
	// codeValues: a value of a chart that says otherwise than the object it is
	// for. Remove it, and set the field of the object.
	codeValues = "ML2291"
	// codeCannotInstall: something that Linkerd's charts cannot make.
	codeCannotInstall = "ML2292"
)

// planRefused is an issue that stops the plan.
func planRefused(source ir.Source, code string, reason v1alpha1.ConditionReason, message string) ir.Issue {
	return ir.Issue{Effect: ir.EffectRejected, Source: source, Reason: string(reason), Code: code, Message: message}
}

// planNote is something worth knowing about the plan.
func planNote(source ir.Source, message string) ir.Issue {
	return ir.Issue{Effect: ir.EffectNote, Source: source, Reason: string(v1alpha1.ReasonEmulated), Code: codeCannotInstall, Message: message}
}

// saidByMesh is what a Mesh says of the values of its charts.
func saidByMesh(req install.MeshRequest) []install.Said {
	const bundle = "let Meshloom choose the bundle of Gateway API"
	all := []install.Said{
		{Path: "installGatewayAPI", Value: "false", Remedy: bundle},
		{Path: "enableHttpRoutes", Value: "false", Remedy: bundle},
		{Path: "enableTlsRoutes", Value: "false", Remedy: bundle},
		{Path: "enableTcpRoutes", Value: "false", Remedy: bundle},
	}
	if domain := askedTrustDomain(req.Spec); domain != "" {
		all = append(all, install.Said{Path: "identityTrustDomain", Value: domain, Remedy: "set spec.trust.domain"})
	}
	const root = "name a Secret with your root, or with an issuer below it, by spec.trust.rootSecretRef"
	all = append(all,
		install.Said{Path: "identity.externalCA", Value: "false", Remedy: root},
		install.Said{Path: "identity.issuer.scheme", Value: issuerScheme, Remedy: root},
		install.Said{Path: "identity.issuer.tls", Remedy: root},
	)
	if !inherits(req) {
		all = append(all, install.Said{Path: "identityTrustAnchorsPEM", Remedy: root})
	}
	return all
}

// withoutKeys takes the issuer out of values, where its key must not be: what is
// planned is shown to people, and kept by Helm.
func withoutKeys(values map[string]any) {
	issuer, _ := install.LookUp(values, "identity.issuer")
	if below, ok := issuer.(map[string]any); ok {
		delete(below, "tls")
	}
}

// hasValue says whether something is set at a path.
func hasValue(values map[string]any, path string) bool {
	value, ok := install.LookUp(values, path)
	return ok && value != nil && value != ""
}
