package controllers

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
)

// TestMetricsAreBounded demands that no label grows with the cluster: a thousand
// units of each kind have the series of two. What is left grows with the kinds
// that providers write, and stays far below the thousand of the goals.
func TestMetricsAreBounded(t *testing.T) {
	few, many := series(t, 2), series(t, 1000)
	if few != many || few == 0 || few > 500 {
		t.Errorf("%d series with two units of each kind and %d with a thousand: labels must not grow with the cluster", few, many)
	}
}

// series counts what is exposed where everything that is counted has happened
// to so many units of each kind.
func series(t *testing.T, units int) int {
	t.Helper()
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	var keys []ir.Key
	for _, kind := range []ir.UnitKind{
		ir.KindService, ir.KindAccess, ir.KindNamespace, ir.KindMesh, ir.KindGateway, ir.KindRoute, ir.KindExternal, apply.KindShared,
	} {
		for i := range units {
			m.ran(kind, time.Second)
			keys = append(keys, ir.Key{Kind: kind, Name: fmt.Sprint(i)})
		}
	}
	for _, kind := range apply.NewCatalog(all.Providers()).Kinds() {
		for _, verb := range []apply.Verb{apply.Create, apply.Update, apply.Delete} {
			m.wrote(verb, kind.Kind)
		}
	}
	for _, name := range kinds.Names() {
		m.wroteStatus(name)
	}
	registry.MustRegister(newUnitCollector(func() []ir.Key { return keys }))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			count += max(1, len(metric.GetHistogram().GetBucket())+3)
		}
	}
	return count
}
