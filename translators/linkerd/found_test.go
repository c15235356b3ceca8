package linkerd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/install"
)

func TestFound(t *testing.T) {
	part := func(component, tag string) install.Workload {
		return install.Workload{
			Kind: "Deployment", Namespace: "linkerd", Name: "linkerd-" + component, PodLabels: map[string]string{"linkerd.io/control-plane-component": component},
			Labels: map[string]string{"app.kubernetes.io/part-of": "Linkerd"}, Images: []string{"cr.l5d.io/linkerd/controller:" + tag},
		}
	}
	hook := install.Webhook{Kind: "MutatingWebhookConfiguration", Name: "linkerd-proxy-injector-webhook-config", Services: []string{"linkerd/linkerd-proxy-injector"}}
	leftover := hook
	leftover.Missing = leftover.Services
	crds := install.Release{Namespace: "crds", Name: "l5d-crds", Chart: "linkerd-crds"}
	plane := install.Release{Namespace: "linkerd", Name: "l5d", Chart: "linkerd-control-plane", AppVersion: "edge-25.10.7"}
	for name, test := range map[string]struct {
		cluster install.Cluster
		want    []install.Installation
	}{
		"nothing":          {},
		"another mesh":     {cluster: install.Cluster{Workloads: []install.Workload{{Kind: "Deployment", Namespace: "a", PodLabels: map[string]string{"app": "b"}}}}},
		"a leftover":       {cluster: install.Cluster{Webhooks: []install.Webhook{leftover}}},
		"definitions only": {cluster: install.Cluster{Releases: []install.Release{crds}}},
		"by Helm": {
			install.Cluster{
				Releases: []install.Release{crds, plane}, Webhooks: []install.Webhook{hook},
				Workloads: []install.Workload{part("proxy-injector", "edge-25.10.7"), part("destination", "edge-25.10.7")},
			},
			[]install.Installation{{
				Namespace: "linkerd", Revision: "linkerd", Version: "2.19.0", Releases: []string{"crds/l5d-crds", "l5d"},
				Evidence: "Deployment linkerd-destination, Deployment linkerd-proxy-injector, Helm release l5d, MutatingWebhookConfiguration linkerd-proxy-injector-webhook-config",
			}},
		},
		"by its own command": {
			install.Cluster{Workloads: []install.Workload{part("destination", "stable-2.14.10")}},
			[]install.Installation{{Namespace: "linkerd", Revision: "linkerd", Version: "2.14.10", Evidence: "Deployment linkerd-destination"}},
		},
		"a webhook that calls a Service": {
			install.Cluster{Webhooks: []install.Webhook{hook}},
			[]install.Installation{{Namespace: "linkerd", Revision: "linkerd", Evidence: "MutatingWebhookConfiguration linkerd-proxy-injector-webhook-config"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(test.cluster)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}
