//go:build e2e

package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/lab"
	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/stage"
)

// atLeast is how many requests each stream sends during one change.
const atLeast = 50_000

// rate of each stream, a second. All four together leave the two cores of a
// small machine room for pods that start.
const rate = 300

// stream is one caller that goes on through a change. The mesh retries nothing
// on the way to reviews, and twice on the way to details.
type stream struct {
	name string
	path string
	// caller is the Deployment whose pods send; empty for one outside.
	caller string
}

func streams() []stream {
	return []stream{
		{name: "inside, no retries", caller: "caller-plain"},
		{name: "inside, mesh retries", caller: "caller-retried"},
		{name: "through the gateway, no retries", path: "/reviews/0"},
		{name: "through the gateway, mesh retries", path: "/details/0"},
	}
}

// traffic is all streams at once.
type traffic struct {
	t       *testing.T
	begun   time.Time
	stop    context.CancelFunc
	outside sync.WaitGroup

	mu      sync.Mutex
	reports map[string]*load.Report
	errs    []error
}

// startTraffic has all streams send, and returns when all of them are answered.
func startTraffic(t *testing.T) *traffic {
	t.Helper()
	must(t, life.ApplyFile(t.Context(), "testdata/ledger.yaml"))
	must(t, life.AwaitDeployments(t.Context(), ledger.Namespace))
	_, err := life.Run(t.Context(), ledger, load.Options{URL: ledgerURL, Method: "DELETE"})
	must(t, err)
	must(t, life.ApplyFile(t.Context(), "testdata/callers.yaml"))
	must(t, life.AwaitDeployments(t.Context(), callers))
	ctx, stop := context.WithCancel(t.Context())
	f := &traffic{t: t, begun: time.Now(), stop: stop, reports: map[string]*load.Report{}}
	t.Cleanup(stop)
	address, err := life.Address(ctx, gateway, 80)
	must(t, err)
	for _, s := range streams() {
		if s.caller == "" {
			f.outside.Go(func() { f.send(ctx, s, address) })
		}
	}
	return f
}

// send is one stream from outside.
func (f *traffic) send(ctx context.Context, s stream, address string) {
	r, err := load.Steady{
		Options: load.Options{URL: "http://bookinfo.shop.example" + s.path, Concurrency: 8, Client: load.ClientOptions{Address: address}},
		Rate:    rate, Fresh: 10, Every: time.Second,
		Tell: func(r *load.Report) { f.note(s.name, r, nil) },
	}.Run(ctx)
	f.note(s.name, r, err)
}

func (f *traffic) note(name string, r *load.Report, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.errs = append(f.errs, err)
		return
	}
	f.reports[name] = r
}

// finish waits until every stream has sent enough, ends all of them, and
// demands that no request failed.
func (f *traffic) finish(n int) {
	f.t.Helper()
	f.awaitSent(n)
	f.stop()
	f.outside.Wait()
	f.stopCallers()
	reports := f.inside(true)
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.Copy(reports, f.reports)
	if err := errors.Join(f.errs...); err != nil {
		f.t.Error(err)
	}
	for _, s := range streams() {
		f.judge(s, reports[s.name], n)
	}
}

func (f *traffic) judge(s stream, r *load.Report, n int) {
	f.t.Helper()
	if r == nil {
		f.t.Errorf("%s: nothing was counted", s.name)
		return
	}
	passed := r.Failed == 0 && r.Requests >= n
	life.report.Add(report.Row{
		Scenario: f.t.Name(), Check: "continuous requests", From: s.name, Sent: r.Requests, Failed: r.Failed,
		Expected: fmt.Sprintf("0 of at least %d fail", n), Counted: fmt.Sprintf("%d of %d fail", r.Failed, r.Requests),
		Passed: passed, Seconds: time.Since(f.begun).Seconds(),
	})
	if passed {
		return
	}
	var lines []string
	for _, failure := range r.Failures {
		lines = append(lines, failure.At.Format("15:04:05.000 ")+failure.What)
	}
	f.t.Errorf("%s: %d of %d requests failed (want 0 of %d at least), %d of them sent twice: statuses %v, errors %v\n%s",
		s.name, r.Failed, r.Requests, n, r.Resent, r.Statuses, r.Errors, strings.Join(lines, "\n"))
}

// awaitSent waits until every stream has sent so many requests.
func (f *traffic) awaitSent(n int) {
	f.t.Helper()
	for waited := 0; ; waited++ {
		counts := f.inside(false)
		f.mu.Lock()
		maps.Copy(counts, f.reports)
		f.mu.Unlock()
		least := n
		for _, s := range streams() {
			if counts[s.name] == nil {
				least = 0
			} else {
				least = min(least, counts[s.name].Requests)
			}
		}
		if least >= n {
			return
		}
		if waited > 15*60 {
			f.t.Fatalf("after 15 minutes a stream has sent %d requests only", least)
		}
		stage.Settle(f.t.Context(), time.Second)
	}
}

// stopCallers ends the callers' pods, which report before they go.
func (f *traffic) stopCallers() {
	f.t.Helper()
	ctx := context.WithoutCancel(f.t.Context())
	for _, s := range streams() {
		if s.caller == "" {
			continue
		}
		d := &appsv1.Deployment{}
		must(f.t, life.API.Get(ctx, client.ObjectKey{Namespace: callers, Name: s.caller}, d))
		none := int32(0)
		patch := client.MergeFrom(d.DeepCopy())
		d.Spec.Replicas = &none
		must(f.t, life.API.Patch(ctx, d, patch))
	}
	must(f.t, life.AwaitDeployments(ctx, callers))
}

// callers is the namespace of those who send inside the mesh, and ledger is
// where they tell their counts.
const callers = "callers"

const ledgerURL = "http://127.0.0.1:8080/"

var ledger = lab.Pod{Namespace: "ledger", Deployment: "ledger", Container: "ledger"}

// inside reads what the callers have counted since the traffic began. Where all
// of it is over, each of them has to have said so.
func (f *traffic) inside(over bool) map[string]*load.Report {
	f.t.Helper()
	ctx := context.WithoutCancel(f.t.Context())
	var entries map[string]load.Entry
	for range 10 {
		entries = nil
		answer, err := life.Run(ctx, ledger, load.Options{URL: ledgerURL})
		must(f.t, err)
		if answer.First == nil {
			f.t.Fatalf("read the ledger: %v", answer.Errors)
		}
		must(f.t, json.Unmarshal([]byte(answer.First.Body), &entries))
		if !over || !slices.ContainsFunc(slices.Collect(maps.Values(entries)), func(e load.Entry) bool { return !e.Ended }) {
			break
		}
		stage.Settle(ctx, time.Second)
	}
	byCaller := map[string][]*load.Report{}
	for name, e := range entries {
		if over && !e.Ended {
			f.t.Errorf("caller %s never said that it ended: its last requests are not counted", name)
		}
		for _, s := range streams() {
			if s.caller != "" && strings.HasPrefix(name, s.caller+"-") {
				byCaller[s.name] = append(byCaller[s.name], e.Report)
			}
		}
	}
	sums := map[string]*load.Report{}
	for name, reports := range byCaller {
		sums[name] = load.Sum(reports...)
	}
	return sums
}
