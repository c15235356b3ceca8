package helm

import (
	"context"
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/kube"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// Rendering is a chart and the cluster that it is rendered for.
type Rendering struct {
	Work
	// Kubernetes is the version of the cluster; empty means Helm's own default.
	Kubernetes string
	// Served are what the cluster serves beside Kubernetes' own, as
	// "group/version" or "group/version/Kind".
	Served []string
	// Upgrade says that the release is there already.
	Upgrade bool
}

// Render returns the objects that a chart would make, CRDs and hooks included,
// as YAML. It makes no call to the cluster, but for a Secret that the chart's
// source names. The text is the same whenever the chart and its values are.
func (e *Engine) Render(ctx context.Context, r Rendering) (string, error) {
	chart, err := e.load(ctx, r.Work)
	if err != nil {
		return "", err
	}
	rel, err := e.render(ctx, r, chart)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, crd := range chart.CRDObjects() {
		document(&text, crd.Filename, string(crd.File.Data))
	}
	text.WriteString(rel.Manifest)
	for _, hook := range rel.Hooks {
		document(&text, hook.Path, hook.Manifest)
	}
	return text.String(), nil
}

func document(text *strings.Builder, source, content string) {
	fmt.Fprintf(text, "---\n# Source: %s\n%s\n", source, strings.TrimSpace(content))
}

// render returns the release that a chart would make, without a cluster.
func (e *Engine) render(ctx context.Context, r Rendering, chart *chartv2.Chart) (*releasev1.Release, error) {
	in := action.NewInstall(action.NewConfiguration(action.ConfigurationSetLogger(e.options.Log)))
	in.DryRunStrategy, in.APIVersions = action.DryRunClient, r.Served
	if r.Kubernetes != "" {
		version, err := common.ParseKubeVersion(r.Kubernetes)
		if err != nil {
			return nil, fmt.Errorf("read Kubernetes version %q: %w", r.Kubernetes, err)
		}
		in.KubeVersion = version
	}
	rel, err := r.dryRun(ctx, in, chart)
	if err != nil {
		return nil, &install.Refusal{Reason: v1alpha1.ReasonInvalid, Message: err.Error()}
	}
	return rel, nil
}

// dryRun lets Helm make a release that is not installed.
func (r Rendering) dryRun(ctx context.Context, in *action.Install, chart *chartv2.Chart) (*releasev1.Release, error) {
	in.ReleaseName, in.Namespace, in.IsUpgrade = r.Chart.Release, r.Chart.Namespace, r.Upgrade
	in.WaitStrategy, in.DisableOpenAPIValidation = kube.HookOnlyStrategy, true
	in.PostRenderer = keepDefinitions(chart)
	made, err := in.RunWithContext(ctx, chart, r.values())
	if err != nil {
		return nil, fmt.Errorf("render %s as %s: %s", r.what(), r.name(), oneLine(err))
	}
	rel, ok := made.(*releasev1.Release)
	if !ok {
		return nil, fmt.Errorf("render %s: Helm made a %T", r.what(), made)
	}
	return rel, nil
}
