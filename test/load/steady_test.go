package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// forAWhile runs until the server has answered so many requests.
func forAWhile(t *testing.T, s Steady, seen *atomic.Int64, until int64) *Report {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for seen.Load() < until && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	r, err := s.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSteadyCountsEveryRequestAndFailure(t *testing.T) {
	var seen atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if seen.Add(1)%10 == 0 {
			http.Error(w, "upstream is gone", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	r := forAWhile(t, Steady{Options: Options{URL: server.URL, Concurrency: 4}, Rate: 2000, Fresh: 5}, &seen, 300)
	if int64(r.Requests) != seen.Load() {
		t.Errorf("counted %d of %d requests", r.Requests, seen.Load())
	}
	if want := r.Requests / 10; r.Failed != want || r.Answered(503) != want || r.Resent != 0 {
		t.Errorf("failed %d, statuses %v, resent %d of %d", r.Failed, r.Statuses, r.Resent, r.Requests)
	}
	if len(r.Failures) != failuresKept || r.Failures[0].What != "503 upstream is gone" || r.Failures[0].At.IsZero() {
		t.Errorf("failures %v", r.Failures)
	}
}

// TestSteadyTellsWhatItsClientHides closes kept connections while they are
// idle, or in the middle of a request.
func TestSteadyTellsWhatItsClientHides(t *testing.T) {
	var seen atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if seen.Add(1)%10 == 0 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_ = conn.Close()
		}
	}))
	defer server.Close()
	r := forAWhile(t, Steady{Options: Options{URL: server.URL}, Rate: 1000}, &seen, 100)
	if r.Resent == 0 || r.Failed < r.Resent {
		t.Errorf("failed %d, resent %d: the client sent %d for %d", r.Failed, r.Resent, seen.Load(), r.Requests)
	}
}

func TestSteadyKeepsItsRate(t *testing.T) {
	var seen atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer server.Close()
	begun := time.Now()
	forAWhile(t, Steady{Options: Options{URL: server.URL, Concurrency: 4}, Rate: 200}, &seen, 60)
	// The sixtieth request is due after 0.3 s; a busy machine may be later.
	if took := time.Since(begun); took < 290*time.Millisecond {
		t.Errorf("60 requests at 200 a second took %s", took)
	}
}

func TestLedgerOutlivesItsSenders(t *testing.T) {
	server := httptest.NewServer(new(Ledger).Handler())
	defer server.Close()
	first, last := &Report{Requests: 1}, &Report{Requests: 7, Failed: 2}
	for _, e := range []Entry{{Report: first}, {Report: last, Ended: true}} {
		if err := Tell(t.Context(), server.URL, "pod-a", e); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(t.Context(), Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"pod-a":{"ended":true,"report":{"requests":7,`; r.First == nil || !strings.HasPrefix(r.First.Body, want) {
		t.Errorf("ledger %+v", r.First)
	}
	for _, o := range []Options{{URL: server.URL, Method: "DELETE"}, {URL: server.URL}} {
		if r, err = Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if r.First == nil || r.First.Body != "{}\n" {
		t.Errorf("ledger that has forgotten: %+v", r.First)
	}
	if err := Tell(t.Context(), server.URL+"/no/such", "x", Entry{Report: first}); err == nil {
		t.Error("no error for a ledger that is not there")
	}
	sum := Sum(first, last)
	if sum.Requests != 8 || sum.Failed != 2 {
		t.Errorf("sum %+v", sum)
	}
}
