package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// propagation measures edits at growing sizes, and what of them depends on the
// size.
type propagation struct {
	*editor
	edits int
	// first are the medians at the smallest size.
	first struct{ ours, ratio float64 }
}

// at measures at the size that the cluster has now.
func (p *propagation) at(ctx context.Context, size int) error {
	if err := p.count(ctx, "one edit", atMost(1)); err != nil {
		return err
	}
	var ours, theirs []float64
	for k := range p.edits {
		a, b, err := p.pair(ctx, k)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, a), append(theirs, b)
	}
	median, peer := quantile(ours, 0.5), quantile(theirs, 0.5)
	p.report.compare(Number{"one edit: p50", size, median, "ms"}, peer, atMost(2))
	p.report.compare(Number{"one edit: p99", size, quantile(ours, 0.99), "ms"}, quantile(theirs, 0.99), atMost(4))
	if p.first.ours == 0 {
		p.first.ours, p.first.ratio = median, median/peer
		return nil
	}
	// Both: the machine may have become slower meanwhile, for all alike.
	p.report.add(Number{"one edit: p50 beside the smallest size", size, median / p.first.ours, "x"}, atMost(1.2))
	p.report.add(Number{"one edit: its ratio beside the smallest size's", size, median / peer / p.first.ratio, "x"}, nil)
	return nil
}

// countedEdits is the number of edits of which units and writes are counted.
const countedEdits = 20

// count counts what the operator computes and writes because of an edit.
func (e *editor) count(ctx context.Context, what string, units *goal) error {
	o, size := e.operator, e.cluster.made
	runs, err := o.runs()
	if err != nil {
		return err
	}
	wrote := o.writes.count()
	for n := range countedEdits {
		if _, err := e.operated(ctx, n%size); err != nil {
			return err
		}
	}
	if err := o.idle(ctx); err != nil {
		return err
	}
	after, err := o.runs()
	if err != nil {
		return err
	}
	var kinds []string
	for kind, n := range after {
		if n > runs[kind] {
			kinds = append(kinds, fmt.Sprintf("%s %s", number((n-runs[kind])/countedEdits), kind))
		}
	}
	slices.Sort(kinds)
	computed := fmt.Sprintf("%s: units computed (%s)", what, strings.Join(kinds, ", "))
	e.report.add(Number{computed, size, (sum(after) - sum(runs)) / countedEdits, "units"}, units)
	e.report.add(Number{what + ": writes", size, float64(o.writes.count()-wrote) / countedEdits, "writes"}, nil)
	return nil
}
