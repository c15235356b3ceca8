package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/meshloom/meshloom/controllers"
	"github.com/meshloom/meshloom/translators/all"
)

const (
	// workers and settle are those of the operator's flags.
	workers = 8
	settle  = 2 * time.Second
	// still is how long an operator does nothing that has nothing left to do:
	// longer than removals are put off.
	still = settle + time.Second
	// patience is how long the operator may take for anything.
	patience = 30 * time.Minute
)

// operator is the operator, run in this process so that its memory can be
// measured and its writes counted. Nothing else of it differs from the program.
type operator struct {
	writes   *writes
	registry *prometheus.Registry
	primed   <-chan struct{}
	ended    chan error
	cancel   context.CancelFunc
}

// startOperator runs an operator until it is stopped. Its caches tell of every
// object again after resync; zero leaves that at its default.
func startOperator(ctx context.Context, cluster *rest.Config, resync time.Duration) (*operator, error) {
	o := &operator{writes: &writes{}, registry: prometheus.NewRegistry(), ended: make(chan error, 1)}
	config := rest.CopyConfig(cluster)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return o.writes.over(next) })
	scheme, err := controllers.Scheme()
	if err != nil {
		return nil, err
	}
	options := controllers.Options{Providers: all.Providers(), Workers: workers, Settle: settle, Registerer: o.registry}
	cache := controllers.Cache(options)
	if resync > 0 {
		cache.SyncPeriod = &resync
	}
	off := server.Options{BindAddress: "0"}
	mgr, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme, Cache: cache, Metrics: off, HealthProbeBindAddress: "0"})
	if err != nil {
		return nil, fmt.Errorf("make manager: %w", err)
	}
	progress, err := controllers.Add(mgr, options)
	if err != nil {
		return nil, err
	}
	o.primed = progress.Primed
	ctx, o.cancel = context.WithCancel(ctx)
	go func() { o.ended <- mgr.Start(ctx) }()
	return o, nil
}

// stop ends the operator and returns when nothing of it runs any more.
func (o *operator) stop() error {
	o.cancel()
	if err := <-o.ended; err != nil {
		return fmt.Errorf("operator ended: %w", err)
	}
	return nil
}

// idle returns when every unit has run and nothing is left to do.
func (o *operator) idle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-o.primed:
	case <-ctx.Done():
		return fmt.Errorf("wait for the first run of all units: %w", ctx.Err())
	}
	last, since := -1.0, time.Now()
	for time.Since(since) < still {
		runs, err := o.runs()
		if err != nil {
			return err
		}
		if now := float64(o.writes.count()) + sum(runs); now != last {
			last, since = now, time.Now()
		}
		select {
		case <-time.After(still / 10):
		case err := <-o.ended:
			return errors.Join(errors.New("the operator ended by itself"), err)
		case <-ctx.Done():
			return fmt.Errorf("wait for an idle operator: %w", ctx.Err())
		}
	}
	return nil
}

// calm returns when nothing has been written for a moment: the statuses of an
// edit follow it. It costs nothing that a measurement would notice.
func (o *operator) calm(ctx context.Context) error {
	const moment = 20 * time.Millisecond
	last, since := -1, time.Now()
	for time.Since(since) < moment {
		if now := o.writes.count(); now != last {
			last, since = now, time.Now()
		}
		select {
		case <-time.After(moment / 10):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// runs counts the units computed so far, by kind of unit.
func (o *operator) runs() (map[string]float64, error) {
	families, err := o.registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather metrics: %w", err)
	}
	counts := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "meshloom_unit_runs_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			counts[m.GetLabel()[0].GetValue()] += m.GetCounter().GetValue()
		}
	}
	return counts, nil
}

// series counts the time series that the operator's metrics have, those of the
// libraries included.
func (o *operator) series() (int, error) {
	count := 0
	for _, gatherer := range []prometheus.Gatherer{o.registry, metrics.Registry} {
		families, err := gatherer.Gather()
		if err != nil {
			return 0, fmt.Errorf("gather metrics: %w", err)
		}
		for _, family := range families {
			for _, m := range family.GetMetric() {
				count += 1 + len(m.GetHistogram().GetBucket()) + len(m.GetSummary().GetQuantile())
				if m.GetHistogram() != nil {
					count += 2 // +Inf and the sum; the count is counted above
				}
			}
		}
	}
	return count, nil
}

func sum(counts map[string]float64) float64 {
	total := 0.0
	for _, n := range counts {
		total += n
	}
	return total
}
