package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/install"
)

func plane(name, revision, release, image string) install.Workload {
	labels := map[string]string{
		"app": "istiod", "istio": "pilot", "istio.io/rev": revision, "operator.istio.io/component": "Pilot", "release": release,
		"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": release, "app.kubernetes.io/version": "1.0.0",
	}
	return install.Workload{
		Kind: "Deployment", Namespace: "istio-system", Name: name, Labels: labels,
		PodLabels: map[string]string{"app": "istiod", "istio.io/rev": revision}, Images: []string{image},
	}
}

func injectorHook(name, revision, service string) install.Webhook {
	return install.Webhook{
		Kind: "MutatingWebhookConfiguration", Name: name, Services: []string{service}, Trusted: true,
		Labels: map[string]string{"app": "sidecar-injector", "istio.io/rev": revision},
	}
}

func TestFound(t *testing.T) {
	base := install.Release{Namespace: "istio-system", Name: "istio-base", Chart: "base"}
	tag := injectorHook("istio-revision-tag-prod", "1-30", "istio-system/istiod-1-30")
	tag.Labels["istio.io/tag"] = "prod"
	leftover := injectorHook("istio-sidecar-injector-gone", "gone", "istio-system/istiod-gone")
	leftover.Missing = leftover.Services
	byHand := plane("istiod", "default", "istio", "docker.io/istio/pilot@sha256:00")
	byHand.Labels = map[string]string{"app": "istiod", "release": "istio"}
	for name, test := range map[string]struct {
		cluster install.Cluster
		want    []install.Installation
	}{
		"nothing": {},
		"Helm, default revision": {
			install.Cluster{
				Releases:  []install.Release{base, {Namespace: "istio-system", Name: "istiod", Chart: "istiod"}},
				Workloads: []install.Workload{plane("istiod", "default", "istiod", "docker.io/istio/pilot:1.31.0-distroless")},
				Webhooks:  []install.Webhook{injectorHook("istio-sidecar-injector", "default", "istio-system/istiod")},
			},
			[]install.Installation{{
				Namespace: "istio-system", Revision: "default", Version: "1.31.0", Releases: []string{"istiod", "istio-base"},
				Evidence: "Deployment istio-system/istiod, Helm release istiod, MutatingWebhookConfiguration istio-sidecar-injector",
			}},
		},
		"two revisions, a tag and a leftover": {
			install.Cluster{
				Releases: []install.Release{
					base, {Namespace: "istio-system", Name: "istiod-1-31", Chart: "istiod"}, {Namespace: "istio-system", Name: "istiod-1-30", Chart: "istiod"},
				},
				Workloads: []install.Workload{
					plane("istiod-1-31", "1-31", "istiod-1-31", "docker.io/istio/pilot:1.31.0"),
					plane("istiod-1-30", "1-30", "istiod-1-30", "docker.io/istio/pilot:1.30.4"),
					{Kind: "Deployment", Namespace: "edge", Name: "public", PodLabels: map[string]string{"app": "public", "istio": "public"}},
				},
				Webhooks: []install.Webhook{tag, leftover},
			},
			[]install.Installation{
				{
					Namespace: "istio-system", Revision: "1-30", Version: "1.30.4", Releases: []string{"istiod-1-30", "istio-base"},
					Evidence: "Deployment istio-system/istiod-1-30, Helm release istiod-1-30, MutatingWebhookConfiguration istio-revision-tag-prod",
				},
				{
					Namespace: "istio-system", Revision: "1-31", Version: "1.31.0", Releases: []string{"istiod-1-31", "istio-base"},
					Evidence: "Deployment istio-system/istiod-1-31, Helm release istiod-1-31",
				},
			},
		},
		"without Helm, by digest": {
			install.Cluster{Workloads: []install.Workload{byHand}},
			[]install.Installation{{Namespace: "istio-system", Revision: "default", Evidence: "Deployment istio-system/istiod"}},
		},
		"a Service without a Deployment": {
			install.Cluster{Webhooks: []install.Webhook{injectorHook("istio-sidecar-injector-remote", "remote", "istio-system/istiod-remote")}},
			[]install.Installation{{
				Namespace: "istio-system", Revision: "remote",
				Evidence: "MutatingWebhookConfiguration istio-sidecar-injector-remote, which calls Service istio-system/istiod-remote",
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(test.cluster)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}
