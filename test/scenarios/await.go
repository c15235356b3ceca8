package scenarios

import (
	"context"
	"time"

	"github.com/meshloom/meshloom/test/load"
)

const (
	// probes is how many requests show whether a change has reached the
	// proxies, and probePoints how far their shares may be off.
	probes      = 40
	probePoints = 40
	// inARow is how often they have to show it: not all proxies hear of a
	// change at the same time.
	inARow = 2
	// arrival is how long a change may be on its way.
	arrival = 30 * time.Second
)

// Sender sends the check's request a number of times.
type Sender func(ctx context.Context, c *Check, times int) (*load.Report, error)

// Await returns when requests fare as they have to, or when they should have
// long since: a count that follows then says what is wrong.
func (c *Check) Await(ctx context.Context, want *Outcome, send Sender) error {
	deadline := time.Now().Add(arrival)
	for seen := 0; seen < inARow && time.Now().Before(deadline); {
		got, err := send(ctx, c, min(probes, c.Count(want)))
		if err != nil {
			return err
		}
		if len(c.Compare(want, got, probePoints)) == 0 {
			seen++
			continue
		}
		seen = 0
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
	return nil
}
