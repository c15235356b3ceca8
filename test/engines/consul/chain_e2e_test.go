//go:build e2e

package consul

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/scenarios"
)

// chain is a discovery chain as Consul compiles it from all entries.
type chain struct {
	StartNode string
	Nodes     map[string]node
	Targets   map[string]struct {
		Service string
		Subset  struct{ Filter string }
	}
}

// node is a step of a chain.
type node struct {
	Type   string
	Routes []struct {
		Definition struct {
			Match *struct{ HTTP map[string]any }
		}
		NextNode string
	}
	Splits []struct {
		Weight   float64
		NextNode string
	}
	Resolver *struct{ Target string }
}

// chain reads the compiled chain of a service.
func (a *agent) chain(ctx context.Context, service string) (*chain, error) {
	var out struct{ Chain chain }
	if err := a.call(ctx, http.MethodGet, "/v1/discovery-chain/"+url.PathEscape(service), nil, &out); err != nil {
		return nil, fmt.Errorf("read chain of %s: %w", service, err)
	}
	return &out.Chain, nil
}

// shares are the percentages of requests that match no rule, by service and, of
// a subset, the version that its filter asks for.
func (c *chain) shares() map[string]float64 {
	out := map[string]float64{}
	c.follow(c.StartNode, 100, out)
	return out
}

func (c *chain) follow(name string, percent float64, out map[string]float64) {
	n := c.Nodes[name]
	switch n.Type {
	case "router":
		for _, r := range n.Routes {
			if m := r.Definition.Match; m == nil || len(m.HTTP) == 1 && m.HTTP["PathPrefix"] == "/" {
				c.follow(r.NextNode, percent, out)
				return
			}
		}
	case "splitter":
		for _, s := range n.Splits {
			c.follow(s.NextNode, percent*s.Weight/100, out)
		}
	case "resolver":
		target := c.Targets[n.Resolver.Target]
		_, version, _ := strings.Cut(target.Subset.Filter, " == ")
		out[strings.TrimSpace(target.Service+" "+strings.Trim(version, `"`))] += percent
	}
}

// TestChain asks Consul what it makes of splits.
func TestChain(t *testing.T) {
	t.Cleanup(func() { set.put(t, nil) })
	for _, c := range []struct {
		scenario string
		want     map[string]float64
	}{
		{"split", map[string]float64{"reviews v1": 75, "reviews v2": 25}},
		{"services", map[string]float64{"reviews": 20, "ratings": 80}},
	} {
		set.program(t, (&scenario{name: c.scenario}).text(t))
		got, err := set.agent.chain(t.Context(), "reviews")
		if err != nil {
			t.Fatal(err)
		}
		diff := cmp.Diff(c.want, got.shares())
		results.Add(report.Row{
			Scenario: t.Name(), Check: c.scenario, Expected: inWords(c.want), Counted: inWords(got.shares()), Passed: diff == "",
		})
		if diff != "" {
			t.Errorf("chain of the scenario %s (-want +got):\n%s", c.scenario, diff)
		}
	}
}

// inWords is for the report.
func inWords(shares map[string]float64) string {
	parts := make(map[string]float64, len(shares))
	for name, percent := range shares {
		parts[name] = percent / 100
	}
	return (&scenarios.Outcome{Answerers: parts}).String()
}
