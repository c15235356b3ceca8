package main

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// statusRoutes is the number of routes whose status writes are counted.
const statusRoutes = 1000

// routes counts the status writes that the first routes cost, and the time
// series that there are with all of them. Routes are those of the services that
// the cluster has.
func (s *session) routes(ctx context.Context, all int) error {
	r, c, o := s.report, s.cluster, s.operator
	all = min(all, c.made)
	first := min(statusRoutes, all)
	written := o.writes.count()
	one := func(n int) []client.Object { return []client.Object{route(n)} }
	if err := c.create(ctx, 0, first, one); err != nil {
		return err
	}
	if err := o.idle(ctx); err != nil {
		return err
	}
	total, most := 0, 0
	for _, n := range o.writes.statuses(written, "gatewayroutes") {
		total, most = total+n, max(most, n)
	}
	if total == 0 {
		return fmt.Errorf("count status writes of %d routes: there was none", first)
	}
	r.add(Number{"routes: status writes", first, float64(total), "writes"}, atMost(float64(first)))
	r.add(Number{"routes: status writes of one route, at most", first, float64(most), "writes"}, atMost(1))
	behind := func() error { return s.editor.count(ctx, "one edit behind a route", atMost(2)) }
	if err := s.editor.watched(ctx, behind); err != nil {
		return err
	}
	if err := c.create(ctx, first, all-first, one); err != nil {
		return err
	}
	if err := o.idle(ctx); err != nil {
		return err
	}
	series, err := o.series()
	if err != nil {
		return err
	}
	r.add(Number{"metrics: series", all, float64(series), "series"}, atMost(999))
	return nil
}
