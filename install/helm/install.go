package helm

import (
	"context"
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
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
	chart, err := e.load(ctx, w)
	if err != nil {
		return err
	}
	config, _, err := e.helm(w.Chart.Namespace)
	if err != nil {
		return err
	}
	in := action.NewInstall(config)
	in.ReleaseName, in.Namespace = w.Chart.Release, w.Chart.Namespace
	in.WaitStrategy, in.Timeout = kube.HookOnlyStrategy, e.options.HookTimeout
	in.ForceConflicts, in.TakeOwnership = true, w.TakeOver
	in.PostRenderer = keepDefinitions(chart)
	in.Labels = w.labels(1)
	in.Description = described("installed %s", w.what())
	// Helm leaves its work half done where the context ends.
	made, err := in.RunWithContext(context.WithoutCancel(ctx), chart, w.values())
	if err != nil {
		return e.settle(config, failure{namespace: w.Chart.Namespace, name: w.Chart.Release, revision: 1, what: "install " + w.what(), made: made, err: err})
	}
	return nil
}

// Upgrade makes the next revision of a release, whatever state it is in but
// pending. Errors are as Install's.
func (e *Engine) Upgrade(ctx context.Context, w Work) error {
	done, err := e.hold(ctx, w.Chart.Namespace, w.Chart.Release)
	if err != nil {
		return err
	}
	defer done()
	chart, err := e.load(ctx, w)
	if err != nil {
		return err
	}
	config, _, err := e.helm(w.Chart.Namespace)
	if err != nil {
		return err
	}
	last, err := lastRevision(config, w.Chart.Release)
	if err != nil {
		return fmt.Errorf("upgrade %s: %w", w.name(), err)
	}
	up := action.NewUpgrade(config)
	up.Namespace, up.MaxHistory = w.Chart.Namespace, history
	up.WaitStrategy, up.Timeout = kube.HookOnlyStrategy, e.options.HookTimeout
	// Control planes patch their own webhooks. What they set there and the
	// chart sets too is the chart's again.
	up.ServerSideApply, up.ForceConflicts, up.TakeOwnership = "true", true, w.TakeOver
	up.ResetValues = true
	up.PostRenderer = keepDefinitions(chart)
	up.Labels = w.labels(last.Version + 1)
	up.Description = described("upgraded to %s", w.what())
	made, err := up.RunWithContext(context.WithoutCancel(ctx), w.Chart.Release, chart, w.values())
	if err != nil {
		return e.settle(config, failure{namespace: w.Chart.Namespace, name: w.Chart.Release, revision: last.Version + 1, what: "upgrade to " + w.what(), made: made, err: err})
	}
	return nil
}
