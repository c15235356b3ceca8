package consul

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// injectorHook is the webhook of the injector that we install.
const injectorHook = "consul-connect-injector"

// The labels by which the chart marks its parts.
const (
	labelComponent = "component"
	labelApp       = "app"
)

// The parts that have to run.
const (
	partInjector = "connect-injector"
	partServer   = "server"
)

// partOf is which part of Consul pods with these labels are; empty for others.
func partOf(podLabels map[string]string) string {
	part := podLabels[labelComponent]
	if podLabels[labelApp] != chartName || part != partInjector && part != partServer {
		return ""
	}
	return part
}

// versionOf reads the version of Consul on Kubernetes off the image of its
// injector; empty for other images.
func versionOf(images []string) string {
	for _, image := range images {
		if name := image[strings.LastIndexByte(image, '/')+1:]; strings.HasPrefix(name, "consul-k8s-control-plane") {
			return tagOf(image)
		}
	}
	return ""
}

// observe finds servers and injector among what runs in a namespace. Servers may
// run elsewhere.
func observe(mesh bool, running []translators.Running) *translators.Observation {
	if !mesh {
		return nil
	}
	seen := &translators.Observation{Env: translators.Env{Variant: Variant}}
	ready := map[string]bool{}
	for _, r := range running {
		if part := partOf(r.PodLabels); part != "" {
			ready[part] = ready[part] || r.Ready
			seen.Env.Version = cmp.Or(seen.Env.Version, versionOf(r.Images))
		}
	}
	if _, there := ready[partInjector]; !there {
		return nil
	}
	seen.Ready = !slices.Contains(slices.Collect(maps.Values(ready)), false)
	return seen
}

// installations returns the control planes of a cluster, sorted by namespace, which is
// also their name: where an injector runs.
func installations(cluster install.Cluster) []install.Installation {
	var planes []install.Installation
	for _, w := range cluster.Workloads {
		if w.Kind != "Deployment" || partOf(w.PodLabels) != partInjector {
			continue
		}
		plane := install.Installation{Namespace: w.Namespace, Revision: w.Namespace, Version: versionOf(w.Images)}
		evidence := []string{fmt.Sprintf("Deployment %s/%s", w.Namespace, w.Name)}
		for _, r := range cluster.Releases {
			if r.Chart == chartName && r.Namespace == w.Namespace {
				plane.Releases = append(plane.Releases, r.Name)
				plane.Version = cmp.Or(plane.Version, r.ChartVersion)
				evidence = append(evidence, "Helm release "+r.Name)
			}
		}
		for _, hook := range cluster.Webhooks {
			if slices.Contains(hook.Services, w.Namespace+"/"+w.Name) {
				evidence = append(evidence, hook.Kind+" "+hook.Name)
			}
		}
		plane.Evidence = strings.Join(evidence, ", ")
		planes = append(planes, plane)
	}
	slices.SortFunc(planes, func(a, b install.Installation) int { return strings.Compare(a.Namespace, b.Namespace) })
	return planes
}
