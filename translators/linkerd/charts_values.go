package linkerd

import (
	"encoding/json"
	"fmt"
	"strings"

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

// userValues reads the values that the user lays over ours.
func userValues(source ir.Source, helm *v1alpha1.Helm) (map[string]any, []ir.Issue) {
	if helm == nil || helm.Values == nil {
		return nil, nil
	}
	var values map[string]any
	if err := json.Unmarshal(helm.Values.Raw, &values); err != nil {
		return nil, []ir.Issue{planRefused(source.At("spec.helm.values"), codeValues, v1alpha1.ReasonInvalid, fmt.Sprintf("the values are no object: %v", err))}
	}
	return values, nil
}

// said is one thing that an object of the unified API says and that a value of
// a chart could say otherwise.
type said struct {
	// path of the value.
	path string
	// value that it has to have; empty where none fits.
	value string
	// remedy for a user who wants another one.
	remedy string
}

// saidByMesh is what a Mesh says of the values of its charts.
func saidByMesh(req install.MeshRequest) []said {
	const bundle = "let Meshloom choose the bundle of Gateway API"
	all := []said{
		{"installGatewayAPI", "false", bundle},
		{"enableHttpRoutes", "false", bundle},
		{"enableTlsRoutes", "false", bundle},
		{"enableTcpRoutes", "false", bundle},
	}
	if domain := askedTrustDomain(req.Spec); domain != "" {
		all = append(all, said{"identityTrustDomain", domain, "set spec.trust.domain"})
	}
	const root = "name a Secret with your root, or with an issuer below it, by spec.trust.rootSecretRef"
	all = append(all,
		said{"identity.externalCA", "false", root},
		said{"identity.issuer.scheme", issuerScheme, root},
		said{"identity.issuer.tls", "", root},
	)
	if !inherits(req) {
		all = append(all, said{"identityTrustAnchorsPEM", "", root})
	}
	return all
}

// withoutKeys takes the issuer out of values, where its key must not be: what is
// planned is shown to people, and kept by Helm.
func withoutKeys(values map[string]any) {
	issuer, _ := lookUp(values, []string{"identity", "issuer"})
	if below, ok := issuer.(map[string]any); ok {
		delete(below, "tls")
	}
}

// contradictions are the values that say otherwise than the object. They stop
// the plan: what runs would not be what its object says. No value is repeated in
// the message: it may be a key.
func contradictions(source ir.Source, values map[string]any, all []said) []ir.Issue {
	var issues []ir.Issue
	for _, s := range all {
		value, ok := lookUp(values, strings.Split(s.path, "."))
		if !ok || s.value != "" && fmt.Sprint(value) == s.value {
			continue
		}
		needs := "it is Meshloom's to set"
		if s.value != "" {
			needs = s.value + " is needed"
		}
		issues = append(issues, planRefused(source.At(s.path), codeValues, v1alpha1.ReasonInvalid,
			fmt.Sprintf("value %s says something else than the Mesh, where %s: remove it and %s", s.path, needs, s.remedy)))
	}
	return issues
}

func hasValue(values map[string]any, path string) bool {
	value, ok := lookUp(values, strings.Split(path, "."))
	return ok && value != nil && value != ""
}

// lookUp returns the value at a path.
func lookUp(values map[string]any, path []string) (any, bool) {
	var value any = values
	for _, key := range path {
		below, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = below[key]; !ok {
			return nil, false
		}
	}
	return value, true
}
