// Package occupants tells who is in a namespace: what of it neither Meshloom nor
// what Meshloom installed, nor Kubernetes by itself, has made. A namespace of
// ours is removed only while nobody is.
package occupants

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
)

// Look says where to look.
type Look struct {
	From client.Reader
	Info discovery.DiscoveryInterface
	// Managers are field managers that occupy nothing.
	Managers []string
}

// parallel is how many kinds are listed at a time: an API server takes a moment
// for a kind that nobody has listed before.
const parallel = 8

// In names the occupants of a namespace as "Kind name", sorted. It lists every
// kind that can be in a namespace.
func (l Look) In(ctx context.Context, namespace string) ([]string, error) {
	kinds, err := l.kinds()
	if err != nil {
		return nil, err
	}
	found := make([][]string, len(kinds))
	lists, ctx := errgroup.WithContext(ctx)
	lists.SetLimit(parallel)
	for i, kind := range kinds {
		lists.Go(func() (err error) {
			found[i], err = l.of(ctx, namespace, kind)
			return err
		})
	}
	if err := lists.Wait(); err != nil {
		return nil, err
	}
	out := slices.Concat(found...)
	slices.Sort(out)
	return out, nil
}

// kinds are those of all that can be in a namespace and be removed from it.
func (l Look) kinds() ([]schema.GroupVersionKind, error) {
	lists, err := discovery.ServerPreferredNamespacedResources(l.Info)
	if err != nil {
		return nil, fmt.Errorf("list kinds: %w", err)
	}
	var out []schema.GroupVersionKind
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "delete"}}, lists) {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("list kinds: %w", err)
		}
		for i := range list.APIResources {
			out = append(out, version.WithKind(list.APIResources[i].Kind))
		}
	}
	return out, nil
}

func (l Look) of(ctx context.Context, namespace string, kind schema.GroupVersionKind) ([]string, error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	err := l.From.List(ctx, list, client.InNamespace(namespace))
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s of namespace %s: %w", kind.Kind, namespace, err)
	}
	var out []string
	for i := range list.Items {
		if !l.derived(kind, &list.Items[i]) {
			out = append(out, kind.Kind+" "+list.Items[i].Name)
		}
	}
	return out, nil
}

// derived says whether an object is Meshloom's, or comes and goes with what
// Meshloom or Kubernetes runs in a namespace.
func (l Look) derived(kind schema.GroupVersionKind, object *metav1.PartialObjectMetadata) bool {
	switch {
	case object.DeletionTimestamp != nil, len(object.OwnerReferences) > 0, object.Labels[engine.LabelManagedBy] == engine.ManagedBy:
		return true
	case kind.Kind == "Event", kind.Kind == "Endpoints", kind.Kind == "EndpointSlice":
		return true
	case kind == corev1.SchemeGroupVersion.WithKind("ServiceAccount") && object.Name == "default":
		return true
	}
	for _, field := range object.ManagedFields {
		if !strings.HasPrefix(field.Manager, "kube-") && field.Manager != "kubelet" && !slices.Contains(l.Managers, field.Manager) {
			return false
		}
	}
	return len(object.ManagedFields) > 0
}
