package installer

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/meshloom/meshloom/install"
)

// metrics are what the installer measures. Labels are kinds of steps and how
// they ended, never names.
type metrics struct{ steps *prometheus.CounterVec }

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{steps: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meshloom_install_steps_total", Help: "Steps of installing, upgrading and removing meshes, by kind and outcome.",
	}, []string{"kind", "outcome"})}
	return m, registerer.Register(m.steps)
}

// took counts a step that changed something, or was to.
func (m *metrics) took(kind install.StepKind, err error) {
	outcome := "done"
	if err != nil {
		outcome = "failed"
	}
	m.steps.WithLabelValues(string(kind), outcome).Inc()
}
