package installer

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// ingressControllers brings IngressControllers to what is asked of them.
type ingressControllers struct {
	*observer
	*actor
}

func (c *ingressControllers) loop() loop {
	return loop{kind: "ingresscontroller", object: &v1alpha1.IngressController{}, reconcile: c.reconcile, concerned: c.concerned}
}

// homeOf returns where an ingress controller runs.
func homeOf(controller *v1alpha1.IngressController, provider *translators.Provider) string {
	return cmp.Or(string(controller.Spec.Namespace), provider.Usual.ControllerNamespace)
}

func (c *ingressControllers) reconcile(ctx context.Context, key client.ObjectKey) (reconcile.Result, error) {
	owner := v1alpha1.KindIngressController + "/" + key.Name
	object := &v1alpha1.IngressController{}
	if err := c.actor.live.Get(ctx, key, object); err != nil {
		if apierrors.IsNotFound(err) {
			c.settle(owner, nil)
			return reconcile.Result{}, nil
		}
		return reconcile.Result{}, fmt.Errorf("get IngressController %s: %w", key.Name, err)
	}
	if object.Spec.Mode != v1alpha1.ModeManaged {
		return reconcile.Result{}, c.handBack(ctx, object)
	}
	provider := c.provider(string(object.Spec.Provider))
	if provider == nil || provider.Charts == nil || provider.Charts.Controller == nil && provider.Charts.Gateway == nil {
		return reconcile.Result{}, c.notOffered(ctx, object, string(object.Spec.Provider))
	}
	if !c.writes.seen(ctx, owner) {
		return reconcile.Result{RequeueAfter: soon}, nil
	}
	wanted, found, err := c.controller(ctx, object, provider)
	if err != nil {
		return reconcile.Result{}, err
	}
	step, state := install.NextController(provider.Charts, wanted, found)
	return c.take(ctx, turn{
		object: object, owner: owner, step: step, state: state, held: true, planner: provider.Charts,
		takeOver:    object.Annotations[v1alpha1.AnnotationAdopt] == wanted.Namespace,
		definitions: agreed(object, "crds"),
	})
}

// controller sees an ingress controller.
func (o *observer) controller(ctx context.Context, object *v1alpha1.IngressController, provider *translators.Provider) (w install.ControllerWanted, f install.ControllerFound, err error) {
	w = install.ControllerWanted{Controller: object, Namespace: homeOf(object, provider)}
	f.Now, f.State = time.Now(), object.Status.Install
	if f.Cluster, err = o.cluster(ctx); err != nil {
		return w, f, err
	}
	if f.Home, err = o.home(ctx, w.Namespace); err != nil {
		return w, f, err
	}
	var all v1alpha1.IngressGatewayList
	if err := o.cache.List(ctx, &all); err != nil {
		return w, f, fmt.Errorf("list IngressGateways: %w", err)
	}
	others := map[string]bool{}
	for i := range all.Items {
		g := &all.Items[i]
		if string(g.Spec.ControllerRef.Name) == object.Name {
			w.Gateways = append(w.Gateways, key(g))
		} else {
			others[key(g)] = true
		}
	}
	for _, rel := range f.Cluster.Releases {
		// Whose a gateway was that is gone, nobody can tell.
		if name := rel.Namespace + "/" + rel.Name; isGateways(rel) && !others[name] {
			f.Running = append(f.Running, name)
		}
	}
	slices.Sort(w.Gateways)
	slices.Sort(f.Running)
	return w, f, nil
}

// isGateways says whether a release is the workload of an IngressGateway.
func isGateways(rel install.Release) bool {
	return install.SameOwner(rel.Owner, install.GatewayOwner(rel.Namespace, rel.Name))
}

// concerned returns the IngressControllers that an object may matter to: those
// whose home it is in, or that it names.
func (c *ingressControllers) concerned(ctx context.Context, obj client.Object) []client.ObjectKey {
	var all v1alpha1.IngressControllerList
	if err := c.cache.List(ctx, &all); err != nil {
		return nil
	}
	var out []client.ObjectKey
	for i := range all.Items {
		if one := &all.Items[i]; one.Spec.Mode == v1alpha1.ModeManaged && c.concerns(one, obj) {
			out = append(out, client.ObjectKeyFromObject(one))
		}
	}
	return out
}

func (c *ingressControllers) concerns(one *v1alpha1.IngressController, obj client.Object) bool {
	if gateway, ok := obj.(*v1alpha1.IngressGateway); ok {
		return string(gateway.Spec.ControllerRef.Name) == one.Name
	}
	provider := c.provider(string(one.Spec.Provider))
	if provider == nil || obj.GetLabels()["owner"] == "helm" {
		return true
	}
	home := homeOf(one, provider)
	return obj.GetNamespace() == home || obj.GetName() == home
}
