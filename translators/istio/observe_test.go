package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
)

func TestObserve(t *testing.T) {
	plane := func(rev, image string, ready bool) translators.Running {
		return translators.Running{Name: "istiod", PodLabels: map[string]string{"app": "istiod", "istio.io/rev": rev}, Images: []string{image}, Ready: ready}
	}
	gateway := translators.Running{
		Name: "public", Ready: true, Labels: map[string]string{"app.kubernetes.io/version": "1.31.0"},
		PodLabels: map[string]string{"istio": "public", "sidecar.istio.io/inject": "true"}, Images: []string{"auto"},
	}
	unpackaged := plane("default", "pilot:1.31.0", true)
	unpackaged.Labels = map[string]string{"app.kubernetes.io/version": "1.0.0"}
	revisions := func(pairs ...string) (out []translators.Revision) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, translators.Revision{Name: pairs[i], Version: pairs[i+1]})
		}
		return out
	}
	cases := map[string]struct {
		mesh    bool
		running []translators.Running
		want    *translators.Observation
	}{
		"nothing of ours": {true, []translators.Running{{Name: "web", Images: []string{"web:1"}}}, nil},
		"one control plane": {true, []translators.Running{plane("default", "host:5000/istio/pilot:1.31.0@sha256:ab", true)}, &translators.Observation{
			Env: translators.Env{Variant: VariantSidecar, Version: "1.31.0"}, Ready: true, Revisions: revisions("default", "1.31.0"),
		}},
		"not ready keeps the version": {true, []translators.Running{plane("default", "pilot:1.31.0", false)}, &translators.Observation{
			Env: translators.Env{Variant: VariantSidecar, Version: "1.31.0"}, Revisions: revisions("default", "1.31.0"),
		}},
		"a chart that was not packaged for a release": {true, []translators.Running{unpackaged}, &translators.Observation{
			Env: translators.Env{Variant: VariantSidecar, Version: "1.31.0"}, Ready: true, Revisions: revisions("default", "1.31.0"),
		}},
		"a revision alone": {true, []translators.Running{plane("1-30", "pilot:1.30.2", true)}, &translators.Observation{
			Env: translators.Env{Variant: VariantSidecar, Version: "1.30.2", Facts: map[string]string{FactRevision: "1-30"}}, Ready: true,
			Revisions: revisions("1-30", "1.30.2"),
		}},
		"the default revision speaks": {true, []translators.Running{plane("1-30", "pilot:1.30.2", true), plane("default", "pilot:latest", true)}, &translators.Observation{
			Env: translators.Env{Variant: VariantSidecar}, Ready: true, Revisions: revisions("1-30", "1.30.2", "default", ""),
		}},
		"a canary": {true, []translators.Running{plane("next", "pilot:1.31.0", true), plane("now", "pilot:1.30.2", true)}, &translators.Observation{
			Env: translators.Env{Variant: VariantSidecar, Version: "1.30.2", Facts: map[string]string{FactRevision: "next"}}, Ready: true,
			Revisions: revisions("next", "1.31.0", "now", "1.30.2"),
		}},
		"a gateway": {false, []translators.Running{gateway}, &translators.Observation{
			Env: translators.Env{Variant: VariantGateway, Version: "1.31.0"}, Ready: true,
		}},
		"a control plane that runs gateways": {false, []translators.Running{plane("default", "pilot:1.31.0", true)}, &translators.Observation{
			Env: translators.Env{Variant: VariantGateway, Version: "1.31.0"}, Ready: true, Revisions: revisions("default", "1.31.0"),
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, observe(c.mesh, c.running)); diff != "" {
				t.Errorf("observed (-want +got):\n%s", diff)
			}
		})
	}
}
