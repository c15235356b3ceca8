package handover

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
)

// attempts bounds how often an object is read again that somebody changes
// while it is handed over.
const attempts = 8

// Live reads the native objects of the kinds that carry our label.
func Live(ctx context.Context, c client.Reader, kinds []schema.GroupVersionKind) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, kind := range kinds {
		items := &unstructured.UnstructuredList{}
		items.SetGroupVersionKind(kind)
		err := c.List(ctx, items, client.MatchingLabels{engine.LabelManagedBy: engine.ManagedBy})
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind.Kind, err)
		}
		for i := range items.Items {
			out = append(out, &items.Items[i])
		}
	}
	return out, nil
}

// Hand takes our marks off an object of ours. One that is gone, or carries
// them no longer, is no error.
func Hand(ctx context.Context, c client.Client, obj *unstructured.Unstructured) error {
	for range attempts {
		seen, err := apply.NewLive(obj, apply.Catalog{})
		if err != nil {
			return err
		}
		if !seen.Ours {
			return nil
		}
		err = c.Update(ctx, Strip(obj), client.FieldOwner(Manager))
		if apierrors.IsNotFound(err) {
			return nil
		}
		if !apierrors.IsConflict(err) {
			return wrap("release", obj, err)
		}
		err = c.Get(ctx, client.ObjectKeyFromObject(obj), obj)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return wrap("read", obj, err)
		}
	}
	return wrap("release", obj, fmt.Errorf("it changed %d times meanwhile; try again", attempts))
}

// Hold makes a second owner of what Meshloom asked for on an object of
// somebody else, and says whether there was anything.
func Hold(ctx context.Context, c client.Client, obj *unstructured.Unstructured) (bool, error) {
	content, err := Share(obj)
	if err != nil || content == nil {
		return false, err
	}
	config := client.ApplyConfigurationFromUnstructured(content)
	return true, wrap("hold the marks of", obj, c.Apply(ctx, config, client.FieldOwner(Manager), client.ForceOwnership))
}

func wrap(verb string, obj *unstructured.Unstructured, err error) error {
	if err == nil {
		return nil
	}
	name := obj.GetName()
	if obj.GetNamespace() != "" {
		name = obj.GetNamespace() + "/" + name
	}
	return fmt.Errorf("%s %s %s: %w", verb, obj.GetKind(), name, err)
}
