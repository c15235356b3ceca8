package linkerd_test

import (
	"strings"
	"testing"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/test/smallcharts"
	"github.com/meshloom/meshloom/translators/linkerd"
)

// TestPlansRender has each plan that nothing stops made by charts with Linkerd's
// names and values, from a repository: their schema takes the values, they make
// what the gates wait for, and neither definitions of Gateway API nor a key.
func TestPlansRender(t *testing.T) {
	repository := smallcharts.Serve(t, linkerd.Provider().Charts.Catalog, "linkerd-crds", "linkerd-control-plane")
	engine := helm.New(helm.Options{})
	for name, plan := range planFiles(t) {
		if stopped(plan) {
			continue
		}
		for _, c := range plan.Charts {
			if c.Source.Kind != install.Repository {
				continue
			}
			t.Run(name+" "+c.Release, func(t *testing.T) {
				c.Source = install.Source{Kind: install.Repository, Location: repository}
				work := helm.Work{Chart: c, Owner: "Mesh/shop"}
				if err := engine.Validate(t.Context(), work); err != nil {
					t.Fatal(err)
				}
				text, err := engine.Render(t.Context(), helm.Rendering{Work: work, Kubernetes: "1.35.0"})
				if err != nil {
					t.Fatal(err)
				}
				for _, gate := range c.Gates {
					if !strings.Contains(text, "kind: "+gate.Resource) || !strings.Contains(text, "name: "+gate.Name) {
						t.Errorf("nothing makes %s, which the gate %s waits for", gate, gate.Kind)
					}
				}
				for _, word := range []string{"PRIVATE KEY", "key.pem", "gateway.networking.k8s.io"} {
					if strings.Contains(text, word) {
						t.Errorf("%q is in what the chart makes", word)
					}
				}
			})
		}
	}
}

func stopped(plan install.Plan) bool {
	for _, issue := range plan.Issues {
		if issue.Effect == "Rejected" {
			return true
		}
	}
	return false
}

// TestRootsReachTheCharts holds that the control plane is given all roots that
// are trusted now, and notes on its pods what the injector notes on others'.
func TestRootsReachTheCharts(t *testing.T) {
	provider := linkerd.Provider()
	engine := helm.New(helm.Options{})
	repository := smallcharts.Serve(t, provider.Charts.Catalog, "linkerd-crds", "linkerd-control-plane")
	const roots = "-----BEGIN CERTIFICATE-----\nb2xk\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nbmV3\n-----END CERTIFICATE-----\n"
	plan := provider.Charts.Mesh(install.MeshRequest{Mesh: "shop", Namespace: "linkerd", Version: "2.20.0", Revision: "linkerd", Roots: roots})
	chart := plan.Charts[len(plan.Charts)-1]
	chart.Source.Location = repository
	text, err := engine.Render(t.Context(), helm.Rendering{Work: helm.Work{Chart: chart}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"b2xk", "bmV3", "linkerd.io/trust-root-sha256: " + provider.Charts.Trust.Noted([]byte(roots)), "meshloom.io/owner: Mesh.shop"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in what the chart makes:\n%s", want, text)
		}
	}
}
