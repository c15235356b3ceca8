package helm

import (
	"context"
	"fmt"
	"strconv"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// Back says what to go back to.
type Back struct {
	Namespace, Name string
	// To is Helm's number of the revision whose chart and values are wanted.
	To int
	// Why is told in Helm's history.
	Why string
}

// RollBack makes a new revision of a release that is as an older one. Errors
// are as Install's.
func (e *Engine) RollBack(ctx context.Context, b Back) error {
	done, err := e.hold(ctx, b.Namespace, b.Name)
	if err != nil {
		return err
	}
	defer done()
	config, _, err := e.helm(b.Namespace)
	if err != nil {
		return err
	}
	last, err := lastRevision(config, b.Name)
	if err != nil {
		return fmt.Errorf("roll back %s/%s: %w", b.Namespace, b.Name, err)
	}
	back := action.NewRollback(config)
	back.Version, back.MaxHistory = b.To, history
	back.WaitStrategy, back.Timeout = kube.HookOnlyStrategy, e.options.HookTimeout
	back.ServerSideApply, back.ForceConflicts = "true", true
	back.Description = described("%s", b.Why)
	if err := back.Run(b.Name); err != nil {
		return e.settle(config, failure{
			namespace: b.Namespace, name: b.Name, revision: last.Version + 1,
			what: fmt.Sprintf("roll back to revision %d", b.To), err: err,
		})
	}
	return e.stamp(config, b.Name, last.Version+1)
}

// stamp marks a revision as written by us: Helm copies the labels of the one
// that was gone back to. Until then its description says so.
func (e *Engine) stamp(config *action.Configuration, name string, revision int) error {
	last, err := lastRevision(config, name)
	if err != nil {
		return fmt.Errorf("mark revision %d of %s: %w", revision, name, err)
	}
	if last.Version != revision {
		return nil
	}
	last.Labels = withLabels(last.Labels, map[string]string{v1alpha1.LabelWritten: strconv.Itoa(revision)})
	if err := config.Releases.Update(last); err != nil {
		return fmt.Errorf("mark revision %d of %s: %w", revision, name, err)
	}
	return nil
}

// Unlock marks a release that its writer left pending as failed, so that it can
// be written again. One that is not pending is left alone.
func (e *Engine) Unlock(ctx context.Context, namespace, name string) error {
	done, err := e.hold(ctx, namespace, name)
	if err != nil {
		return err
	}
	defer done()
	config, _, err := e.helm(namespace)
	if err != nil {
		return err
	}
	last, err := lastRevision(config, name)
	if err != nil {
		return fmt.Errorf("unlock %s/%s: %w", namespace, name, err)
	}
	if !last.Info.Status.IsPending() {
		return nil
	}
	last.SetStatus(common.StatusFailed, install.DescribedInterrupted+"its writer ended while it was "+string(last.Info.Status))
	if err := config.Releases.Update(last); err != nil {
		return fmt.Errorf("unlock %s/%s: %w", namespace, name, err)
	}
	return nil
}
