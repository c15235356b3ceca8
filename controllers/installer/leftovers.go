package installer

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/engine"
)

// held names the objects that Meshloom wrote and that only a control plane that
// runs lets go of. Where a kind is not defined there are none.
func (o *observer) held(ctx context.Context, p *install.Planner) ([]string, error) {
	if o.live == nil {
		return nil, nil
	}
	var names []string
	for _, kind := range p.Held {
		list := partialList(kind)
		err := o.live.List(ctx, list, client.MatchingLabels{engine.LabelManagedBy: engine.ManagedBy}, client.HasLabels{engine.LabelUnit})
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind.Kind, err)
		}
		for i := range list.Items {
			names = append(names, kind.Kind+" "+key(&list.Items[i]))
		}
	}
	return names, nil
}

// leftovers names what the control plane of a mesh left in namespaces. While
// releases of the mesh are left it is too early to look.
func (o *observer) leftovers(ctx context.Context, t target, releases []install.Release) ([]string, error) {
	mine := ownerOfMesh(t.mesh.Name)
	if slices.ContainsFunc(releases, func(r install.Release) bool { return install.SameOwner(r.Owner, mine) }) {
		return nil, nil
	}
	var names []string
	err := eachLeftover(ctx, o.live, t.provider.Charts, func(kind string, object *metav1.PartialObjectMetadata) error {
		names = append(names, kind+" "+object.Namespace+"/"+object.Name)
		return nil
	})
	return names, err
}

// sweep removes what a control plane left in namespaces.
func (a *actor) sweep(ctx context.Context, t turn) error {
	return eachLeftover(ctx, a.live, t.planner, func(kind string, object *metav1.PartialObjectMetadata) error {
		if err := a.client.Delete(ctx, object, exactly(object)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete %s %s/%s: %w", kind, object.Namespace, object.Name, err)
		}
		return nil
	})
}

// eachLeftover calls do for what a control plane made by itself in any
// namespace: what has its name, its labels, and nobody else's fields.
func eachLeftover(ctx context.Context, from client.Reader, p *install.Planner, do func(kind string, object *metav1.PartialObjectMetadata) error) error {
	for _, left := range p.Leftovers {
		list := partialList(left.Kind)
		if err := from.List(ctx, list, client.MatchingLabels(left.Labels)); err != nil {
			return fmt.Errorf("list %s: %w", left.Kind.Kind, err)
		}
		for i := range list.Items {
			object := &list.Items[i]
			if object.DeletionTimestamp != nil || !slices.Contains(left.Names, object.Name) || !madeBy(object, p.Managers) {
				continue
			}
			object.SetGroupVersionKind(left.Kind)
			if err := do(left.Kind.Kind, object); err != nil {
				return err
			}
		}
	}
	return nil
}

// madeBy says whether nobody but the managers has written fields of an object.
func madeBy(object *metav1.PartialObjectMetadata, managers []string) bool {
	for _, field := range object.ManagedFields {
		if !slices.Contains(managers, field.Manager) {
			return false
		}
	}
	return len(object.ManagedFields) > 0
}
