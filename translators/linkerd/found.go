package linkerd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/install"
)

// injectorHook is the webhook of the injector, of which a cluster has one.
const injectorHook = "linkerd-proxy-injector-webhook-config"

// found returns the control planes of a cluster, sorted by namespace, which is
// also their name: where the parts of one run, and where the injector's webhook
// calls.
func found(cluster install.Cluster) []install.Installation {
	var planes []install.Installation
	for _, namespace := range homes(cluster) {
		plane := install.Installation{Namespace: namespace, Revision: namespace}
		var evidence []string
		for _, w := range cluster.Workloads {
			if isPart(w) && w.Namespace == namespace {
				evidence = append(evidence, w.Kind+" "+w.Name)
				plane.Version = cmp.Or(plane.Version, versionOf(w.Images, w.Labels))
			}
		}
		for _, r := range cluster.Releases {
			switch {
			case r.Chart == chartControlPlane && r.Namespace == namespace:
				plane.Releases = append(plane.Releases, r.Name)
				plane.Version = cmp.Or(plane.Version, releaseOf(r.AppVersion))
				evidence = append(evidence, "Helm release "+r.Name)
			case r.Chart == chartCRDs:
				plane.Releases = append(plane.Releases, r.Namespace+"/"+r.Name)
			}
		}
		if hook := injector(cluster); hook != nil && injectorHome(hook) == namespace {
			evidence = append(evidence, fmt.Sprintf("%s %s", hook.Kind, hook.Name))
		}
		slices.Sort(evidence)
		plane.Evidence = strings.Join(evidence, ", ")
		planes = append(planes, plane)
	}
	return planes
}

// homes are the namespaces where control planes are.
func homes(cluster install.Cluster) []string {
	var out []string
	for _, w := range cluster.Workloads {
		if isPart(w) {
			out = append(out, w.Namespace)
		}
	}
	if namespace := injectorHome(injector(cluster)); namespace != "" {
		out = append(out, namespace)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func isPart(w install.Workload) bool {
	return w.Kind == "Deployment" && slices.Contains(components, w.PodLabels[labelComponent])
}

// injector returns the injector's webhook; nil where there is none.
func injector(cluster install.Cluster) *install.Webhook {
	for i := range cluster.Webhooks {
		if cluster.Webhooks[i].Name == injectorHook {
			return &cluster.Webhooks[i]
		}
	}
	return nil
}

// injectorHome is the namespace of the injector that a webhook calls; empty where that
// is not there.
func injectorHome(hook *install.Webhook) string {
	if hook == nil || len(hook.Services) == 0 || slices.Contains(hook.Missing, hook.Services[0]) {
		return ""
	}
	namespace, _, _ := strings.Cut(hook.Services[0], "/")
	return namespace
}
