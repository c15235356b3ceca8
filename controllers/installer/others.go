package installer

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

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/engine"
)

// namespaced returns a function that asks for the kinds of all that can be in a
// namespace and be removed from it.
func namespaced(info discovery.DiscoveryInterface) func() ([]schema.GroupVersionKind, error) {
	return func() ([]schema.GroupVersionKind, error) {
		lists, err := discovery.ServerPreferredNamespacedResources(info)
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
}

// others names what is in the namespace of a control plane that neither
// Meshloom nor what it installed has made. While releases of the mesh are left
// it is too early to look.
func (o *observer) others(ctx context.Context, t target, releases []install.Release) ([]string, error) {
	mine := ownerOfMesh(t.mesh.Name)
	if o.kinds == nil || slices.ContainsFunc(releases, func(r install.Release) bool { return install.SameOwner(r.Owner, mine) }) {
		return nil, nil
	}
	kinds, err := o.kinds()
	if err != nil {
		return nil, err
	}
	found := make([][]string, len(kinds))
	lists, ctx := errgroup.WithContext(ctx)
	lists.SetLimit(parallel)
	for i, kind := range kinds {
		lists.Go(func() (err error) {
			found[i], err = o.othersOf(ctx, t, kind)
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

// parallel is how many kinds are listed at a time: an API server takes a moment
// for a kind that nobody has listed before.
const parallel = 8

func (o *observer) othersOf(ctx context.Context, t target, kind schema.GroupVersionKind) ([]string, error) {
	list := partialList(kind)
	err := o.live.List(ctx, list, client.InNamespace(t.namespace))
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s of namespace %s: %w", kind.Kind, t.namespace, err)
	}
	var out []string
	for i := range list.Items {
		if !derived(kind, &list.Items[i], t.provider.Charts.Managers) {
			out = append(out, kind.Kind+" "+list.Items[i].Name)
		}
	}
	return out, nil
}

// derived says whether an object is Meshloom's, or comes and goes with what
// Meshloom or Kubernetes runs in a namespace.
func derived(kind schema.GroupVersionKind, object *metav1.PartialObjectMetadata, managers []string) bool {
	switch {
	case object.DeletionTimestamp != nil, len(object.OwnerReferences) > 0, object.Labels[engine.LabelManagedBy] == engine.ManagedBy:
		return true
	case kind.Kind == "Event", kind.Kind == "Endpoints", kind.Kind == "EndpointSlice":
		return true
	case kind == corev1.SchemeGroupVersion.WithKind("ServiceAccount") && object.Name == "default":
		return true
	}
	for _, field := range object.ManagedFields {
		if !strings.HasPrefix(field.Manager, "kube-") && field.Manager != "kubelet" && !slices.Contains(managers, field.Manager) {
			return false
		}
	}
	return len(object.ManagedFields) > 0
}
