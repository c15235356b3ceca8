package istio

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// otherMeshes are the profiles of charts that make something else than a control
// plane for sidecars.
var otherMeshes = []string{profileAmbient, "remote"}

// profiles refuses the profiles that would make another mesh of it. In ambient
// mode there is but one.
func profiles(source ir.Source, values map[string]any, ambient bool) []ir.Issue {
	if ambient {
		const remedy = "let dataPlane choose the profile"
		return install.Contradictions(source, values, []install.Said{
			{Path: "profile", Value: profileAmbient, Remedy: remedy}, {Path: "global.profile", Value: profileAmbient, Remedy: remedy},
		}, codeValues)
	}
	var issues []ir.Issue
	for _, path := range []string{"profile", "global.profile"} {
		value, _ := install.LookUp(values, path)
		if name, ok := value.(string); ok && slices.Contains(otherMeshes, name) {
			issues = append(issues, finding{Source: source.At("spec.helm.values." + path), Code: codeValues}.Issue(
				ir.EffectRejected, v1alpha1.ReasonInvalid, "profile %s makes no mesh of sidecars: remove it", name))
		}
	}
	return issues
}

// saidByMesh is what a Mesh says of the values of its control plane.
func saidByMesh(req install.MeshRequest) []install.Said {
	revision := revisionValue(req.Revision)
	const names = "leave the names of revisions to Meshloom"
	const place = "set spec.controlPlaneNamespace"
	all := []install.Said{
		{Path: "revision", Value: revision, Blank: revision == "", Remedy: names},
		{Path: "pilot.revision", Value: revision, Blank: revision == "", Remedy: names},
		{Path: "defaultRevision", Value: revision, Blank: revision == "", Remedy: names},
		{Path: "global.istioNamespace", Value: req.Namespace, Remedy: place},
		{Path: "meshConfig.rootNamespace", Value: req.Namespace, Remedy: place},
		{Path: "meshConfig.trustDomain", Value: trustDomain(req.Spec), Remedy: "set spec.trust.domain"},
		{Path: "global.trustDomain", Value: trustDomain(req.Spec), Remedy: "set spec.trust.domain"},
		{Path: "global.operatorManageWebhooks", Value: "false", Remedy: "let istiod keep its webhooks"},
		{Path: "global.resourceScope", Value: "all", Remedy: "let Meshloom install all of a chart"},
	}
	if len(req.Neighbours) > 0 {
		all = append(all, install.Said{Path: "meshConfig.discoverySelectors", Remedy: "let Meshloom tell the meshes of the cluster apart"})
	}
	return all
}

// baseKeys are the parts of the user's values that the chart base knows. The
// rest are those of istiod, and would have the shared release rewritten for
// every change of theirs.
var baseKeys = []string{"base", "global.imagePullSecrets", "global.enableReaderRBAC", "global.readerServiceAccount"}

// baseValues returns what the chart base knows of the user's values.
func baseValues(own map[string]any) map[string]any {
	out := map[string]any{}
	for _, key := range baseKeys {
		value, ok := install.LookUp(own, key)
		if !ok {
			continue
		}
		path := strings.Split(key, ".")
		for i := len(path) - 1; i >= 0; i-- {
			value = map[string]any{path[i]: value}
		}
		out = install.MergeValues(out, value.(map[string]any))
	}
	return out
}
