package main

import (
	"context"
	"errors"
	"slices"
	"time"
)

// settings are the flags.
type settings struct {
	sizes         []int
	edits, routes int
}

// resync is short enough to wait for, and long enough for large caches to tell
// of everything.
const resync = 15 * time.Second

// session is a cluster, the operator that runs on it now, and what was found.
type session struct {
	report   *Report
	cluster  *cluster
	operator *operator
}

// open starts a cluster with the platform on it, and an operator.
func open(ctx context.Context, r *Report) (*session, error) {
	r.note("starting the API server")
	c, err := startCluster(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.server.Stop())
	}
	o, err := startOperator(ctx, c.config, 0)
	if err != nil {
		return nil, errors.Join(err, c.server.Stop())
	}
	return &session{report: r, cluster: c, operator: o}, nil
}

// close ends the operator and the cluster.
func (s *session) close() error { return errors.Join(s.operator.stop(), s.cluster.server.Stop()) }

// online measures everything that needs an API server.
func online(ctx context.Context, r *Report, f settings) (err error) {
	s, err := open(ctx, r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.operator.idle(ctx); err != nil {
		return err
	}
	nothing := heap()
	if err := s.sizes(ctx, f); err != nil {
		return err
	}
	full, most := heap(), slices.Max(f.sizes)
	r.add(Number{"memory: heap of the process without services", 0, nothing, "KiB"}, nil)
	r.add(Number{"memory: heap a service", most, (full - nothing) / float64(most), "KiB"}, atMost(20))
	if err := s.restart(ctx, resync); err != nil {
		return err
	}
	if err := s.routes(ctx, f.routes); err != nil {
		return err
	}
	both := float64(most + min(f.routes, most))
	r.add(Number{"memory: heap a service or route, with routes", most, (heap() - nothing) / both, "KiB"}, atMost(20))
	if err := s.cluster.empty(ctx); err != nil {
		return err
	}
	if err := s.operator.idle(ctx); err != nil {
		return err
	}
	r.compare(Number{"memory: heap after all were deleted, beside that before", most, heap(), "KiB"}, nothing, atMost(1.1))
	return nil
}

// sizes measures edits at every size, the smallest first.
func (s *session) sizes(ctx context.Context, f settings) error {
	p := &propagation{report: s.report, edits: f.edits}
	for _, size := range slices.Sorted(slices.Values(f.sizes)) {
		s.report.note("growing to %d services", size)
		if err := s.cluster.grow(ctx, size); err != nil {
			return err
		}
		if err := s.operator.idle(ctx); err != nil {
			return err
		}
		if p.editor == nil {
			var err error
			if p.editor, err = newEditor(ctx, s.cluster, s.operator); err != nil {
				return err
			}
			defer p.editor.sight.events.Stop()
		}
		if err := p.at(ctx, size); err != nil {
			return err
		}
	}
	return nil
}
