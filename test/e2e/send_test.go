//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/meshloom/meshloom/test/lab"
	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/scenarios"
)

// atOnce is how many requests are under way at a time.
const atOnce = 8

// send sends the check's request a number of times from where it starts.
func (s *theatre) send(ctx context.Context, c *scenarios.Check, times int) (*load.Report, error) {
	o := c.Send
	o.Requests, o.Concurrency = times, atOnce
	if c.From.Listener == "" {
		return s.Run(ctx, podOf(c.From), o)
	}
	port := int32(80)
	if c.From == scenarios.Secure {
		port, o.Client.RootCAs = 443, s.base.Authority
	}
	var err error
	if o.Client.Address, err = s.Address(ctx, gatewayKey(), port); err != nil {
		return nil, err
	}
	return load.Run(ctx, o)
}

func podOf(o scenarios.Origin) lab.Pod {
	return lab.Pod{Namespace: o.Namespace, Deployment: o.Deployment(), Container: scenarios.Container}
}

// arrivals asks a server of one pod how many requests have reached it, other
// than such questions.
func (s *theatre) arrivals(ctx context.Context, at string) (int, error) {
	counts := map[string]int{}
	text, err := s.ask(ctx, http.MethodGet, at+"/-/counts")
	if err != nil {
		return 0, err
	}
	if err := json.Unmarshal([]byte(text), &counts); err != nil {
		return 0, fmt.Errorf("read counts of %s: %w", at, err)
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum, nil
}

// forget begins a server's count anew.
func (s *theatre) forget(ctx context.Context, at string) error {
	_, err := s.ask(ctx, http.MethodDelete, at+"/-/counts")
	return err
}

func (s *theatre) ask(ctx context.Context, method, url string) (string, error) {
	report, err := s.Run(ctx, podOf(scenarios.Client), load.Options{URL: url, Method: method})
	if err != nil {
		return "", err
	}
	if report.First == nil || report.First.Status >= http.StatusMultipleChoices {
		return "", fmt.Errorf("%s %s: %v %v", method, url, report.Statuses, report.Errors)
	}
	return report.First.Body, nil
}
