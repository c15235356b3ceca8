package stage

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteReadsMetricsOfTheAPIServer(t *testing.T) {
	type reading struct {
		Name  string
		Count int
		OK    bool
	}
	for line, want := range map[string]reading{
		`apiserver_request_total{code="200",component="apiserver",dry_run="",group="networking.istio.io",resource="virtualservices",scope="resource",subresource="",verb="APPLY",version="v1"} 12`: {"APPLY virtualservices.networking.istio.io", 12, true},
		`apiserver_request_total{code="200",component="apiserver",dry_run="",group="meshloom.io",resource="meshes",scope="resource",subresource="status",verb="PATCH",version="v1alpha1"} 1e+06`:   {"PATCH meshes/status.meshloom.io", 1000000, true},
		`apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="namespaces",scope="resource",subresource="",verb="PATCH",version="v1"} 3`:                          {"PATCH namespaces", 3, true},
		`apiserver_request_total{code="200",component="apiserver",dry_run="All",group="meshloom.io",resource="meshes",scope="resource",subresource="",verb="POST",version="v1alpha1"} 1`:           {},
		`apiserver_request_total{code="200",component="apiserver",dry_run="",group="meshloom.io",resource="meshes",scope="cluster",subresource="",verb="LIST",version="v1alpha1"} 1`:               {},
		`apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="status",verb="PATCH",version="v1"} 3`:                          {},
		`# HELP apiserver_request_total Counter of apiserver requests.`: {},
	} {
		name, count, ok := write(line)
		if diff := cmp.Diff(want, reading{name, count, ok}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

func TestSinceLeavesOutWhatDidNotChange(t *testing.T) {
	got := Since(map[string]int{"a": 1, "b": 2}, map[string]int{"a": 1, "b": 5, "c": 1})
	if diff := cmp.Diff(map[string]int{"b": 3, "c": 1}, got); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}
