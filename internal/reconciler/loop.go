package reconciler

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 5 * time.Minute
)

// Loop processes keys off one queue. A key is processed by one worker at a
// time, and again when it was added meanwhile; keys that fail are retried ever
// more slowly. It runs on the leader only.
type Loop[K interface {
	comparable
	fmt.Stringer
}] struct {
	// Process does the work. A positive duration asks to be called again.
	Process func(context.Context, K) (time.Duration, error)
	// Ready is waited for before the first key; nil is ready at once.
	Ready func(context.Context) error

	workers int
	queue   workqueue.TypedRateLimitingInterface[K]
}

// NewLoop returns a loop whose queue takes keys at once. The name is that of
// the queue in metrics.
func NewLoop[K interface {
	comparable
	fmt.Stringer
}](name string, workers int) *Loop[K] {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[K](firstRetry, lastRetry)
	return &Loop[K]{
		workers: workers,
		queue:   workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[K]{Name: name}),
	}
}

// Add puts keys into the queue; those that are in it already stay once.
func (l *Loop[K]) Add(keys ...K) {
	for _, key := range keys {
		l.queue.Add(key)
	}
}

// Len returns the number of keys that wait for a worker.
func (l *Loop[K]) Len() int { return l.queue.Len() }

// NeedLeaderElection makes a manager start the loop on the leader only.
func (l *Loop[K]) NeedLeaderElection() bool { return true }

// Start processes keys until the context ends, and returns when the last
// worker is done.
func (l *Loop[K]) Start(ctx context.Context) error {
	if l.Ready != nil {
		if err := l.Ready(ctx); err != nil {
			return err
		}
	}
	var workers sync.WaitGroup
	for range l.workers {
		workers.Go(func() {
			for l.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	l.queue.ShutDown()
	workers.Wait()
	return nil
}

// next processes one key, and returns false when the queue is shut down.
func (l *Loop[K]) next(ctx context.Context) bool {
	key, shutdown := l.queue.Get()
	if shutdown {
		return false
	}
	defer l.queue.Done(key)
	if ctx.Err() != nil {
		return true
	}
	again, err := l.Process(ctx, key)
	if err == nil {
		l.queue.Forget(key)
		if again > 0 {
			l.queue.AddAfter(key, again)
		}
		return true
	}
	l.fail(ctx, key, err)
	return true
}

// fail decides what becomes of a key whose processing failed.
func (l *Loop[K]) fail(ctx context.Context, key K, err error) {
	logger := log.FromContext(ctx).WithValues("key", key.String())
	switch ClassOf(err) {
	case Terminal:
		logger.Error(err, "Gave up")
		l.queue.Forget(key)
		return
	case Transient:
		logger.V(1).Info("Trying again", "reason", err.Error())
	default:
		if ctx.Err() == nil {
			logger.Error(err, "Trying again")
		}
	}
	l.queue.AddRateLimited(key)
}
