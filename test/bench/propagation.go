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
	report *Report
	editor *editor
	edits  int
	// first are the medians at the smallest size.
	first struct{ ours, ratio float64 }
}

// at measures at the size that the cluster has now.
func (p *propagation) at(ctx context.Context, size int) error {
	if err := p.units(ctx, size, 20); err != nil {
		return err
	}
	var ours, theirs []float64
	for k := range p.edits {
		a, b, err := p.editor.pair(ctx, k)
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

// units counts what the operator computes and writes because of edits.
func (p *propagation) units(ctx context.Context, size, edits int) error {
	o := p.editor.operator
	runs, err := o.runs()
	if err != nil {
		return err
	}
	wrote := o.writes.count()
	for n := range edits {
		if _, err := p.editor.operated(ctx, n%size); err != nil {
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
			kinds = append(kinds, fmt.Sprintf("%s %s", number((n-runs[kind])/float64(edits)), kind))
		}
	}
	slices.Sort(kinds)
	what := "one edit: units computed"
	if len(kinds) > 0 {
		what += " (" + strings.Join(kinds, ", ") + ")"
	}
	p.report.add(Number{what, size, (sum(after) - sum(runs)) / float64(edits), "units"}, atMost(1))
	// Both native objects say which generation they were made from, and the
	// status which was seen.
	p.report.add(Number{"one edit: writes", size, float64(o.writes.count()-wrote) / float64(edits), "writes"}, atMost(3))
	return nil
}
