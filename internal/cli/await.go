package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// interval is how often a verb that waits looks at the cluster.
const interval = 500 * time.Millisecond

// patience is whether and how long a verb waits for what it asked for.
type patience struct {
	wait    bool
	timeout time.Duration
}

func (p *patience) addFlags(f *pflag.FlagSet, timeout time.Duration) {
	f.BoolVar(&p.wait, "wait", true, "wait until it is ready")
	f.DurationVar(&p.timeout, "timeout", timeout, "how long to wait")
}

// errEnded says that a look at the cluster ended the waiting.
var errEnded = errors.New("ended")

// poll looks again and again until look ends with errEnded or another error,
// the time is up (context.DeadlineExceeded) or somebody interrupts
// (context.Canceled).
func poll(ctx context.Context, timeout time.Duration, look func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := look(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, errEnded) {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		if end, _ := ctx.Deadline(); time.Until(end) < interval/10 {
			<-ctx.Done() // a request would only fail for want of time
			return ctx.Err()
		}
	}
}

// await shows how a Mesh or an IngressController becomes what its spec says,
// and returns how that ended. An API server that is away for a moment is
// waited for.
func (a *app) await(ctx context.Context, c client.Client, obj client.Object, timeout time.Duration) error {
	what := described(obj)
	show := a.progress()
	last := stage{}
	err := poll(ctx, timeout, func(ctx context.Context) error {
		err := c.Get(ctx, client.ObjectKeyFromObject(obj), obj)
		switch {
		case apierrors.IsNotFound(err):
			return fmt.Errorf("wait for %s: somebody deleted it", what)
		case err != nil:
			show.say(what + ": the cluster does not answer: " + err.Error())
			return nil //nolint:nilerr // It is asked again.
		}
		last = stageOf(obj)
		show.say(what + ": " + last.text)
		if last.verdict != going {
			return errEnded
		}
		return nil
	})
	show.end()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return a.tooLate(ctx, c, obj, fmt.Sprintf("%s is not ready after %s: %s", what, timeout, last.text))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; the cluster goes on with it: meshctl describe %s", what)
	case err != nil:
		return err
	case last.verdict == refused:
		return fmt.Errorf("%s: %s", what, last.text)
	case last.verdict == leftOver:
		return errFound
	}
	return nil
}

// tooLate adds to what is the matter which objects are not ready, and what
// happened to them last.
func (a *app) tooLate(ctx context.Context, c client.Client, obj client.Object, matter string) error {
	lines := []string{matter}
	if namespace := a.namespaceOf(obj); namespace != "" {
		lines = append(lines, unready(ctx, c, namespace)...)
	}
	if event := lastEvent(ctx, c, "", obj.GetName()); event != "" {
		lines = append(lines, "last event: "+event)
	}
	return errors.New(strings.Join(lines, "\n"))
}
