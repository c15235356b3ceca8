package linkerd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
)

func TestObserve(t *testing.T) {
	part := func(component, version string, ready bool) translators.Running {
		return translators.Running{
			Name: "linkerd-" + component, Ready: ready,
			Labels:    map[string]string{"app.kubernetes.io/version": "edge-25.10.7"},
			PodLabels: map[string]string{"linkerd.io/control-plane-component": component},
			Images:    []string{"cr.l5d.io/linkerd/proxy:edge-25.4.4", "cr.l5d.io/linkerd/controller:" + version},
		}
	}
	seen := func(version string, ready bool) *translators.Observation {
		return &translators.Observation{Env: translators.Env{Variant: Variant, Version: version}, Ready: ready}
	}
	const now = "edge-26.6.3"
	for name, c := range map[string]struct {
		ingress bool
		running []translators.Running
		want    *translators.Observation
	}{
		"nothing of ours": {running: []translators.Running{{Name: "web", Images: []string{"web:1"}}}},
		"whole": {
			running: []translators.Running{part("destination", now, true), part("identity", now, true), part("proxy-injector", now, true)},
			want:    seen("2.20.0", true),
		},
		"without an injector":            {running: []translators.Running{part("destination", now, true), part("identity", now, true)}, want: seen("2.20.0", false)},
		"without identity that is ready": {running: []translators.Running{part("destination", now, true), part("identity", now, false), part("proxy-injector", now, true)}, want: seen("2.20.0", false)},
		"in the middle of an upgrade: what reads routes speaks": {
			running: []translators.Running{part("identity", now, true), part("destination", "edge-25.10.7", true), part("proxy-injector", now, true)},
			want:    seen("2.19.0", true),
		},
		"images of the user's own: the chart's label": {
			running: []translators.Running{part("destination", "mine", true), part("identity", "mine", true), part("proxy-injector", "mine", true)},
			want:    seen("2.19.0", true),
		},
		"no ingress": {ingress: true, running: []translators.Running{part("destination", now, true)}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, observe(!c.ingress, c.running)); diff != "" {
				t.Errorf("observed (-want +got):\n%s", diff)
			}
		})
	}
}
