package installer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
)

// Annotations of CRDs: the bundle of Gateway API that one is from, and the Helm
// release that one belongs to.
const (
	annotationBundle           = "gateway.networking.k8s.io/bundle-version"
	annotationReleaseName      = "meta.helm.sh/release-name"
	annotationReleaseNamespace = "meta.helm.sh/release-namespace"
)

// gatewayDefinition is the CRD that every bundle of Gateway API has.
const gatewayDefinition = "gateways.gateway.networking.k8s.io"

// cluster sees what installing depends on, whichever mesh it is for.
func (o *observer) cluster(ctx context.Context) (install.Cluster, error) {
	var c install.Cluster
	var err error
	if c.Kubernetes, err = o.version(ctx); err != nil {
		return c, err
	}
	if c.Releases, err = o.releases(ctx); err != nil {
		return c, err
	}
	for _, see := range []func(context.Context, *install.Cluster) error{o.workloads, o.webhooks, o.definitions} {
		if err := see(ctx, &c); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (o *observer) workloads(ctx context.Context, c *install.Cluster) error {
	all, err := o.running(ctx)
	for _, r := range all {
		c.Workloads = append(c.Workloads, r.workload())
	}
	return err
}

// running lists what makes pods, sorted by kind, namespace and name.
func (o *observer) running(ctx context.Context, options ...client.ListOption) ([]*running, error) {
	var out []*running
	for _, list := range []client.ObjectList{&appsv1.DaemonSetList{}, &appsv1.DeploymentList{}, &appsv1.StatefulSetList{}} {
		if err := o.cache.List(ctx, list, options...); err != nil {
			return nil, fmt.Errorf("list workloads: %w", err)
		}
		switch l := list.(type) {
		case *appsv1.DaemonSetList:
			out = appendRead(out, l.Items)
		case *appsv1.DeploymentList:
			out = appendRead(out, l.Items)
		case *appsv1.StatefulSetList:
			out = appendRead(out, l.Items)
		}
	}
	slices.SortFunc(out, func(a, b *running) int {
		return strings.Compare(a.kind+"/"+key(a.object), b.kind+"/"+key(b.object))
	})
	return out, nil
}

// appendRead reads objects that are not on their way out.
func appendRead[T any, P interface {
	*T
	client.Object
}](out []*running, items []T) []*running {
	for i := range items {
		if object := P(&items[i]); object.GetDeletionTimestamp() == nil {
			out = append(out, read(object))
		}
	}
	return out
}

func (o *observer) webhooks(ctx context.Context, c *install.Cluster) error {
	var mutating admissionv1.MutatingWebhookConfigurationList
	var validating admissionv1.ValidatingWebhookConfigurationList
	for _, list := range []client.ObjectList{&mutating, &validating} {
		if err := o.cache.List(ctx, list); err != nil {
			return fmt.Errorf("list webhooks: %w", err)
		}
	}
	for i := range mutating.Items {
		var clients []admissionv1.WebhookClientConfig
		for _, w := range mutating.Items[i].Webhooks {
			clients = append(clients, w.ClientConfig)
		}
		c.Webhooks = append(c.Webhooks, o.webhook(ctx, "MutatingWebhookConfiguration", &mutating.Items[i], clients))
	}
	for i := range validating.Items {
		var clients []admissionv1.WebhookClientConfig
		for _, w := range validating.Items[i].Webhooks {
			clients = append(clients, w.ClientConfig)
		}
		c.Webhooks = append(c.Webhooks, o.webhook(ctx, "ValidatingWebhookConfiguration", &validating.Items[i], clients))
	}
	slices.SortFunc(c.Webhooks, func(a, b install.Webhook) int { return strings.Compare(a.Kind+"/"+a.Name, b.Kind+"/"+b.Name) })
	return nil
}

func (o *observer) webhook(ctx context.Context, kind string, object client.Object, clients []admissionv1.WebhookClientConfig) install.Webhook {
	w := install.Webhook{Kind: kind, Name: object.GetName(), Labels: object.GetLabels(), Trusted: true}
	for _, c := range clients {
		w.Trusted = w.Trusted && len(c.CABundle) > 0
		if c.Service == nil {
			continue
		}
		name := c.Service.Namespace + "/" + c.Service.Name
		if slices.Contains(w.Services, name) {
			continue
		}
		w.Services = append(w.Services, name)
		service := partial(services)
		if err := o.cache.Get(ctx, client.ObjectKey{Namespace: c.Service.Namespace, Name: c.Service.Name}, service); client.IgnoreNotFound(err) == nil && err != nil {
			w.Missing = append(w.Missing, name)
		}
	}
	slices.Sort(w.Services)
	slices.Sort(w.Missing)
	return w
}

// definitions lists the CRDs that are served, and whose they are.
func (o *observer) definitions(ctx context.Context, c *install.Cluster) error {
	var list apiextensionsv1.CustomResourceDefinitionList
	if err := o.cache.List(ctx, &list); err != nil {
		return fmt.Errorf("list CRDs: %w", err)
	}
	c.Owners = map[string]string{}
	for i := range list.Items {
		crd := &list.Items[i]
		if crd.Name == gatewayDefinition {
			c.GatewayAPI = strings.TrimPrefix(crd.Annotations[annotationBundle], "v")
		}
		if release := crd.Annotations[annotationReleaseName]; release != "" {
			c.Owners[crd.Name] = crd.Annotations[annotationReleaseNamespace] + "/" + release
		}
		if established(crd) {
			c.Definitions = append(c.Definitions, crd.Name)
		}
	}
	slices.Sort(c.Definitions)
	return nil
}

func established(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
}

func key(object metav1.Object) string { return object.GetNamespace() + "/" + object.GetName() }
