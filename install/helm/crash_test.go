package helm_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
)

// drive decides and acts until there is nothing to do, as a controller does.
// Its clock runs ahead, so that nothing has to be waited for.
func (r *rig) drive(engine *helm.Engine, work helm.Work, state *[]v1alpha1.InstalledRelease, clock *time.Time) install.Step {
	r.t.Helper()
	for range 30 {
		releases, err := engine.Releases(context.Background())
		if err != nil {
			return install.Step{Kind: install.StepWait, Message: err.Error()}
		}
		request := install.ChartsRequest{Owner: work.Owner, Charts: []install.Chart{work.Chart}, Releases: releases, State: *state, Now: *clock}
		step := install.NextChart(request)
		*state = install.Noted(request, step)
		*clock = clock.Add(step.After + time.Minute)
		if step.Kind == install.StepDone || step.Kind == install.StepRefuse {
			return step
		}
		if step.Kind == install.StepWait {
			continue
		}
		doing := helm.Doing{Step: step, Owner: work.Owner, Charts: work.Charts}
		if err := engine.Do(context.Background(), doing); err != nil {
			r.t.Logf("%s: %v", step.Kind, err)
			if !isRefusal(err) {
				return step // The process is gone.
			}
		}
	}
	r.t.Fatal("30 steps, and no end")
	return install.Step{}
}

// TestDyingAtEveryWrite lets a process upgrade a release and die after its n-th
// write, for every n, and another one go on.
func TestDyingAtEveryWrite(t *testing.T) {
	r := newRig(t)
	var state []v1alpha1.InstalledRelease
	clock := time.Now()
	work := plane(r.namespace, map[string]any{"replicas": 1})
	if step := r.drive(r.engine, work, &state, &clock); step.Kind != install.StepDone {
		t.Fatalf("install ended with %s: %s", step.Kind, step.Message)
	}
	deaths := 0
	for n := int64(1); ; n++ {
		work = plane(r.namespace, map[string]any{"replicas": int(n) + 1})
		var writes atomic.Int64
		dying := r.failing(func(req *http.Request) bool {
			if req.Method != http.MethodGet && writes.Load() <= n {
				writes.Add(1)
			}
			return writes.Load() > n
		})
		clock = time.Now()
		r.drive(dying, work, &state, &clock)
		if writes.Load() <= n {
			break
		}
		deaths++
		clock = time.Now().Add(time.Hour)
		if step := r.drive(r.engine, work, &state, &clock); step.Kind != install.StepDone {
			t.Fatalf("after a death at write %d: %s: %s", n, step.Kind, step.Message)
		}
		if got := *r.deployment().Spec.Replicas; got != int32(n)+1 {
			t.Fatalf("after a death at write %d: %d replicas, want %d", n, got, n+1)
		}
	}
	if deaths < 4 {
		t.Errorf("%d deaths: an upgrade of three objects writes more than that", deaths)
	}
}

// TestFailureRollsBackByItself drives an upgrade that the API server refuses.
func TestFailureRollsBackByItself(t *testing.T) {
	r := newRig(t)
	var state []v1alpha1.InstalledRelease
	clock := time.Now()
	good := plane(r.namespace, map[string]any{"image": "example.com/plane:1"})
	r.drive(r.engine, good, &state, &clock)
	bad := plane(r.namespace, map[string]any{"image": "example.com/plane:2", "broken": true})
	clock = time.Now()
	step := r.drive(r.engine, bad, &state, &clock)
	if step.Kind != install.StepRefuse || step.Reason != v1alpha1.ReasonRolledBack {
		t.Fatalf("the end is %s, %s: %s", step.Kind, step.Reason, step.Message)
	}
	r.expect(3, install.Deployed, install.Digest(good.Chart))
	if got := r.configMap()["image"]; got != "example.com/plane:1" {
		t.Errorf("the ConfigMap has image %s", got)
	}
	t.Log(step.Message)
}
