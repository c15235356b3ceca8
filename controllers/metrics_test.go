package controllers

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestMetricsAreBounded(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	var keys []ir.Key
	for _, kind := range []ir.UnitKind{
		ir.KindService, ir.KindAccess, ir.KindNamespace, ir.KindMesh, ir.KindGateway, ir.KindRoute, ir.KindExternal, apply.KindShared,
	} {
		m.ran(kind, time.Second)
		keys = append(keys, ir.Key{Kind: kind, Name: "a"}, ir.Key{Kind: kind, Name: "b"})
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
	series := 0
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			series += max(1, len(metric.GetHistogram().GetBucket())+3)
		}
	}
	if series == 0 || series > 300 {
		t.Errorf("%d series: labels must not grow with the cluster", series)
	}
}
