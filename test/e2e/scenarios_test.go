//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/scenarios"
	"github.com/meshloom/meshloom/test/stage"
)

func TestScenarios(t *testing.T) {
	for _, s := range scenarios.All() {
		if s.Outside && suite.Local == nil {
			fmt.Printf("NOT RUN: scenario %s: this cluster has no host outside it that answers as outside.example\n", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { suite.play(t, s) })
	}
}

// play puts the scenario's objects in place, runs its checks, and puts things
// back as they were.
func (s *theatre) play(t *testing.T, scenario scenarios.Scenario) {
	t.Helper()
	oracle, err := scenarios.NewOracle(s.base, scenario)
	if err != nil {
		t.Fatal(err)
	}
	text, err := scenario.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stage.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.restore(t, objects) })
	if err := s.Put(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	for _, c := range scenario.Checks {
		t.Run(c.Name, func(t *testing.T) {
			want, err := oracle.Expect(&c)
			if err != nil {
				t.Fatal(err)
			}
			s.count(t, scenario.Name, &c, want)
		})
	}
}

// restore removes what the scenario added to the base, and puts back what it
// replaced.
func (s *theatre) restore(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	var added []*unstructured.Unstructured
	replaced := false
	for _, o := range objects {
		if s.base.Has(o) {
			replaced = true
		} else {
			added = append(added, o)
		}
	}
	if err := s.Remove(ctx, added...); err != nil {
		t.Error(err)
	}
	for _, o := range added {
		if err := s.AwaitNone(ctx, o); err != nil {
			t.Error(err)
		}
	}
	if !replaced {
		return
	}
	if err := s.Put(ctx, s.base.Mesh); err != nil {
		t.Error(err)
	}
}

// count waits until requests fare as they have to, sends many, and compares.
func (s *theatre) count(t *testing.T, scenario string, c *scenarios.Check, want *scenarios.Outcome) {
	t.Helper()
	row := report.Row{Scenario: scenario, Check: c.Name, From: c.From.String(), Expected: want.String()}
	begun := time.Now()
	defer func() {
		row.Seconds, row.Passed = time.Since(begun).Seconds(), !t.Failed()
		s.report.Add(row)
	}()
	if c.Bare != "" {
		s.countBare(t, c, want, &row)
		return
	}
	if c.Warm > 0 {
		s.mustSend(t, c, c.Warm)
	} else if err := c.Await(t.Context(), want, s.send); err != nil {
		t.Fatal(err)
	}
	if c.Arrivals != nil {
		if err := s.forget(t.Context(), c.Arrivals.At); err != nil {
			t.Fatal(err)
		}
	}
	got := s.mustSend(t, c, c.Count(want))
	row.Sent, row.Counted = got.Requests, scenarios.Counted(got).String()
	for _, diff := range c.Compare(want, got, scenarios.Points) {
		t.Error(diff)
	}
	if c.Arrivals != nil {
		s.countArrivals(t, c.Arrivals, got.Requests, &row)
	}
}

func (s *theatre) mustSend(t *testing.T, c *scenarios.Check, times int) *load.Report {
	t.Helper()
	got, err := s.send(t.Context(), c, times)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// countArrivals gives copies of requests, which nobody waits for, some time.
func (s *theatre) countArrivals(t *testing.T, a *scenarios.Arrivals, sent int, row *report.Row) {
	t.Helper()
	want, got := sent*a.PerRequest, 0
	for range 10 {
		var err error
		if got, err = s.arrivals(t.Context(), a.At); err != nil {
			t.Fatal(err)
		}
		if got >= want {
			break
		}
		stage.Settle(t.Context(), 200*time.Millisecond)
	}
	row.Expected += fmt.Sprintf("; %d arrive", want)
	row.Counted += fmt.Sprintf("; %d arrive", got)
	if got != want {
		t.Errorf("%d requests arrived at %s, want %d", got, a.At, want)
	}
}

// countBare makes connections in plaintext.
func (s *theatre) countBare(t *testing.T, c *scenarios.Check, want *scenarios.Outcome, row *report.Row) {
	t.Helper()
	var diffs []string
	for range 30 {
		got, err := s.Raw(t.Context(), podOf(c.From), load.RawOptions{Address: c.Bare, Times: c.Times})
		if err != nil {
			t.Fatal(err)
		}
		row.Sent, row.Counted = got.Connections, fmt.Sprint(got.Ends)
		if diffs = scenarios.CompareBare(want, got); len(diffs) == 0 {
			return
		}
		stage.Settle(t.Context(), time.Second)
	}
	for _, diff := range diffs {
		t.Error(diff)
	}
}
