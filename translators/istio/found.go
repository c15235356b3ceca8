package istio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/install"
)

// found returns the control planes of a cluster, sorted by namespace and
// revision: the Deployments of istiod, and what webhooks of an injector call
// that is none of them.
func found(cluster install.Cluster) []install.Installation {
	var planes []install.Installation
	for _, w := range cluster.Workloads {
		if w.Kind == "Deployment" && w.PodLabels["app"] == "istiod" {
			planes = append(planes, planeOf(cluster, w))
		}
	}
	for _, w := range cluster.Webhooks {
		if plane, ok := calledBy(w); ok && !slices.ContainsFunc(planes, func(p install.Installation) bool {
			return p.Namespace == plane.Namespace && p.Revision == plane.Revision
		}) {
			planes = append(planes, plane)
		}
	}
	slices.SortFunc(planes, func(a, b install.Installation) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Revision, b.Revision))
	})
	return planes
}

// planeOf describes the control plane that a Deployment is.
func planeOf(cluster install.Cluster, w install.Workload) install.Installation {
	plane := install.Installation{
		Namespace: w.Namespace,
		Revision:  cmp.Or(w.PodLabels["istio.io/rev"], defaultRevision),
		Version:   imageVersion(w.Images, w.Labels),
	}
	plane.Evidence = fmt.Sprintf("Deployment %s/%s", w.Namespace, w.Name)
	if release := releaseOf(w.Labels); hasRelease(cluster, w.Namespace, release, chartIstiod) {
		plane.Releases = []string{release}
		plane.Evidence += ", Helm release " + release
		if base := baseRelease(cluster); base != nil && base.Namespace == w.Namespace {
			plane.Releases = append(plane.Releases, base.Name)
		}
	}
	for _, hook := range cluster.Webhooks {
		if slices.Contains(hook.Services, w.Namespace+"/"+istiod(plane.Revision)) {
			plane.Evidence += fmt.Sprintf(", %s %s", hook.Kind, hook.Name)
		}
	}
	return plane
}

// calledBy describes the control plane that the webhook of an injector calls
// and whose Service is there.
func calledBy(hook install.Webhook) (install.Installation, bool) {
	if hook.Labels["app"] != "sidecar-injector" || hook.Labels["istio.io/tag"] != "" || len(hook.Services) == 0 {
		return install.Installation{}, false
	}
	service := hook.Services[0]
	namespace, _, ok := strings.Cut(service, "/")
	if !ok || slices.Contains(hook.Missing, service) {
		return install.Installation{}, false
	}
	return install.Installation{
		Namespace: namespace,
		Revision:  cmp.Or(hook.Labels["istio.io/rev"], defaultRevision),
		Evidence:  fmt.Sprintf("%s %s, which calls Service %s", hook.Kind, hook.Name, service),
	}, true
}
