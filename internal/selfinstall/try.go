package selfinstall

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install/chart"
)

// Verb says what would become of an object.
type Verb string

// The verbs.
const (
	Create    Verb = "create"
	Change    Verb = "change"
	Unchanged Verb = "unchanged"
)

// Trial is what the API server would make of an object.
type Trial struct {
	Verb   Verb
	Name   string
	Object *unstructured.Unstructured
}

// Try asks the API server what applying the objects would do. Nothing is
// written. What lives in a namespace that is not there yet is new without being
// asked about.
func Try(ctx context.Context, c client.Client, objects []*unstructured.Unstructured) ([]Trial, error) {
	var out []Trial
	for _, obj := range objects {
		obj = obj.DeepCopy()
		if obj.GetKind() != "Namespace" {
			belong(obj)
		}
		verb, err := try(ctx, c, obj)
		if err != nil {
			return nil, fmt.Errorf("try %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
		out = append(out, Trial{Verb: verb, Name: obj.GetKind() + " " + obj.GetName(), Object: obj})
	}
	return out, nil
}

func try(ctx context.Context, c client.Client, obj *unstructured.Unstructured) (Verb, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(obj.GroupVersionKind())
	err := c.Get(ctx, client.ObjectKeyFromObject(obj), live)
	there := err == nil
	if err != nil && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
		return "", err
	}
	if there && obj.GetKind() == "Namespace" {
		return Unchanged, nil // it stays as it is
	}
	after := obj.DeepCopy()
	err = c.Patch(ctx, after, client.Apply, client.FieldOwner(manager), client.ForceOwnership, client.DryRunAll) //nolint:staticcheck // The typed form of Apply returns nothing.
	switch {
	case !there && apierrors.IsNotFound(err) && obj.GetNamespace() == chart.Namespace:
		return Create, nil
	case err != nil:
		return "", err
	case !there:
		return Create, nil
	case equality.Semantic.DeepEqual(stable(live), stable(after)):
		return Unchanged, nil
	}
	return Change, nil
}

// stable returns an object without what changes by itself.
func stable(obj *unstructured.Unstructured) map[string]any {
	out := obj.DeepCopy()
	for _, field := range []string{"generation", "managedFields", "resourceVersion"} {
		unstructured.RemoveNestedField(out.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(out.Object, "status")
	return out.Object
}
