package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/meshloom/meshloom/test/lab"
	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/scenarios"
)

const (
	host       = "bookinfo.shop.example"
	viaGateway = "through the gateway"
	viaSidecar = "inside the mesh"
	atOnce     = 8
	few        = 200
	slowOnes   = 8
)

// count is one kind of request, from a place, and what has to come of it.
type count struct {
	what string
	// from is the Deployment whose pod sends; empty for the outside.
	from string
	send load.Options
	n    int
	want scenarios.Outcome
}

// counted sends the requests once the change before has arrived, and prints
// what was asked for and what was counted.
func (d *demo) counted(ctx context.Context, c count) (*load.Report, error) {
	check := &scenarios.Check{Name: c.what, Send: c.send, Times: c.n}
	send := func(ctx context.Context, _ *scenarios.Check, times int) (*load.Report, error) {
		return d.send(ctx, c, times)
	}
	if err := check.Await(ctx, &c.want, send); err != nil {
		return nil, err
	}
	got, err := d.send(ctx, c, c.n)
	if err != nil {
		return nil, err
	}
	verdict := "as asked"
	if diffs := check.Compare(&c.want, got, scenarios.Points); len(diffs) > 0 {
		verdict, d.off = "NOT AS ASKED: "+strings.Join(diffs, "; "), d.off+1
	}
	d.say("%s: %d requests (%.0f/s, half of them within %.1f ms)\n    asked for: %s\n    counted:   %s   %s",
		c.what, got.Requests, got.PerSecond, got.Latency.P50, c.want.String(), scenarios.Counted(got).String(), verdict)
	return got, nil
}

func (d *demo) send(ctx context.Context, c count, times int) (*load.Report, error) {
	o := c.send
	o.Requests, o.Concurrency = times, atOnce
	if c.from != "" {
		return d.Run(ctx, pod(c.from), o)
	}
	var err error
	if o.Client.Address, err = d.Address(ctx, gateway, 80); err != nil {
		return nil, err
	}
	return load.Run(ctx, o)
}

// pod of a Deployment, whose container is called as the service.
func pod(deployment string) lab.Pod {
	service, _, _ := strings.Cut(deployment, "-")
	return lab.Pod{Namespace: bookinfo, Deployment: deployment, Container: service}
}

// toReviews are the same request on both ways.
func toReviews(n int, want scenarios.Outcome, what string, headers ...string) []count {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	what = strings.TrimSpace(what + " ")
	return []count{
		{what: join(what, viaSidecar), from: "productpage-v1", send: load.Options{URL: "http://reviews:9080/reviews/0", Header: h}, n: n, want: want},
		{what: join(what, viaGateway), send: load.Options{URL: "http://" + host + "/reviews/0", Header: h}, n: n, want: want},
	}
}

func join(words ...string) string { return strings.TrimSpace(strings.Join(words, " ")) }

func (d *demo) countAll(ctx context.Context, counts []count) error {
	fmt.Fprintln(d.out)
	for _, c := range counts {
		if _, err := d.counted(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// answered is the outcome where everything is answered with a status, by
// versions of reviews in percent.
func answered(status int, percent map[string]float64) scenarios.Outcome {
	want := scenarios.Outcome{Statuses: map[string]float64{strconv.Itoa(status): 1}, Answerers: map[string]float64{}}
	for name, p := range percent {
		if p > 0 {
			want.Answerers[name] = p / 100
		}
	}
	return want
}

func (d *demo) countUnsplit(ctx context.Context) error {
	return d.countAll(ctx, toReviews(few, answered(200, map[string]float64{"reviews-v1|reviews-v2|reviews-v3": 100}), "no split yet,"))
}

func (d *demo) countSplit(v1, v2 float64) func(context.Context) error {
	return func(ctx context.Context) error {
		return d.countAll(ctx, toReviews(d.requests, answered(200, map[string]float64{"reviews-v1": v1, "reviews-v2": v2}), ""))
	}
}

func (d *demo) countTester(ctx context.Context) error {
	return d.countAll(ctx, toReviews(few, answered(200, map[string]float64{"reviews-v3": 100}), "jason,", "End-User", "jason"))
}

// countSlow asks for answers that take longer than the policy allows.
func (d *demo) countSlow(status int) func(context.Context) error {
	return func(ctx context.Context) error {
		want := answered(status, map[string]float64{"": 100})
		if status == http.StatusOK {
			want = answered(status, map[string]float64{"reviews-v3": 100})
		}
		return d.countAll(ctx, toReviews(slowOnes, want, "slow answers,", "End-User", "jason", "X-Bookinfo-Delay", "1500ms"))
	}
}

func toRatings(from string, status int) count {
	want := answered(status, map[string]float64{"ratings-v1": 100})
	if status != http.StatusOK {
		want = answered(status, map[string]float64{"": 100})
	}
	return count{what: from + " reads ratings", from: from, send: load.Options{URL: "http://ratings:9080/ratings/0"}, n: few, want: want}
}

// countCallers shows who may read ratings: reviews always, productpage with
// the status given.
func (d *demo) countCallers(productpage int) func(context.Context) error {
	return func(ctx context.Context) error {
		return d.countAll(ctx, []count{toRatings("reviews-v2", http.StatusOK), toRatings("productpage-v1", productpage)})
	}
}

// showDenied prints one refusal whole.
func (d *demo) showDenied(ctx context.Context) error {
	got, err := d.send(ctx, toRatings("productpage-v1", http.StatusForbidden), 1)
	if err != nil {
		return err
	}
	if got.First == nil {
		return fmt.Errorf("ask ratings from productpage: no answer: %v", got.Errors)
	}
	d.say("productpage gets: %d %s: %s", got.First.Status, http.StatusText(got.First.Status), got.First.Body)
	return nil
}
