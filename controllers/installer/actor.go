package installer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/install/trust"
	"github.com/meshloom/meshloom/internal/reconciler"
)

// actor does steps, and says in the status of their objects how things stand.
type actor struct {
	client client.Client
	// live reads from the API server.
	live     client.Reader
	engine   *helm.Engine
	writes   writes
	recorder events.EventRecorder
	metrics  *metrics

	mu       sync.Mutex
	troubles map[string]*trouble
}

// turn is one step for one object.
type turn struct {
	// object is nil where it is gone, and only something of it is left.
	object client.Object
	// owner names the object, as releases do.
	owner string
	step  install.Step
	// state is what to record; nil where nothing is.
	state *v1alpha1.InstallState
	// held objects are kept by a finalizer until all of theirs is removed.
	held bool
	// planner is the provider's; nil where there is none.
	planner *install.Planner
	// takeOver and definitions are what somebody agreed to.
	takeOver, definitions bool
	// place is where the root of trust is kept.
	place trust.Place
}

// generation is that of the object.
func (t turn) generation() int64 {
	if t.object == nil {
		return 0
	}
	return t.object.GetGeneration()
}

// charts are those that come with this binary.
func (t turn) charts() fs.FS {
	if t.planner == nil {
		return nil
	}
	return t.planner.Charts
}

// take records how things stand, and then does the step: what dies in between
// is seen by the next process.
func (a *actor) take(ctx context.Context, t turn) (reconcile.Result, error) {
	if err := a.hold(ctx, t); err != nil {
		return reconcile.Result{}, err
	}
	said, err := a.record(ctx, t.object, a.troubleOf(t).in(t.state, t.generation()))
	if err != nil {
		return reconcile.Result{}, err
	}
	act := acts[t.step.Kind]
	if act == nil {
		if said && t.step.Kind == install.StepRefuse {
			a.warn(t, string(t.step.Reason), t.step.Message)
		}
		return reconcile.Result{RequeueAfter: t.step.After}, nil
	}
	err = act(a, ctx, t)
	a.metrics.took(t.step.Kind, err)
	if err != nil {
		return a.failed(ctx, t, err)
	}
	a.settle(t.owner, nil)
	a.tell(t)
	return reconcile.Result{RequeueAfter: max(t.step.After, time.Millisecond)}, nil
}

// failed takes note of an act that did not succeed, and says so. What would be
// refused again is no error of ours, and looked at again only if what is seen
// has changed by it.
func (a *actor) failed(ctx context.Context, t turn, err error) (reconcile.Result, error) {
	if t.step.Chart == nil {
		err = fmt.Errorf("%s: %w", describe(t.step), err)
	}
	if reconciler.ClassOf(err) == reconciler.Transient || ctx.Err() != nil {
		return reconcile.Result{}, err
	}
	trouble := newTrouble(t, err)
	news := a.settle(t.owner, trouble)
	if _, recordErr := a.record(ctx, t.object, trouble.in(t.state, t.generation())); recordErr != nil {
		return reconcile.Result{}, errors.Join(err, recordErr)
	}
	if news {
		a.warn(t, string(trouble.reason), err.Error())
	}
	switch {
	case !trouble.stalled:
		return reconcile.Result{}, err
	case news:
		return reconcile.Result{RequeueAfter: soon}, nil
	}
	return reconcile.Result{RequeueAfter: lastRetry}, nil
}
