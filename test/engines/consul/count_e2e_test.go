//go:build e2e

package consul

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/scenarios"
)

// atOnce is how many requests are under way at a time.
const atOnce = 8

// count waits until requests fare as they have to, sends many, and compares.
func (s *stage) count(t *testing.T, c *scenarios.Check) {
	t.Helper()
	row := report.Row{Scenario: t.Name(), Check: c.Name, From: c.From.String(), Expected: c.Want.String()}
	begun, failedBefore := time.Now(), t.Failed()
	defer func() {
		row.Seconds, row.Passed = time.Since(begun).Seconds(), failedBefore || !t.Failed()
		results.Add(row)
	}()
	// What takes that long is not asked before.
	if c.Slower == 0 {
		if err := c.Await(t.Context(), c.Want, s.send); err != nil {
			t.Fatal(err)
		}
		if err := s.calm(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if c.Arrivals != nil {
		if _, err := arrivals(t.Context(), http.MethodDelete, s.servers(c)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.send(t.Context(), c, c.Count(c.Want))
	if err != nil {
		t.Fatal(err)
	}
	row.Sent, row.Counted = got.Requests, scenarios.Counted(got).String()
	for _, diff := range c.Compare(c.Want, got, scenarios.Points) {
		t.Errorf("%s: %s", c.Name, diff)
	}
	if c.Arrivals == nil {
		return
	}
	arrived, err := arrivals(t.Context(), http.MethodGet, s.servers(c))
	if err != nil {
		t.Fatal(err)
	}
	want := got.Requests * c.Arrivals.PerRequest
	row.Expected += fmt.Sprintf("; %d arrive", want)
	row.Counted += fmt.Sprintf("; %d arrive", arrived)
	if arrived != want {
		t.Errorf("%s: %d requests arrived, want %d", c.Name, arrived, want)
	}
}

// calm returns when some hundred requests in a row fared as they have to, or
// should have long since. Each of a proxy's threads hears of a change by itself,
// which a few requests do not show; TestChange is about that time.
func (s *stage) calm(ctx context.Context, c *scenarios.Check) error {
	const requests, points, patience = 400, 40, 20 * time.Second
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		got, err := s.send(ctx, c, min(requests, c.Count(c.Want)))
		if err != nil || len(c.Compare(c.Want, got, points)) == 0 {
			return err
		}
	}
	return nil
}

// send sends the check's request a number of times, through the proxy of the
// one who calls.
func (s *stage) send(ctx context.Context, c *scenarios.Check, times int) (*load.Report, error) {
	o := c.Send
	to, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read address: %w", err)
	}
	from, err := s.caller(c.From.App)
	if err != nil {
		return nil, err
	}
	port, ok := from.upstreams[to.Hostname()]
	if !ok {
		return nil, fmt.Errorf("find %s among the upstreams of %s: it is none", to.Hostname(), from.id)
	}
	o.Client.Address, o.Requests, o.Concurrency = local(port), times, cmp.Or(o.Concurrency, atOnce)
	return load.Run(ctx, o)
}

// servers are the addresses of the echo servers behind what a check counts
// arrivals at, past all proxies.
func (s *stage) servers(c *scenarios.Check) []string {
	var out []string
	for _, i := range s.instances {
		if i.service == c.Arrivals.At {
			out = append(out, "http://"+local(i.app)+"/-/counts")
		}
	}
	return out
}

// arrivals asks servers how many requests have reached them, or has them begin
// anew.
func arrivals(ctx context.Context, method string, servers []string) (int, error) {
	sum := 0
	for _, address := range servers {
		got, err := load.Run(ctx, load.Options{URL: address, Method: method})
		if err != nil {
			return 0, err
		}
		if got.First == nil {
			return 0, errors.New("ask for arrivals: no answer")
		}
		counts := map[string]int{}
		if method == http.MethodGet {
			if err := json.Unmarshal([]byte(got.First.Body), &counts); err != nil {
				return 0, fmt.Errorf("read arrivals: %w", err)
			}
		}
		for _, n := range counts {
			sum += n
		}
	}
	return sum, nil
}
