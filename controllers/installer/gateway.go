package installer

import (
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// gateways brings the workloads of IngressGateways to what is asked of them,
// also of those that are gone.
type gateways struct {
	*observer
	*actor
}

func (g *gateways) loop() loop {
	return loop{kind: "ingressgateway", object: &v1alpha1.IngressGateway{}, reconcile: g.reconcile, concerned: g.concerned}
}

func (g *gateways) reconcile(ctx context.Context, key client.ObjectKey) (reconcile.Result, error) {
	owner := install.GatewayOwner(key.Namespace, key.Name)
	if !g.writes.seen(ctx, owner) {
		return reconcile.Result{RequeueAfter: soon}, nil
	}
	next := turn{owner: owner}
	object := &v1alpha1.IngressGateway{}
	switch err := g.actor.live.Get(ctx, key, object); {
	case err == nil && object.DeletionTimestamp == nil:
		next.object = object
	case client.IgnoreNotFound(err) != nil:
		return reconcile.Result{}, fmt.Errorf("get IngressGateway %s: %w", key, err)
	default:
		object = nil
	}
	wanted, found, provider, err := g.gateway(ctx, key, object)
	if err != nil {
		return reconcile.Result{}, err
	}
	var planner *install.Planner
	if provider != nil {
		planner = provider.Charts
	}
	next.step, next.state = install.NextGateway(planner, wanted, found)
	if planner != nil {
		next.planner = planner
	}
	if object != nil {
		next.takeOver = object.Annotations[v1alpha1.AnnotationAdopt] == key.Namespace
	}
	return g.take(ctx, next)
}

// gateway sees the workload of an IngressGateway; nil for one that is gone. The
// provider is that of its controller; nil where there is none.
func (o *observer) gateway(ctx context.Context, at client.ObjectKey, object *v1alpha1.IngressGateway) (w install.GatewayWanted, f install.GatewayFound, p *translators.Provider, err error) {
	w = install.GatewayWanted{Namespace: at.Namespace, Name: at.Name, Gateway: object}
	f.Now = time.Now()
	if f.Cluster, err = o.cluster(ctx); err != nil || object == nil {
		return w, f, nil, err
	}
	f.State = object.Status.Install
	ns, err := o.home(ctx, at.Namespace)
	if err != nil {
		return w, f, nil, err
	}
	f.Terminating = ns.Terminating
	controller := &v1alpha1.IngressController{}
	switch err := o.cache.Get(ctx, client.ObjectKey{Name: string(object.Spec.ControllerRef.Name)}, controller); {
	case apierrors.IsNotFound(err):
		return w, f, nil, nil
	case err != nil:
		return w, f, nil, fmt.Errorf("get IngressController %s: %w", object.Spec.ControllerRef.Name, err)
	}
	w.Controller = controller
	if p = o.provider(string(controller.Spec.Provider)); p == nil {
		return w, f, nil, nil
	}
	w.Home = homeOf(controller, p)
	if err := o.around(ctx, &w, p); err != nil {
		return w, f, p, err
	}
	if f.Rivals, err = o.rivals(ctx, at, f.Cluster); err != nil {
		return w, f, p, err
	}
	return w, f, p, nil
}

// around finds the mesh that a gateway names, and those whose control planes
// can run it.
func (o *observer) around(ctx context.Context, w *install.GatewayWanted, p *translators.Provider) error {
	var all v1alpha1.MeshList
	if err := o.cache.List(ctx, &all); err != nil {
		return fmt.Errorf("list Meshes: %w", err)
	}
	for i := range all.Items {
		mesh := &all.Items[i]
		if ref := w.Gateway.Spec.MeshRef; ref != nil && string(ref.Name) == mesh.Name {
			w.Mesh = mesh
		}
		if string(mesh.Spec.Provider) == p.Name {
			w.Hosts = append(w.Hosts, install.Host{Mesh: mesh, Namespace: namespaceOf(mesh, p)})
		}
	}
	return nil
}

// workloadKinds are what a gateway's workload may be in the way of.
var workloadKinds = []schema.GroupVersionKind{
	appsv1.SchemeGroupVersion.WithKind("Deployment"), corev1.SchemeGroupVersion.WithKind("Service"), corev1.SchemeGroupVersion.WithKind("ServiceAccount"),
}

// rivals are the objects under a gateway's name that no release made. Only
// where there is no release yet are they of interest, and looked for.
func (o *observer) rivals(ctx context.Context, at client.ObjectKey, c install.Cluster) ([]string, error) {
	for _, rel := range c.Releases {
		if rel.Namespace == at.Namespace && rel.Name == at.Name {
			return nil, nil
		}
	}
	var out []string
	for _, kind := range workloadKinds {
		object := partial(kind)
		err := o.live.Get(ctx, at, object)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("get %s %s: %w", kind.Kind, at, err)
		}
		if object.Annotations[annotationReleaseName] == "" {
			out = append(out, kind.Kind+" "+at.String())
		}
	}
	return out, nil
}

// concerned returns the IngressGateways that an object may matter to: those
// that name it, or are in its namespace, and those that are gone of which a
// release is left.
func (g *gateways) concerned(ctx context.Context, obj client.Object) []client.ObjectKey {
	if labels := obj.GetLabels(); labels["owner"] == "helm" {
		if strings.HasPrefix(labels[v1alpha1.LabelOwner], v1alpha1.KindIngressGateway+".") {
			return []client.ObjectKey{{Namespace: obj.GetNamespace(), Name: labels["name"]}}
		}
		return nil
	}
	var all v1alpha1.IngressGatewayList
	if err := g.cache.List(ctx, &all); err != nil {
		return nil
	}
	var out []client.ObjectKey
	for i := range all.Items {
		if gateway := &all.Items[i]; related(gateway, obj) {
			out = append(out, client.ObjectKeyFromObject(gateway))
		}
	}
	return out
}

// related says whether an object may matter to a gateway. Any Mesh may: its
// control plane may be what runs the gateway.
func related(gateway *v1alpha1.IngressGateway, obj client.Object) bool {
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		return true
	case *v1alpha1.IngressController:
		return string(gateway.Spec.ControllerRef.Name) == o.Name
	case *corev1.Namespace:
		return gateway.Namespace == o.Name
	}
	return obj.GetNamespace() == gateway.Namespace && obj.GetName() == gateway.Name
}
