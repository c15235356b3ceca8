package main

import (
	"context"
	"time"
)

// restart counts what an operator writes that starts on a cluster on which
// another has done everything, and what it does when its caches tell of
// everything again, which is after resync. It goes on with the new operator.
func (s *session) restart(ctx context.Context, resync time.Duration) error {
	if err := s.operator.stop(); err != nil {
		return err
	}
	begun := time.Now()
	o, err := startOperator(ctx, s.cluster.config, resync)
	if err != nil {
		return err
	}
	s.operator = o
	if err := o.idle(ctx); err != nil {
		return err
	}
	size := s.cluster.made
	s.report.note("nothing to do %.1f s after the restart", (time.Since(begun) - still).Seconds())
	s.report.add(Number{"restart: writes", size, float64(o.writes.count()), "writes"}, atMost(0))
	written := o.writes.count()
	runs, err := o.runs()
	if err != nil {
		return err
	}
	if err := sleep(ctx, 2*resync+still); err != nil {
		return err
	}
	after, err := o.runs()
	if err != nil {
		return err
	}
	s.report.add(Number{"two resyncs: writes", size, float64(o.writes.count() - written), "writes"}, atMost(0))
	s.report.add(Number{"two resyncs: units computed", size, sum(after) - sum(runs), "units"}, atMost(0))
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
