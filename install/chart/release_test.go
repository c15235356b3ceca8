package chart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/chart"
)

// of returns the release without its gates for CRDs, and the names of these.
func of(t *testing.T, w chart.Wanted) (install.Chart, map[string]bool) {
	t.Helper()
	c, err := chart.Of(w)
	if err != nil {
		t.Fatal(err)
	}
	definitions := map[string]bool{}
	var rest []install.Gate
	for _, gate := range c.Gates {
		if gate.Kind == install.DefinitionServed {
			definitions["CustomResourceDefinition "+gate.Name] = true
		} else {
			rest = append(rest, gate)
		}
	}
	c.Gates = rest
	return c, definitions
}

func TestOfFollowsWhatIsWanted(t *testing.T) {
	source := install.Source{Kind: install.Embedded}
	gate := func(namespace, name string) install.Gate {
		return install.Gate{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: namespace, Name: name}
	}
	got, definitions := of(t, chart.Wanted{})
	want := install.Chart{
		Release: "meshloom", Namespace: "meshloom-system", Name: "meshloom", Version: "0.1.0", Path: ".", Source: source,
		Gates: []install.Gate{gate("meshloom-system", "meshloom-operator"), gate("meshloom-system", "meshloom-installer")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	rendered := map[string]bool{}
	for name, obj := range render(t, nil) {
		if obj.GetKind() == "CustomResourceDefinition" {
			rendered[name] = true
		}
	}
	if diff := cmp.Diff(rendered, definitions); diff != "" {
		t.Errorf("definitions rendered and waited for: %s", diff)
	}

	alone := values(false, "installer", "enabled")
	got, _ = of(t, chart.Wanted{Namespace: "mesh", Version: "1.2.3", Values: alone})
	want = install.Chart{
		Release: "meshloom", Namespace: "mesh", Name: "meshloom", Version: "1.2.3", Path: ".", Source: source, Values: alone,
		Gates: []install.Gate{gate("mesh", "meshloom-operator")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestImageIsThatOfTheChart(t *testing.T) {
	for version, want := range map[string]string{"": "ghcr.io/meshloom/meshloom-operator:0.1.0", "1.2.3": "ghcr.io/meshloom/meshloom-operator:1.2.3"} {
		name, _, err := chart.Image(version)
		if err != nil || name != want {
			t.Errorf("%q: %s (%v), want %s", version, name, err, want)
		}
	}
	if pod := podOf(t, chart.Operator); pod.Spec.Containers[0].Image != "ghcr.io/meshloom/meshloom-operator:0.1.0" {
		t.Errorf("the pod runs %s", pod.Spec.Containers[0].Image)
	}
}
