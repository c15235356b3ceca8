package istio

import (
	"cmp"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// planMesh plans one revision of a control plane: the CRDs and what belongs to
// the whole cluster, then istiod, then in ambient mode what runs on each node.
func planMesh(req install.MeshRequest) install.Plan {
	source := sourceOf(req)
	plan := install.Plan{Issues: besideOthers(source, req)}
	release := "istiod-" + req.Revision
	if !isDNSLabel(req.Revision) || len(release) > maxRelease {
		plan.Issues = append(plan.Issues, finding{Source: source.At("metadata.name"), Code: codeCannotInstall}.Reject(
			"%s cannot be the name of a revision of Istio, which is a DNS label of at most %d characters: give the Mesh another name",
			req.Revision, maxRelease-len("istiod-")))
	}
	own, issues := install.UserValues(source, req.Spec.Helm, codeValues)
	plan.Issues = append(plan.Issues, issues...)
	plan.Issues = append(plan.Issues, install.Contradictions(source, own, saidByMesh(req), codeValues)...)
	plan.Issues = append(plan.Issues, profiles(source, own, isAmbient(req))...)
	plan.Issues = append(plan.Issues, tooLong(source, own)...)
	plan.Charts = []install.Chart{baseChart(req, own), istiodChart(req, own)}
	if isAmbient(req) {
		bundle, unfit := waypointBundle(req)
		plan.Issues = append(plan.Issues, unfit...)
		plan.Charts = slices.Concat(bundle, plan.Charts, []install.Chart{nodeChart(req, own, chartCNI), nodeChart(req, own, chartZtunnel)})
	}
	return plan
}

func sourceOf(req install.MeshRequest) ir.Source {
	return ir.Source{Ref: ir.Ref{Kind: "Mesh", Name: req.Mesh}}
}

// baseChart plans the release that all meshes of Istio in a cluster share. It
// stays where it is, and its values are the same whichever mesh plans it, but
// for the one that newly speaks for objects which name no revision.
func baseChart(req install.MeshRequest, own map[string]any) install.Chart {
	chart := chartOf(chartBase, req.Version, req.Spec.Helm)
	chart.Release, chart.Namespace, chart.Shared = releaseBase, req.Namespace, true
	if owner := baseRelease(req.Cluster); owner != nil {
		chart.Release, chart.Namespace = owner.Name, owner.Namespace
	}
	namespace, revision := speaker(req.Cluster)
	if req.Default {
		namespace, revision = req.Namespace, req.Revision
	}
	chart.Values = install.MergeValues(map[string]any{
		"defaultRevision": revision,
		"global":          map[string]any{"istioNamespace": cmp.Or(namespace, chart.Namespace)},
	}, baseValues(own))
	for _, name := range definitions() {
		chart.Gates = append(chart.Gates, install.Gate{
			Kind: install.DefinitionServed, Resource: "CustomResourceDefinition", Name: name,
		})
	}
	return chart
}

// definitions are the names of Istio's CRDs that Meshloom writes objects of.
func definitions() []string {
	var names []string
	for _, kind := range kinds {
		if !strings.HasSuffix(kind.Group, ".istio.io") {
			continue
		}
		names = append(names, plural(kind.Kind)+"."+kind.Group)
	}
	return names
}

// plural is the name of a kind's resource.
func plural(kind string) string {
	name := strings.ToLower(kind)
	if stem, ok := strings.CutSuffix(name, "y"); ok && !strings.HasSuffix(name, "ay") {
		return stem + "ies"
	}
	return name + "s"
}

// baseRelease returns the release of the chart base that the CRDs belong to, or
// nil. Somebody else may have given it another name.
func baseRelease(cluster install.Cluster) *install.Release {
	owners := map[string]bool{}
	for _, name := range definitions() {
		owners[cluster.Owners[name]] = true
	}
	for i := range cluster.Releases {
		r := &cluster.Releases[i]
		if r.Chart == chartBase && (r.Name == releaseBase || owners[r.Namespace+"/"+r.Name]) {
			return r
		}
	}
	return nil
}

// speaker returns the control plane that speaks for objects which name no
// revision: the one that their webhook calls. Both are empty where none does.
func speaker(cluster install.Cluster) (namespace, revision string) {
	for _, w := range cluster.Webhooks {
		if w.Name != defaultValidator || len(w.Services) == 0 {
			continue
		}
		namespace, service, _ := strings.Cut(w.Services[0], "/")
		return namespace, cmp.Or(strings.TrimPrefix(strings.TrimPrefix(service, "istiod"), "-"), defaultRevision)
	}
	return "", ""
}

// istiodChart plans one control plane.
func istiodChart(req install.MeshRequest, own map[string]any) install.Chart {
	chart := chartOf(chartIstiod, req.Version, req.Spec.Helm)
	chart.Release, chart.Namespace = "istiod-"+req.Revision, req.Namespace
	// One that was adopted keeps the name that somebody gave it.
	for _, plane := range found(req.Cluster) {
		if plane.Namespace == req.Namespace && plane.Revision == req.Revision && len(plane.Releases) > 0 {
			chart.Release = plane.Releases[0]
		}
	}
	chart.Values = install.MergeValues(istiodValues(req), ofIstiod(own))
	chart.Gates = []install.Gate{
		{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: req.Namespace, Name: istiod(req.Revision)},
		{Kind: install.WebhookTrusted, Resource: "MutatingWebhookConfiguration", Name: injector(req.Namespace, req.Revision)},
	}
	return chart
}
