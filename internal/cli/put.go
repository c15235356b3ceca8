package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/selfinstall"
)

// putting is Meshloom on its way into a cluster.
type putting struct {
	work    helm.Work
	objects []*unstructured.Unstructured
	timeout time.Duration
	wait    bool
	// first says that there is no release yet.
	first bool
}

// putSelf writes Meshloom into the cluster: the CRDs first, and the rest when
// they are served.
func (a *app) putSelf(ctx context.Context, c client.Client, engine *helm.Engine, p putting) error {
	deadline := a.now().Add(p.timeout)
	show := a.progress()
	defer show.end()
	show.say("namespace " + p.work.Chart.Namespace)
	if err := selfinstall.EnsureNamespace(ctx, c); err != nil {
		return err
	}
	definitions := selfinstall.Definitions(p.objects)
	show.say(fmt.Sprintf("%d definitions", len(definitions)))
	if err := selfinstall.ApplyDefinitions(ctx, c, definitions); err != nil {
		return err
	}
	if err := awaitDefinitions(ctx, c, definitions, deadline.Sub(a.now())); err != nil {
		return fmt.Errorf("not ready after %s: %w", p.timeout, err)
	}
	show.say("Helm release " + p.work.Chart.Namespace + "/" + p.work.Chart.Release)
	act := engine.Upgrade
	if p.first {
		act = engine.Install
	}
	if err := act(ctx, p.work); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("interrupted; what is written stays, and its pods start: meshctl check says when they are ready")
	}
	if !p.wait {
		return nil
	}
	return a.awaitGates(ctx, c, engine, awaiting{
		gates: p.work.Chart.Gates, namespace: p.work.Chart.Namespace, timeout: deadline.Sub(a.now()), whole: p.timeout, show: show,
	})
}

// awaitDefinitions waits until CRDs are served.
func awaitDefinitions(ctx context.Context, c client.Client, definitions []*unstructured.Unstructured, timeout time.Duration) error {
	waiting := "the definitions are not served yet"
	err := poll(ctx, timeout, func(ctx context.Context) error {
		left, err := selfinstall.Unestablished(ctx, c, definitions)
		if err != nil {
			return err
		}
		if left == "" {
			return errEnded
		}
		waiting = left
		return nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New(waiting)
	}
	return err
}

// awaiting is what must hold before something is ready.
type awaiting struct {
	gates     []install.Gate
	namespace string
	timeout   time.Duration
	// whole is the timeout that the user gave.
	whole time.Duration
	// show says how far it is.
	show *progress
}

// awaitGates waits until every gate holds. If they do not in time, the error
// names the objects, why, and what happened to them last.
func (a *app) awaitGates(ctx context.Context, c client.Client, engine *helm.Engine, w awaiting) error {
	var waiting []string
	err := poll(ctx, w.timeout, func(ctx context.Context) error {
		waiting = nil
		for _, gate := range w.gates {
			holds, why, err := engine.Gate(ctx, gate)
			if err != nil {
				why = err.Error()
			}
			if !holds {
				waiting = append(waiting, gate.String()+": "+why)
			}
		}
		if len(waiting) == 0 {
			w.show.say("ready")
			return errEnded
		}
		w.show.say("waiting for " + strings.Join(waiting, "; "))
		return nil
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		lines := append([]string{fmt.Sprintf("not ready after %s: %s", w.whole, strings.Join(waiting, "; "))}, unready(ctx, c, w.namespace)...)
		return errors.New(strings.Join(lines, "\n"))
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; what is written stays, and its pods start: meshctl check says when they are ready")
	}
	return err
}
