package istio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// userValues reads the values that the user lays over ours.
func userValues(source ir.Source, helm *v1alpha1.Helm) (map[string]any, []ir.Issue) {
	if helm == nil || helm.Values == nil {
		return nil, nil
	}
	var values map[string]any
	if err := json.Unmarshal(helm.Values.Raw, &values); err != nil {
		return nil, []ir.Issue{finding{source: source, code: codeValues}.reject("the values are no object: %v", err)}
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

func (s said) needs() string {
	if s.value == "" {
		return "it is Meshloom's to set"
	}
	return s.value + " is needed"
}

// contradictions are the values that say otherwise than the object. They stop
// the plan: what runs would not be what its object says.
func contradictions(source ir.Source, values map[string]any, all []said) []ir.Issue {
	var issues []ir.Issue
	for _, s := range all {
		value, ok := lookUp(values, strings.Split(s.path, "."))
		if !ok || fmt.Sprint(value) == s.value {
			continue
		}
		issues = append(issues, finding{source: source.At(s.path), code: codeValues}.issue(
			ir.EffectRejected, v1alpha1.ReasonInvalid, "value %s is %v, where %s: remove it and %s", s.path, value, s.needs(), s.remedy))
	}
	return issues
}

// otherMeshes are the profiles of charts that make something else than a control
// plane for sidecars.
var otherMeshes = []string{profileAmbient, "remote"}

// profiles refuses the profiles that would make another mesh of it. In ambient
// mode there is but one.
func profiles(source ir.Source, values map[string]any, ambient bool) []ir.Issue {
	if ambient {
		const remedy = "let dataPlane choose the profile"
		return contradictions(source, values, []said{{"profile", profileAmbient, remedy}, {"global.profile", profileAmbient, remedy}})
	}
	var issues []ir.Issue
	for _, path := range []string{"profile", "global.profile"} {
		value, _ := lookUp(values, strings.Split(path, "."))
		if name, ok := value.(string); ok && slices.Contains(otherMeshes, name) {
			issues = append(issues, finding{source: source.At(path), code: codeValues}.issue(
				ir.EffectRejected, v1alpha1.ReasonInvalid, "profile %s makes no mesh of sidecars: remove it", name))
		}
	}
	return issues
}

// lookUp returns the value at a path.
func lookUp(values map[string]any, path []string) (any, bool) {
	value, ok := values[path[0]]
	if !ok || len(path) == 1 {
		return value, ok
	}
	below, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	return lookUp(below, path[1:])
}

// saidByMesh is what a Mesh says of the values of its control plane.
func saidByMesh(req install.MeshRequest) []said {
	revision := revisionValue(req.Revision)
	const names = "leave the names of revisions to Meshloom"
	const place = "set spec.controlPlaneNamespace"
	all := []said{
		{"revision", revision, names},
		{"pilot.revision", revision, names},
		{"defaultRevision", revision, names},
		{"global.istioNamespace", req.Namespace, place},
		{"meshConfig.rootNamespace", req.Namespace, place},
		{"meshConfig.trustDomain", trustDomain(req.Spec), "set spec.trust.domain"},
		{"global.trustDomain", trustDomain(req.Spec), "set spec.trust.domain"},
		{"global.operatorManageWebhooks", "false", "let istiod keep its webhooks"},
		{"global.resourceScope", "all", "let Meshloom install all of a chart"},
	}
	if len(req.Neighbours) > 0 {
		all = append(all, said{"meshConfig.discoverySelectors", "", "let Meshloom tell the meshes of the cluster apart"})
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
		path := strings.Split(key, ".")
		value, ok := lookUp(own, path)
		if !ok {
			continue
		}
		for i := len(path) - 1; i >= 0; i-- {
			value = map[string]any{path[i]: value}
		}
		out = install.MergeValues(out, value.(map[string]any))
	}
	return out
}
