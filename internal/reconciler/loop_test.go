package reconciler

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

type name string

func (n name) String() string { return string(n) }

// start runs the loop until the test ends.
func start(t *testing.T, l *Loop[name]) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("end of the loop: %v", err)
		}
	})
}

func TestLoopNeverProcessesAKeyTwiceAtATime(t *testing.T) {
	l := NewLoop[name]("", 8)
	var busy [2]atomic.Bool
	var overlaps, runs atomic.Int32
	l.Process = func(_ context.Context, key name) (time.Duration, error) {
		mine := &busy[len(key)-1]
		if !mine.CompareAndSwap(false, true) {
			overlaps.Add(1)
		}
		runs.Add(1)
		mine.Store(false)
		return 0, nil
	}
	start(t, l)
	var adders sync.WaitGroup
	for range 4 {
		adders.Go(func() {
			for range 500 {
				l.Add("a", "bb")
			}
		})
	}
	adders.Wait()
	eventually(t, "the queue to empty", func() bool { return l.Len() == 0 && runs.Load() > 1 })
	if overlaps.Load() > 0 {
		t.Errorf("%d runs overlapped with another of the same key", overlaps.Load())
	}
}

func TestLoopDecidesOnceWhatAnErrorMeans(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{}, "x", errors.New("changed"))
	tests := []struct {
		name string
		err  error
		// again is whether the key is processed a second time.
		again bool
	}{
		{"none", nil, false},
		{"somebody was faster", conflict, true},
		{"unknown", errors.New("odd"), true},
		{"terminal", reconcile.TerminalError(errors.New("never")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := NewLoop[name]("", 1)
			var runs, others atomic.Int32
			l.Process = func(_ context.Context, key name) (time.Duration, error) {
				if key == "other" {
					others.Add(1)
					return firstRetry, nil
				}
				if runs.Add(1) > 1 {
					return 0, nil
				}
				return 0, tt.err
			}
			l.Add("key")
			start(t, l)
			if tt.again {
				eventually(t, "another run", func() bool { return runs.Load() == 2 })
				return
			}
			// The other key asks to be called again, later than a retry would be.
			l.Add("other")
			eventually(t, "runs of the other key", func() bool { return others.Load() > 3 })
			if runs.Load() != 1 {
				t.Errorf("processed %d times, want once", runs.Load())
			}
		})
	}
}

func TestClassOf(t *testing.T) {
	resource := schema.GroupResource{Resource: "things"}
	for want, errs := range map[Class][]error{
		Transient: {apierrors.NewNotFound(resource, "x"), apierrors.NewAlreadyExists(resource, "x"), apierrors.NewConflict(resource, "x", nil)},
		Refused:   {apierrors.NewInvalid(schema.GroupKind{}, "x", nil), apierrors.NewForbidden(resource, "x", nil), apierrors.NewBadRequest("x")},
		Terminal:  {reconcile.TerminalError(errors.New("x"))},
		Failed:    {errors.New("x"), apierrors.NewInternalError(errors.New("x"))},
	} {
		for _, err := range errs {
			if got := ClassOf(err); got != want {
				t.Errorf("%v is %s, want %s", err, got, want)
			}
		}
	}
}

func eventually(t *testing.T, what string, reached func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !reached() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
