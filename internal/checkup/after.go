package checkup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

const meshloom category = "meshloom"

// Process is one Deployment of Meshloom and the lease by which one of its
// replicas leads.
type Process struct {
	Deployment, Lease string
	// Optional processes may be absent.
	Optional bool
}

// Place is where and when something is looked at.
type Place struct {
	Namespace string
	Now       time.Time
}

// Processes checks that the Deployments of Meshloom are ready and that one
// replica of each leads.
func Processes(ctx context.Context, c client.Reader, at Place, all []Process) []Check {
	var out []Check
	for _, p := range all {
		d := &appsv1.Deployment{}
		err := c.Get(ctx, client.ObjectKey{Namespace: at.Namespace, Name: p.Deployment}, d)
		if apierrors.IsNotFound(err) && p.Optional {
			out = append(out, meshloom.ok(p.Deployment, "not installed"))
			continue
		}
		out = append(out, deployment(p.Deployment, d, err))
		if err == nil && d.Status.ReadyReplicas > 0 {
			out = append(out, leader(ctx, c, at, p))
		}
	}
	return out
}

func deployment(name string, d *appsv1.Deployment, err error) Check {
	if apierrors.IsNotFound(err) {
		return meshloom.fail(name, finding{"is not installed", "meshctl install"})
	}
	if err != nil {
		return meshloom.unknown(name, err)
	}
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	s := d.Status
	if s.AvailableReplicas < wanted || s.UpdatedReplicas < wanted || s.ObservedGeneration < d.Generation {
		return meshloom.fail(name, finding{
			fmt.Sprintf("%d of %d pods are ready and up to date", min(s.AvailableReplicas, s.UpdatedReplicas), wanted),
			fmt.Sprintf("kubectl describe pods -n %s -l app.kubernetes.io/name=%s", d.Namespace, d.Name),
		})
	}
	var images []string
	for _, container := range d.Spec.Template.Spec.Containers {
		images = append(images, container.Image)
	}
	return meshloom.ok(name, strings.Join(images, ", "))
}

// patience is how long after its last renewal a lease is believed: clocks
// differ, and a new leader needs a moment.
const patience = time.Minute

func leader(ctx context.Context, c client.Reader, at Place, p Process) Check {
	name := p.Deployment + " leader"
	lease := &coordinationv1.Lease{}
	err := c.Get(ctx, client.ObjectKey{Namespace: at.Namespace, Name: p.Lease}, lease)
	if client.IgnoreNotFound(err) != nil {
		return meshloom.unknown(name, err)
	}
	holder, renewed := lease.Spec.HolderIdentity, lease.Spec.RenewTime
	if err != nil || holder == nil || *holder == "" || renewed == nil || at.Now.Sub(renewed.Time) > patience {
		return meshloom.fail(name, finding{"no replica leads, so nothing is being done", fmt.Sprintf("kubectl logs -n %s deployment/%s", at.Namespace, p.Deployment)})
	}
	return meshloom.ok(name, *holder)
}

// Definitions checks that the kinds of the unified API are served, in the
// version that this meshctl knows, and stored in no other.
func Definitions(ctx context.Context, c client.Reader, names []string) []Check {
	var out []Check
	for _, name := range names {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		err := c.Get(ctx, client.ObjectKey{Name: name}, crd)
		if client.IgnoreNotFound(err) != nil {
			out = append(out, definitions.unknown(name, err))
			continue
		}
		if problem := unserved(crd, err == nil); problem != "" {
			out = append(out, definitions.fail(name, finding{problem, "meshctl install, or meshctl upgrade"}))
		}
	}
	if len(out) == 0 {
		out = append(out, definitions.ok("served", fmt.Sprintf("%d kinds in %s", len(names), v1alpha1.GroupVersion.Version)))
	}
	return out
}

// unserved says why a kind cannot be used, or "".
func unserved(crd *apiextensionsv1.CustomResourceDefinition, there bool) string {
	const version = "v1alpha1"
	established := slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
	served := slices.ContainsFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Name == version && v.Served
	})
	switch {
	case !there:
		return "is not there"
	case crd.DeletionTimestamp != nil:
		return "is being deleted, and all its objects with it"
	case !established:
		return "is not established"
	case !served:
		return "does not serve " + version
	case slices.ContainsFunc(crd.Status.StoredVersions, func(v string) bool { return v != version }):
		return "has objects stored as " + strings.Join(crd.Status.StoredVersions, ", ")
	}
	return ""
}
