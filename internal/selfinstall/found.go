package selfinstall

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/checkup"
)

// Found is an installation of Meshloom in a cluster.
type Found struct {
	// Release is meshctl's own; nil where another tool installed it.
	Release *install.Release
	// Owner is who installed it, where that was not meshctl.
	Owner checkup.Owner
	// Namespace and Version that run.
	Namespace, Version string
}

// Look finds the installation of Meshloom in a cluster; nil where there is
// none. Whatever a GitOps tool marked is its own, also where it went through
// Helm.
func Look(ctx context.Context, c client.Reader, engine *helm.Engine) (*Found, error) {
	history, err := engine.History(ctx, chart.Namespace, chart.Release)
	if err != nil {
		return nil, err
	}
	deployments := &appsv1.DeploymentList{}
	if err := c.List(ctx, deployments, client.MatchingLabels{"app.kubernetes.io/name": chart.Operator}); err != nil {
		return nil, fmt.Errorf("list deployments: %w", err)
	}
	return found(history, deployments.Items), nil
}

// found is the pure part of Look.
func found(history []install.Release, deployments []appsv1.Deployment) *Found {
	var out *Found
	if len(deployments) > 0 {
		d := &deployments[0]
		out = &Found{Namespace: d.Namespace, Version: versionOf(d), Owner: checkup.OwnerOf(d)}
		if out.Owner.Tool != checkup.Helm {
			return out
		}
	}
	if len(history) == 0 || history[0].Status == install.Uninstalling {
		return out
	}
	newest := history[0]
	if out == nil {
		out = &Found{Namespace: newest.Namespace, Version: newest.AppVersion}
	}
	out.Owner = checkup.Owner{Tool: checkup.Helm, Name: newest.Name, Namespace: newest.Namespace}
	if newest.Ours {
		out.Release = &newest
	}
	return out
}

func versionOf(d *appsv1.Deployment) string {
	if version := d.Labels["app.kubernetes.io/version"]; version != "" {
		return version
	}
	for _, container := range d.Spec.Template.Spec.Containers {
		if at := strings.LastIndex(container.Image, ":"); at >= 0 && !strings.Contains(container.Image[at:], "/") {
			return container.Image[at+1:]
		}
	}
	return ""
}

// Foreign returns what to say to who wants meshctl to do something with an
// installation that another tool keeps; nil where meshctl may.
func (f *Found) Foreign(verb string) error {
	if f == nil || f.Release != nil {
		return nil
	}
	name := f.Owner.Name
	var way string
	switch f.Owner.Tool {
	case checkup.Argo:
		way = fmt.Sprintf("change it in the repository of the application %s and sync that", name)
	case checkup.Flux:
		way = fmt.Sprintf("change it in the repository that Flux reads, then: flux reconcile kustomization %s --with-source (or helmrelease)", name)
	case checkup.Helm:
		way = map[string]string{
			"rollback":  fmt.Sprintf("helm rollback %s -n %s", name, f.Owner.Namespace),
			"uninstall": fmt.Sprintf("helm uninstall %s -n %s", name, f.Owner.Namespace),
		}[verb]
		if way == "" {
			way = fmt.Sprintf("helm upgrade %s CHART -n %s", name, f.Owner.Namespace)
		}
	default:
		way = "go on with the manifests that it was applied from (kubectl apply -f, kubectl delete -f)"
	}
	return fmt.Errorf("%s in namespace %s was installed by %s, so meshctl %s leaves it alone: %s",
		strings.TrimSpace("Meshloom "+f.Version), f.Namespace, f.Owner, verb, way)
}
