package stage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
)

// Native returns all native objects that Meshloom has made of an object of the
// unified API, or has a part of in them.
func (s *Stage) Native(ctx context.Context, of client.Object) ([]*unstructured.Unstructured, error) {
	ref := kinds.RefOf(of)
	return s.marked(ctx, func(o *unstructured.Unstructured) bool {
		sources := engine.ParseSources(o.GetAnnotations()[engine.AnnotationSources])
		return slices.ContainsFunc(sources, func(source ir.Source) bool { return source.Ref == ref })
	})
}

// AllNative returns every native object that Meshloom has made.
func (s *Stage) AllNative(ctx context.Context) ([]*unstructured.Unstructured, error) {
	return s.marked(ctx, func(*unstructured.Unstructured) bool { return true })
}

func (s *Stage) marked(ctx context.Context, wanted func(*unstructured.Unstructured) bool) ([]*unstructured.Unstructured, error) {
	var found []*unstructured.Unstructured
	for _, kind := range nativeKinds() {
		list := new(unstructured.UnstructuredList)
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		err := s.API.List(ctx, list, client.MatchingLabels{engine.LabelManagedBy: engine.ManagedBy})
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind.Kind, err)
		}
		for i := range list.Items {
			if wanted(&list.Items[i]) {
				found = append(found, &list.Items[i])
			}
		}
	}
	return found, nil
}

// nativeKinds are all kinds that any provider may emit.
func nativeKinds() []schema.GroupVersionKind {
	return translators.Kinds(all.Providers())
}

// AwaitNone returns when no native object is left of an object.
func (s *Stage) AwaitNone(ctx context.Context, of client.Object) error {
	var left []*unstructured.Unstructured
	err := wait.PollUntilContextTimeout(ctx, often, patience, true, func(ctx context.Context) (bool, error) {
		var err error
		left, err = s.Native(ctx, of)
		return len(left) == 0, err
	})
	if err != nil {
		return fmt.Errorf("wait for the end of what %s became, of which %d are left: %w", of.GetName(), len(left), err)
	}
	return nil
}

// Plain returns the object without what only a server fills in.
func Plain(o *unstructured.Unstructured) *unstructured.Unstructured {
	plain := o.DeepCopy()
	for _, field := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"} {
		unstructured.RemoveNestedField(plain.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(plain.Object, "status")
	return plain
}

// Until polls until the condition holds, an error comes, or a time that is
// more than enough has passed.
func Until(ctx context.Context, condition func(context.Context) (bool, error)) error {
	return wait.PollUntilContextTimeout(ctx, often, patience, true, condition)
}

// Settle waits for a time in which nothing more may happen.
func Settle(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
