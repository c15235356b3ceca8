package helm

import (
	"context"
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/kube"
	ri "helm.sh/helm/v4/pkg/release"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// Install makes the first revision of a release. Its namespace must exist.
//
// An error that is an *install.Refusal is the chart's or the cluster's answer
// and will be the same again; any other is worth a retry. What was written until
// then stays, in a release that failed.
func (e *Engine) Install(ctx context.Context, w Work) error {
	done, err := e.hold(ctx, w.Chart.Namespace, w.Chart.Release)
	if err != nil {
		return err
	}
	defer done()
	return e.write(ctx, writing{Work: w, revision: 1, verb: "install", run: e.install})
}

// Upgrade makes the next revision of a release, whatever state it is in but
// pending. Errors are as Install's.
func (e *Engine) Upgrade(ctx context.Context, w Work) error {
	done, err := e.hold(ctx, w.Chart.Namespace, w.Chart.Release)
	if err != nil {
		return err
	}
	defer done()
	config, _, err := e.helm(w.Chart.Namespace)
	if err != nil {
		return err
	}
	last, err := lastRevision(config, w.Chart.Release)
	if err != nil {
		return fmt.Errorf("upgrade %s: %w", w.name(), err)
	}
	return e.write(ctx, writing{Work: w, revision: last.Version + 1, verb: "upgrade to", run: e.upgrade})
}

// writing is a revision that is to be written.
type writing struct {
	Work
	revision int
	verb     string
	run      func(context.Context, *action.Configuration, *chartv2.Chart, writing) (ri.Releaser, error)
	// over takes the objects of others over.
	over bool
}

// write has Helm write a revision. Only where objects of somebody else are in
// the way, and somebody agreed, they are taken over, and the revision says so.
func (e *Engine) write(ctx context.Context, w writing) error {
	// Helm changes the chart that it renders.
	chart, err := e.load(ctx, w.Work)
	if err != nil {
		return err
	}
	config, _, err := e.helm(w.Chart.Namespace)
	if err != nil {
		return err
	}
	// Helm leaves its work half done where the context ends.
	made, err := w.run(context.WithoutCancel(ctx), config, chart, w)
	switch {
	case err == nil:
		return nil
	case w.TakeOver && !w.over && strings.Contains(err.Error(), inTheWay):
		w.over = true
		return e.write(ctx, w)
	}
	return e.settle(config, failure{
		namespace: w.Chart.Namespace, name: w.Chart.Release, revision: w.revision,
		what: w.verb + " " + w.what(), made: made, err: err,
	})
}

// inTheWay is in the error for objects that no release, or another one, made.
const inTheWay = "cannot be imported into the current release"

func (w writing) labels() map[string]string {
	labels := w.Work.labels(w.revision)
	if w.over {
		labels[v1alpha1.LabelTakenOver] = install.Digest(w.Chart)
	}
	return labels
}

func (e *Engine) install(ctx context.Context, config *action.Configuration, chart *chartv2.Chart, w writing) (ri.Releaser, error) {
	in := action.NewInstall(config)
	in.ReleaseName, in.Namespace = w.Chart.Release, w.Chart.Namespace
	// What several meshes share may have a namespace that is no mesh's, which
	// nobody else makes.
	in.CreateNamespace = w.Chart.Shared
	in.WaitStrategy, in.Timeout = kube.HookOnlyStrategy, e.options.HookTimeout
	in.ForceConflicts, in.TakeOwnership = true, w.over
	in.PostRenderer = keepDefinitions(chart)
	in.Labels = w.labels()
	in.Description = described("installed %s", w.what())
	return in.RunWithContext(ctx, chart, w.values())
}

func (e *Engine) upgrade(ctx context.Context, config *action.Configuration, chart *chartv2.Chart, w writing) (ri.Releaser, error) {
	up := action.NewUpgrade(config)
	up.Namespace, up.MaxHistory = w.Chart.Namespace, history
	up.WaitStrategy, up.Timeout = kube.HookOnlyStrategy, e.options.HookTimeout
	// Control planes patch their own webhooks. What they set there and the
	// chart sets too is the chart's again.
	up.ServerSideApply, up.ForceConflicts, up.TakeOwnership = "true", true, w.over
	up.ResetValues = true
	up.PostRenderer = keepDefinitions(chart)
	up.Labels = w.labels()
	up.Description = described("upgraded to %s", w.what())
	return up.RunWithContext(ctx, w.Chart.Release, chart, w.values())
}
