package istio

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/install"
)

// releaseBase is the one release of the chart base in a cluster.
const releaseBase = "istio-base"

// maxRelease is how long the name of a Helm release may be.
const maxRelease = 53

// defaultValidator is the webhook that checks objects which name no revision.
// It calls the control plane that speaks for them.
const defaultValidator = "istiod-default-validator"

// revisionValue is how a revision is written in the values of a chart, where
// the default revision is the empty one.
func revisionValue(revision string) string {
	if revision == defaultRevision {
		return ""
	}
	return revision
}

// istiod is the name of a revision's Deployment and Service.
func istiod(revision string) string {
	return strings.TrimSuffix("istiod-"+revisionValue(revision), "-")
}

// injector is the name of the webhook by which a revision puts its proxy into
// pods.
func injector(namespace, revision string) string {
	name := strings.TrimSuffix("istio-sidecar-injector-"+revisionValue(revision), "-")
	if namespace != "istio-system" {
		name += "-" + namespace
	}
	return name
}

// releaseOf returns the name of the Helm release that made an object, as
// Istio's charts write it on all of theirs; empty where none did.
func releaseOf(labels map[string]string) string {
	if labels["app.kubernetes.io/managed-by"] != "Helm" {
		return labels["release"]
	}
	return labels["app.kubernetes.io/instance"]
}

// hasRelease says whether a release of a chart is in the namespace.
func hasRelease(cluster install.Cluster, namespace, name, chart string) bool {
	return slices.ContainsFunc(cluster.Releases, func(r install.Release) bool {
		return r.Namespace == namespace && r.Name == name && r.Chart == chart
	})
}

// isDNSLabel says whether a name can be that of a Service.
func isDNSLabel(name string) bool {
	if name == "" || len(name) > maxLabel || name[0] < 'a' || name[0] > 'z' || name[len(name)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}
