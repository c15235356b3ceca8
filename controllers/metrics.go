package controllers

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/translators/ir"
)

// metrics are what the controllers measure. Labels are kinds and verbs, never
// names: there are a few dozen series, however large the cluster.
type metrics struct {
	runs     *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	writes   *prometheus.CounterVec
	statuses *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshloom_unit_runs_total", Help: "Units computed and planned, by kind of unit.",
		}, []string{"kind"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "meshloom_unit_run_seconds", Help: "How long a run of a unit took, writes included, by kind of unit.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .5, 1, 5},
		}, []string{"kind"}),
		writes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshloom_writes_total", Help: "Native objects written, by verb and kind.",
		}, []string{"verb", "kind"}),
		statuses: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "meshloom_status_writes_total", Help: "Statuses written, by kind.",
		}, []string{"kind"}),
	}
	for _, collector := range []prometheus.Collector{m.runs, m.seconds, m.writes, m.statuses} {
		if err := registerer.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) ran(kind ir.UnitKind, took time.Duration) {
	m.runs.WithLabelValues(string(kind)).Inc()
	m.seconds.WithLabelValues(string(kind)).Observe(took.Seconds())
}

func (m *metrics) wrote(verb apply.Verb, kind string) {
	m.writes.WithLabelValues(string(verb), kind).Inc()
}

func (m *metrics) wroteStatus(kind string) { m.statuses.WithLabelValues(kind).Inc() }

// unitCollector counts units when it is asked, by kind.
type unitCollector struct {
	keys func() []ir.Key
	desc *prometheus.Desc
}

func newUnitCollector(keys func() []ir.Key) *unitCollector {
	return &unitCollector{keys: keys, desc: prometheus.NewDesc("meshloom_units", "Units there are, by kind.", []string{"kind"}, nil)}
}

// Describe implements prometheus.Collector.
func (c *unitCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *unitCollector) Collect(ch chan<- prometheus.Metric) {
	counts := map[ir.UnitKind]float64{}
	for _, key := range c.keys() {
		counts[key.Kind]++
	}
	for kind, count := range counts {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, count, string(kind))
	}
}
