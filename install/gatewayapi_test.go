package install_test

import (
	"testing"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestGatewayAPI(t *testing.T) {
	ours := func(version string) install.Cluster {
		return install.Cluster{GatewayAPI: version, Releases: []install.Release{{
			Namespace: install.GatewayAPINamespace, Name: install.GatewayAPIRelease, ChartVersion: version, Owner: "Mesh/shop",
		}}}
	}
	for name, c := range map[string]struct {
		cluster  install.Cluster
		min, max string
		want     string
		issues   int
	}{
		"nothing there, all windows":       {want: "1.5.1"},
		"nothing there, an old product":    {min: "1.2", max: "1.4", want: "1.4.1"},
		"nothing there, a new product":     {min: "1.6", want: "1.6.1"},
		"nothing that fits":                {min: "1.9", issues: 1},
		"somebody else's":                  {cluster: install.Cluster{GatewayAPI: "1.3.0"}, want: ""},
		"somebody else's that is too old":  {cluster: install.Cluster{GatewayAPI: "1.3.0"}, min: "1.5", want: ""},
		"ours fits":                        {cluster: ours("1.4.1"), min: "1.2", want: "1.4.1"},
		"ours is too old":                  {cluster: ours("1.4.1"), min: "1.5", want: "1.5.1"},
		"ours is newer than what fits":     {cluster: ours("1.6.1"), max: "1.5", want: "1.6.1", issues: 1},
		"ours is older than all that fits": {cluster: ours("1.2.1"), min: "1.6", want: "1.6.1"},
	} {
		t.Run(name, func(t *testing.T) {
			chart, issues := install.GatewayAPI(c.cluster, install.Window{Min: c.min, Max: c.max}, ir.Source{})
			got := ""
			if chart != nil {
				got = chart.Version
			}
			if got != c.want || len(issues) != c.issues {
				t.Errorf("version %q with issues %v, want %q with %d", got, issues, c.want, c.issues)
			}
		})
	}
}
