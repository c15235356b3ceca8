package linkerd

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators"
)

// components are the Deployments of a control plane, which all have to run.
var components = []string{"destination", "identity", "proxy-injector"}

// observe finds the control plane among what runs in a namespace. Linkerd is no
// ingress.
func observe(mesh bool, running []translators.Running) *translators.Observation {
	if !mesh {
		return nil
	}
	ready := map[string]bool{}
	seen := translators.Observation{Env: translators.Env{Variant: Variant}}
	for _, r := range running {
		component := r.PodLabels[labelComponent]
		if !slices.Contains(components, component) {
			continue
		}
		ready[component] = ready[component] || r.Ready
		if v := versionOf(r.Images, r.Labels); v != "" && (seen.Env.Version == "" || component == "destination") {
			seen.Env.Version = v
		}
	}
	if len(ready) == 0 {
		return nil
	}
	seen.Ready = !slices.ContainsFunc(components, func(c string) bool { return !ready[c] })
	return &seen
}

// versionOf reads the version of a part of a control plane off the tag of its
// controller's image, else off the chart's label.
func versionOf(images []string, labels map[string]string) string {
	for _, image := range images {
		name, _, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
		if v := releaseOf(tagOf(image)); v != "" && name == "controller" {
			return v
		}
	}
	return releaseOf(labels["app.kubernetes.io/version"])
}
