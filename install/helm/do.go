package helm

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/meshloom/meshloom/install"
)

// Doing is a step with what is needed to do it.
type Doing struct {
	Step  install.Step
	Owner string
	// Charts are those that come with this binary.
	Charts fs.FS
	// TakeOver and Definitions are as in Work and Removal.
	TakeOver, Definitions bool
}

// Do does a step that install.NextChart or install.NextRemoval decided on. Steps
// that do nothing to a release are errors.
func (e *Engine) Do(ctx context.Context, d Doing) error {
	chart := d.Step.Chart
	if chart == nil {
		return fmt.Errorf("do step %s: it is about no chart", d.Step.Kind)
	}
	work := Work{Chart: *chart, Charts: d.Charts, Owner: d.Owner, TakeOver: d.TakeOver}
	switch d.Step.Kind {
	case install.StepInstall:
		return e.Install(ctx, work)
	case install.StepUpgrade:
		return e.Upgrade(ctx, work)
	case install.StepRollBack:
		return e.RollBack(ctx, Back{Namespace: chart.Namespace, Name: chart.Release, To: d.Step.To, Why: d.Step.Message})
	case install.StepUninstall:
		return e.Uninstall(ctx, Removal{Namespace: chart.Namespace, Name: chart.Release, Definitions: d.Definitions})
	case install.StepUnlock:
		return e.Unlock(ctx, chart.Namespace, chart.Release)
	default:
		return fmt.Errorf("do step %s: it does nothing to a release", d.Step.Kind)
	}
}
