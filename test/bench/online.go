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
	// editor edits the services, once there are some.
	editor *editor
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
	nothing := s.heap()
	if err := s.sizes(ctx, f); err != nil {
		return err
	}
	full, most := s.heap(), slices.Max(f.sizes)
	r.add(Number{"memory: heap of the process without services", 0, nothing, "KiB"}, nil)
	r.add(Number{"memory: heap a service, with two pods", most, (full - nothing) / float64(most), "KiB"}, atMost(20))
	if err := s.restart(ctx, resync); err != nil {
		return err
	}
	if err := s.routes(ctx, f.routes); err != nil {
		return err
	}
	all := most + min(f.routes, most)
	full = s.heap()
	r.add(Number{"memory: heap a service or route", all, (full - nothing) / float64(all), "KiB"}, atMost(20))
	if err := s.cluster.empty(ctx); err != nil {
		return err
	}
	if err := s.operator.idle(ctx); err != nil {
		return err
	}
	kept := (s.heap() - nothing) / (full - nothing)
	r.add(Number{"memory: share of it that is kept after the deletion of all", all, kept, "x"}, atMost(0.1))
	return nil
}

// heap is the memory of the operator, and of what the benchmark cannot do
// without.
func (s *session) heap() float64 {
	s.operator.writes.forget()
	return heap()
}

// sizes measures edits at every size, the smallest first.
func (s *session) sizes(ctx context.Context, f settings) error {
	p := &propagation{edits: f.edits}
	for _, size := range slices.Sorted(slices.Values(f.sizes)) {
		s.report.note("growing to %d services", size)
		if err := s.cluster.grow(ctx, size); err != nil {
			return err
		}
		if err := s.operator.idle(ctx); err != nil {
			return err
		}
		if s.editor == nil {
			var err error
			if s.editor, err = newEditor(ctx, s); err != nil {
				return err
			}
			p.editor = s.editor
		}
		if err := p.watched(ctx, func() error { return p.at(ctx, size) }); err != nil {
			return err
		}
	}
	return nil
}
