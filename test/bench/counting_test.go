package main

import (
	"testing"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// counted is the number of services of the counting form.
const counted = 50

// TestCounts is the form of the benchmark that runs everywhere: what is counted
// holds on any machine, and nothing is timed.
func TestCounts(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	ctx := t.Context()
	r := &Report{progress: t.Output(), begun: time.Now()}
	s, err := open(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.cluster.grow(ctx, counted); err != nil {
		t.Fatal(err)
	}
	if s.editor, err = newEditor(ctx, s); err != nil {
		t.Fatal(err)
	}
	if err := s.editor.watched(ctx, func() error { return s.editor.count(ctx, "one edit", atMost(1)) }); err != nil {
		t.Fatal(err)
	}
	if err := s.restart(ctx, time.Second); err != nil {
		t.Fatal(err)
	}
	if err := s.routes(ctx, counted); err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if row.Met != nil && !*row.Met {
			t.Errorf("%s: %s %s, want %s", row.What, number(row.Value), row.Unit, row.Goal)
		}
	}
}
