package istio

import (
	"cmp"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

const defaultRevision = "default"

// observe finds control planes, or for an ingress its gateways, too, among what
// runs in a namespace.
func observe(mesh bool, running []translators.Running) *translators.Observation {
	planes := matching(running, isControlPlane)
	if mesh {
		return observation(VariantSidecar, planes)
	}
	if gateways := matching(running, isGateway); len(gateways) > 0 {
		seen := observation(VariantGateway, gateways)
		seen.Revisions = nil
		return seen
	}
	return observation(VariantGateway, planes)
}

// observation sums up what runs. The default revision speaks for all. Without
// one, new members belong to the first by name, as far as can be seen, and the
// version is the oldest: all of them read what is written.
func observation(variant string, running []translators.Running) *translators.Observation {
	if len(running) == 0 {
		return nil
	}
	seen := &translators.Observation{Env: translators.Env{Variant: variant}}
	for _, r := range running {
		seen.Ready = seen.Ready || r.Ready
		seen.Revisions = append(seen.Revisions, translators.Revision{
			Name: cmp.Or(r.PodLabels["istio.io/rev"], defaultRevision), Version: imageVersion(r.Images, r.Labels),
		})
	}
	slices.SortFunc(seen.Revisions, func(a, b translators.Revision) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
	speaker := seen.Revisions[0]
	for _, r := range seen.Revisions {
		if r.Name == defaultRevision {
			speaker = r
		}
	}
	seen.Env.Version = speaker.Version
	if speaker.Name != defaultRevision {
		seen.Env.Version = oldest(seen.Revisions)
	}
	if variant == VariantSidecar && speaker.Name != defaultRevision {
		seen.Env.Facts = map[string]string{FactRevision: speaker.Name}
	}
	return seen
}

// oldest returns the oldest version that is known; empty where none is.
func oldest(revisions []translators.Revision) string {
	version := ""
	for _, r := range revisions {
		if version == "" || r.Version != "" && install.Newer(version, r.Version) {
			version = r.Version
		}
	}
	return version
}

func matching(running []translators.Running, is func(translators.Running) bool) []translators.Running {
	return slices.DeleteFunc(slices.Clone(running), func(r translators.Running) bool { return !is(r) })
}

func isControlPlane(r translators.Running) bool { return r.PodLabels["app"] == "istiod" }

// isGateway knows a gateway by the label with which its chart asks the injector
// for the proxy, and by its own selector label.
func isGateway(r translators.Running) bool {
	return r.PodLabels["sidecar.istio.io/inject"] == "true" && r.PodLabels["istio"] != ""
}

func tags(images []string) []string {
	var out []string
	for _, image := range images {
		image, _, _ = strings.Cut(image, "@")
		if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
			out = append(out, image[i+1:])
		}
	}
	return out
}
